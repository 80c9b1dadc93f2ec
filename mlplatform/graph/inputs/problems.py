"""What can be wrong with an input, and how it is said."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from mlplatform.graph.markers import SECRET_TEXT, Plain, Secret, holds_secret, mask

_LONGEST_VALUE = 60
_CLOSE = 0.6

UNKNOWN_ARGUMENT = "unknown-argument"
MISSING_ARGUMENT = "missing-argument"
WRONG_TYPE = "wrong-type"
BAD_VALUE = "bad-value"


Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions that lead to a value."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, at one place."""

    path: str
    code: str
    message: str


def text_of(path: Path) -> str:
    """Write a path: ``spec.containers[0].image``, and ``data["b.c"]`` for keys that would be misread."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif not key or any(character in key for character in ".[]"):
            text += f"[{json.dumps(key)}]"
        else:
            text += f".{key}" if text else key
    return text


def show(value: Plain) -> str:
    """Give a value as it may be shown: short, secrets masked."""
    if holds_secret(value):
        return SECRET_TEXT
    text = json.dumps(mask(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def unknown(path: Path, key: str, known: Iterable[str]) -> Problem:
    """Say that ``key`` at ``path`` is not declared, and which declared name is near."""
    names = sorted(known)
    near = difflib.get_close_matches(key, names, n=1, cutoff=_CLOSE)
    hint = f' (did you mean "{near[0]}"?)' if near else ""
    return Problem(text_of((*path, key)), UNKNOWN_ARGUMENT, f"is not an argument{hint}")


def missing(path: Path, key: str) -> Problem:
    """Say that ``key`` at ``path`` is required."""
    return Problem(text_of((*path, key)), MISSING_ARGUMENT, "is missing")


def wrong_type(path: Path, value: Plain, allowed: str) -> Problem:
    """Say that a value is of the wrong type; ``allowed`` reads like ``a string``."""
    return Problem(text_of(path), WRONG_TYPE, f"got {show(value)}{_type_note(value)}; allowed: {allowed}")


def bad_value(path: Path, value: Plain, allowed: str) -> Problem:
    """Say that a value is of the right type but not among those allowed."""
    return Problem(text_of(path), BAD_VALUE, f"got {show(value)}; allowed: {allowed}")


def _type_note(value: Plain) -> str:
    """Name the type where the value does not show it."""
    if isinstance(value, Secret):
        value = value.value
    elif not holds_secret(value):
        return ""
    names = {
        str: "a string",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return f" ({names.get(type(value), type(value).__name__)})"
