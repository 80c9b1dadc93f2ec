"""Values that are not plain JSON: secrets and values that are known only after deployment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Plain: TypeAlias = Any
"""None, bool, int, float, str, a list or a dictionary of such, or a marker. Statically anything: callers index it."""

SECRET_TEXT = "[secret]"  # noqa: S105 what is shown in place of one
"""What stands for a secret wherever a value is shown or written."""

UNKNOWN_TEXT = "[unknown]"
"""What stands for a value that only a deployment would tell."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that must not be shown; ``repr`` and ``str`` give ``[secret]``."""

    value: Plain

    def __repr__(self) -> str:
        return SECRET_TEXT


@dataclass(frozen=True, slots=True, repr=False)
class Unknown:
    """A value that only a deployment would tell. All instances are equal."""

    def __repr__(self) -> str:
        return UNKNOWN_TEXT


UNKNOWN = Unknown()
"""The instance that captured graphs hold."""


def replace(value: Plain, of_secret: Callable[[Plain], Plain], of_unknown: Callable[[], Plain]) -> Plain:
    """Copy ``value``, with every marker in it replaced by what the functions return."""
    if isinstance(value, dict):
        return {key: replace(item, of_secret, of_unknown) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace(item, of_secret, of_unknown) for item in value]
    if isinstance(value, Secret):
        return of_secret(value.value)
    if isinstance(value, Unknown):
        return of_unknown()
    return value


def mask(value: Plain) -> Plain:
    """Copy ``value`` for showing: ``[secret]`` and ``[unknown]`` in place of markers."""
    return replace(value, lambda _: SECRET_TEXT, lambda: UNKNOWN_TEXT)


def reveal(value: Plain) -> Plain:
    """Copy ``value`` with secrets in plain text, for what is handed to a deployment; unknowns stay markers."""
    return replace(value, reveal, lambda: UNKNOWN)


def unmask(value: Plain) -> Plain:
    """Reverse ``mask`` as far as it goes: a masked secret becomes a ``Secret`` of its mask."""
    if isinstance(value, dict):
        return {key: unmask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unmask(item) for item in value]
    if value == SECRET_TEXT:
        return Secret(SECRET_TEXT)
    if value == UNKNOWN_TEXT:
        return UNKNOWN
    return value


def holds_secret(value: Plain) -> bool:
    """Tell whether ``value`` is a secret or has one anywhere inside."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, dict):
        return any(holds_secret(item) for item in value.values())
    return isinstance(value, list | tuple) and any(holds_secret(item) for item in value)


def holds_unknown(value: Plain) -> bool:
    """Tell whether ``value`` is unknown or has an unknown anywhere inside, secrets included."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Secret):
        return holds_unknown(value.value)
    if isinstance(value, dict):
        return any(holds_unknown(item) for item in value.values())
    return isinstance(value, list | tuple) and any(holds_unknown(item) for item in value)


def make_secret(value: Plain) -> Plain:
    """Mark every leaf of ``value`` as a secret, so that the shape of it stays visible."""
    if isinstance(value, Secret | Unknown) or value is None:
        return value
    if isinstance(value, dict):
        return {key: make_secret(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [make_secret(item) for item in value]
    return Secret(value)
