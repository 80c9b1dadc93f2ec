"""Typed stand-ins for what only a provider would tell, made from the SDK's output annotations and the URN alone."""

import hashlib
import types
import typing
import uuid
from collections import abc
from enum import Enum
from functools import cache

from pulumi import _types

from mlplatform.graph.markers import Plain
from mlplatform.graph.sdk_types import resource_class

_NAMESPACE = uuid.UUID("5f0c3a52-8a8f-5d55-9d0c-6f4f5b0a7a10")
_DIGEST_LENGTH = 8
_DEEPEST = 6
_NUMBERS = ((bool, False), (int, 0), (float, 0.0))
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
    """Give a stand-in for each output that the resource's class declares and that is never absent."""
    found = resource_class(token)
    if found is None:
        return {}
    return {
        name: value
        for name, hint in _output_hints(found)
        if (value := _stand_in(hint, name, urn, with_optional=False, depth=0)) is not None
    }


@cache
def status_of(token: str) -> dict[str, Plain]:
    """Give a stand-in for the status of a Kubernetes object, optional fields included; the same for all of a type."""
    found = resource_class(token)
    hint = dict(_output_hints(found)).get("status") if found else None
    value = _stand_in(hint, "status", token, with_optional=True, depth=0) if hint is not None else None
    return value if isinstance(value, dict) else {}


@cache
def _output_hints(cls: type) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(_types._raw_return_hints(cls).items()))


def _stand_in(hint: object, name: str, urn: str, *, with_optional: bool, depth: int) -> Plain:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNION_ORIGINS:
        if type(None) in args and not with_optional:
            return None
        chosen = next(arg for arg in args if arg is not type(None))
        return _stand_in(chosen, name, urn, with_optional=with_optional, depth=depth)
    if origin is typing.Literal:
        return args[0]
    if isinstance(origin, type) and issubclass(origin, abc.Mapping):
        return {}
    if isinstance(origin, type) and issubclass(origin, abc.Sequence):
        item = _stand_in(args[0], name, urn, with_optional=with_optional, depth=depth + 1) if depth < _DEEPEST else None
        return [] if item is None else [item]
    if origin is not None and args:
        return _stand_in(args[0], name, urn, with_optional=with_optional, depth=depth)
    if isinstance(hint, type):
        return _of_class(hint, name, urn, with_optional=with_optional, depth=depth)
    return None


def _of_class(cls: type, name: str, urn: str, *, with_optional: bool, depth: int) -> Plain:
    if issubclass(cls, Enum):
        return next(iter(cls)).value
    if _types.is_output_type(cls):
        if depth >= _DEEPEST:
            return None
        return {
            key: value
            for key, hint in _output_hints(cls)
            if (value := _stand_in(hint, key, urn, with_optional=with_optional, depth=depth + 1)) is not None
        }
    if cls is str:
        return _string(name, urn)
    return next((value for type_, value in _NUMBERS if cls is type_), None)


def _string(name: str, urn: str) -> str:
    lowered = name.lower()
    suffix = digest(urn, name)
    if lowered.endswith("arn"):
        return f"arn:aws:stand-in:::{suffix}"
    if lowered == "ip" or lowered.endswith("ipaddress"):
        return f"192.0.2.{int(suffix, 16) % 254 + 1}"
    if lowered.endswith(("url", "uri")):
        return f"https://{suffix}.stand-in.invalid"
    if lowered.endswith(("host", "hostname", "dnsname", "endpoint", "address")):
        return f"{suffix}.stand-in.invalid"
    return f"{name}-{suffix}"
