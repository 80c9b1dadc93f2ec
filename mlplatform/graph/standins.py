"""Typed stand-ins for what only a provider would tell, made from the SDK's output annotations and the URN alone."""

import hashlib
import types
import typing
import uuid
from collections import abc
from dataclasses import dataclass
from enum import Enum
from functools import cache

from pulumi import _types

from mlplatform.graph.markers import UNKNOWN, Plain
from mlplatform.graph.sdk_types import resource_class

_NAMESPACE = uuid.UUID("5f0c3a52-8a8f-5d55-9d0c-6f4f5b0a7a10")
_DIGEST_LENGTH = 8
_DEEPEST = 3
_DEEPEST_OF_STATUS = 6
_NUMBERS = ((bool, False), (int, 0), (float, 0.0))
_EC2_IDS = {"securitygroupid": "sg", "subnetid": "subnet", "vpcid": "vpc"}
_EC2_ID_LENGTH = 17
_UNION_ORIGINS = (typing.Union, types.UnionType)


def unique_id(urn: str) -> str:
    """Give a UUID that the URN determines."""
    return str(uuid.uuid5(_NAMESPACE, urn))


def digest(*parts: str) -> str:
    """Give eight hexadecimal digits that the parts determine."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST_LENGTH]


def text(length: int, *parts: str) -> str:
    """Give ``length`` lower-case letters and digits that the parts determine."""
    characters = ""
    while len(characters) < length:
        characters += hashlib.sha256("\0".join([*parts, str(len(characters))]).encode()).hexdigest()
    return characters[:length]


def for_type(token: str, urn: str) -> dict[str, Plain]:
    """Give a stand-in for each output that the resource's class declares and that is never absent.

    Inside an output, fields that may be absent are filled too: providers fill in what they compute, and no annotation
    tells which fields these are.
    """
    found = resource_class(token)
    if found is None:
        return {}
    return _Maker(urn, with_optional=False).fields(found)


def within(token: str, urn: str, inputs: dict[str, Plain], *, known: bool) -> dict[str, Plain]:
    """Give those objects among ``inputs`` that have fields which only a provider would tell, with these fields.

    ``vpcConfig`` of a cluster is given, but not the security group in it. The fields are stand-ins where they are
    ``known``, else unknown.
    """
    found = resource_class(token)
    if found is None:
        return {}
    maker = _Maker(urn, with_optional=True)
    completed = {}
    for name, hint in _output_hints(found):
        cls = _output_class(hint)
        value = inputs.get(name)
        if cls is not None and isinstance(value, dict):
            completed[name] = maker.complete(cls, value, known=known)
    return completed


def _output_class(hint: object) -> type | None:
    """Give the class of an annotation that stands for one object of fields."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNION_ORIGINS:
        return next((cls for member in arguments if (cls := _output_class(member)) is not None), None)
    if isinstance(origin, type) and not issubclass(origin, abc.Mapping | abc.Sequence) and arguments:
        return _output_class(arguments[0])
    return hint if isinstance(hint, type) and _types.is_output_type(hint) else None


@cache
def status_of(token: str) -> dict[str, Plain]:
    """Give a stand-in for the status of a Kubernetes object, optional fields included; the same for all of a type."""
    found = resource_class(token)
    hint = dict(_output_hints(found)).get("status") if found else None
    maker = _Maker(token, with_optional=True, deepest=_DEEPEST_OF_STATUS)
    value = maker.make(hint, "status") if hint is not None else None
    return value if isinstance(value, dict) else {}


@cache
def _output_hints(cls: type) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(_types._raw_return_hints(cls).items()))


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes values for annotations, of one resource."""

    urn: str
    with_optional: bool
    """Whether fields that may be absent are filled."""
    deepest: int = _DEEPEST
    """The level below which nothing is filled."""

    def make(self, hint: object, name: str, depth: int = 0) -> Plain:
        """Make a value for the output ``name``, None where it is to be absent; ``depth`` counts the levels above."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in _UNION_ORIGINS:
            if type(None) in arguments and not self.with_optional:
                return None
            return self.make(next(member for member in arguments if member is not type(None)), name, depth)
        if origin is typing.Literal:
            return arguments[0]
        if isinstance(origin, type):
            return self._of_generic(origin, arguments, name, depth)
        return self._of_class(hint, name, depth) if isinstance(hint, type) else None

    def _of_generic(self, origin: type, arguments: tuple[object, ...], name: str, depth: int) -> Plain:
        if issubclass(origin, abc.Mapping):
            return {}
        if issubclass(origin, abc.Sequence):
            item = self.make(arguments[0], name, depth + 1) if depth < self.deepest else None
            return [] if item is None else [item]
        return self.make(arguments[0], name, depth) if arguments else None

    def _of_class(self, cls: type, name: str, depth: int) -> Plain:
        if cls is str:
            return _string(name, self.urn)
        if _types.is_output_type(cls):
            inner = _Maker(self.urn, with_optional=True, deepest=self.deepest)
            return inner.fields(cls, depth + 1) if depth < self.deepest else None
        if issubclass(cls, Enum):
            return next(iter(cls)).value
        return next((value for type_, value in _NUMBERS if cls is type_), None)

    def fields(self, cls: type, depth: int = 0) -> dict[str, Plain]:
        """Make values for the fields of a class."""
        made = {name: self.make(hint, name, depth) for name, hint in _output_hints(cls)}
        return {name: value for name, value in made.items() if value is not None}

    def complete(self, cls: type, given: dict[str, Plain], *, known: bool, depth: int = 1) -> dict[str, Plain]:
        """Make values for those fields of a class that are not given, at every level of what is given."""
        completed = dict(given)
        for name, hint in _output_hints(cls):
            value = given.get(name)
            inner = _output_class(hint)
            if inner is not None and isinstance(value, dict):
                completed[name] = self.complete(inner, value, known=known, depth=depth + 1)
            elif value is None:
                made = self.make(hint, name, depth) if known else UNKNOWN
                if made is not None:
                    completed[name] = made
        return completed


def _string(name: str, urn: str) -> str:
    lowered = name.lower()
    suffix = digest(urn, name)
    if lowered.endswith("arn"):
        return f"arn:aws:stand-in:::{suffix}"
    if (prefix := next((each for end, each in _EC2_IDS.items() if lowered.endswith(end)), None)) is not None:
        return f"{prefix}-{text(_EC2_ID_LENGTH, urn, name)}"
    if lowered == "ip" or lowered.endswith("ipaddress"):
        return f"192.0.2.{int(suffix, 16) % 254 + 1}"
    if lowered.endswith(("url", "uri")):
        return f"https://{suffix}.stand-in.invalid"
    if lowered.endswith(("host", "hostname", "dnsname", "endpoint", "address")):
        return f"{suffix}.stand-in.invalid"
    return f"{name}-{suffix}"
