"""Checkers of values, made from the annotations of a provider SDK's argument classes."""

import enum
import inspect
import types
import typing
from collections import abc
from collections.abc import Awaitable, Iterator
from functools import cache, cached_property
from typing import Protocol

import pulumi
from pulumi import _types

from mlplatform.graph.inputs import problems
from mlplatform.graph.inputs.problems import Path, Problem
from mlplatform.graph.markers import Plain, Secret, Unknown


class Checker(Protocol):
    """Says what is wrong with a value."""

    allowed: str
    """What the value has to be, such as ``a string``."""

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        """Give the problems of ``value``, which stands at ``path``; a secret's problems are said without its value."""
        ...


class _Anything:
    allowed = "anything"

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:  # noqa: ARG002 accepts all
        return iter(())


class _Scalar:
    def __init__(self, accepted: tuple[type, ...], allowed: str) -> None:
        self._accepted = accepted
        self.allowed = allowed

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        plain = value.value if isinstance(value, Secret) else value
        # A truth value is an int to Python, but not to any provider.
        right = isinstance(plain, self._accepted) and (not isinstance(plain, bool) or bool in self._accepted)
        if not right and not isinstance(plain, Unknown):
            yield problems.wrong_type(path, value, self.allowed)


class _OneOf:
    def __init__(self, values: tuple[Plain, ...]) -> None:
        self._values = values
        self.allowed = ", ".join(problems.show(value) for value in values)

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        plain = value.value if isinstance(value, Secret) else value
        if plain not in self._values and not isinstance(plain, Unknown):
            yield problems.bad_value(path, value, self.allowed)


class _List:
    def __init__(self, item: Checker) -> None:
        self._item = item
        self.allowed = "a list"

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        plain, rewrap = _open(value)
        if isinstance(plain, list):
            for position, item in enumerate(plain):
                if item is not None:
                    yield from self._item.check(rewrap(item), (*path, position))
        elif not isinstance(plain, Unknown):
            yield problems.wrong_type(path, value, self.allowed)


class _Mapping:
    def __init__(self, item: Checker) -> None:
        self._item = item
        self.allowed = "an object"

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        plain, rewrap = _open(value)
        if isinstance(plain, dict):
            for key, item in plain.items():
                if item is not None:
                    yield from self._item.check(rewrap(item), (*path, key))
        elif not isinstance(plain, Unknown):
            yield problems.wrong_type(path, value, self.allowed)


class _Union:
    def __init__(self, members: tuple[Checker, ...]) -> None:
        self._members = members
        self.allowed = " or ".join(dict.fromkeys(member.allowed for member in members))

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        found = [list(member.check(value, path)) for member in self._members]
        if all(found):
            place = problems.text_of(path)
            # A member that the value resembles tells more than that none fits: its problems lie deeper.
            deeper = [member for member in found if all(problem.path != place for problem in member)]
            yield from deeper[0] if deeper else [problems.wrong_type(path, value, self.allowed)]


class ObjectChecker:
    """Checks an object against an argument class."""

    allowed = "an object"

    def __init__(self, cls: type) -> None:
        self._cls = cls

    @cached_property
    def _fields(self) -> dict[str, Checker]:
        return {name: checker_of(hint) for name, hint in _types._raw_return_hints(self._cls).items()}

    @cached_property
    def _required(self) -> tuple[str, ...]:
        names = _types.input_type_py_to_pulumi_names(self._cls)
        parameters = inspect.signature(self._cls).parameters.values()
        return tuple(
            sorted(names.get(item.name, item.name) for item in parameters if item.default is inspect.Parameter.empty)
        )

    @cached_property
    def _known_names(self) -> tuple[str, ...]:
        return tuple(sorted({*self._fields, *_types.input_type_py_to_pulumi_names(self._cls)}))

    def check(self, value: Plain, path: Path) -> Iterator[Problem]:
        """Give the problems of ``value``."""
        plain, rewrap = _open(value)
        if isinstance(plain, Unknown):
            return
        if not isinstance(plain, dict):
            yield problems.wrong_type(path, value, self.allowed)
            return
        fields = self._fields
        for key, item in plain.items():
            checker = fields.get(key)
            if checker is None:
                yield problems.unknown(path, key, self._known_names)
            elif item is not None:
                yield from checker.check(rewrap(item), (*path, key))
        for name in self._required:
            if plain.get(name) is None:
                yield problems.missing(path, name)


def _open(value: Plain) -> tuple[Plain, typing.Callable[[Plain], Plain]]:
    """Give what is inside a secret, and how its parts are to be marked."""
    if isinstance(value, Secret):
        return value.value, _as_secret
    return value, _as_is


def _as_secret(value: Plain) -> Plain:
    return value if isinstance(value, Secret | Unknown) else Secret(value)


def _as_is(value: Plain) -> Plain:
    return value


ANYTHING = _Anything()
_SCALARS: dict[object, Checker] = {
    str: _Scalar((str,), "a string"),
    bool: _Scalar((bool,), "true or false"),
    int: _Scalar((int,), "a whole number"),
    float: _Scalar((int, float), "a number"),
}
_CLOSED_PACKAGE = "pulumi_kubernetes."
_UNION_ORIGINS = (typing.Union, types.UnionType)


@cache
def object_checker(cls: type) -> ObjectChecker:
    """Give the checker of an argument class; argument classes can contain themselves."""
    return ObjectChecker(cls)


def checker_of(hint: object) -> Checker:
    """Make the checker of an annotation. What is not understood accepts everything."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNION_ORIGINS:
        return _union(arguments)
    if origin is typing.Literal:
        return _OneOf(arguments)
    if isinstance(origin, type):
        return _container(origin, arguments)
    if isinstance(hint, type):
        return _of_class(hint)
    return ANYTHING


def _container(origin: type, arguments: tuple[object, ...]) -> Checker:
    if issubclass(origin, abc.Mapping):
        return _Mapping(checker_of(arguments[1]))
    if issubclass(origin, abc.Sequence):
        return _List(checker_of(arguments[0]))
    return ANYTHING


def _of_class(cls: type) -> Checker:
    if _types.is_input_type(cls):
        return object_checker(cls)
    return _OneOf(tuple(member.value for member in cls)) if issubclass(cls, enum.Enum) else ANYTHING


def _is_closed(member: object) -> bool:
    """Tell whether a list of values is complete, though the SDK lets any string pass beside it.

    The Kubernetes API refuses all others. Elsewhere new values come faster than new SDKs.
    """
    return isinstance(member, type) and issubclass(member, enum.Enum) and member.__module__.startswith(_CLOSED_PACKAGE)


def _union(members: tuple[object, ...]) -> Checker:
    """Leave out what makes an ``Input`` of a type: the value is there already."""
    kept = [
        member
        for member in members
        if member is not type(None) and typing.get_origin(member) not in (Awaitable, pulumi.Output)
    ]
    if any(isinstance(member, type) and _types.is_input_type(member) for member in kept):
        # The other spelling of the same thing: an untyped dictionary in place of the class.
        kept = [member for member in kept if typing.get_origin(member) not in (dict, abc.Mapping)]
    if str in kept and any(_is_closed(member) for member in kept):
        kept.remove(str)
    checkers = tuple(checker_of(member) for member in kept)
    if len(checkers) == 1:
        return checkers[0]
    return ANYTHING if not checkers or ANYTHING in checkers else _Union(checkers)
