"""What is wrong with an environment file, in the words that its author reads."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

NAMESPACE: Final = "mlplatform"
"""Pulumi's configuration namespace of this project."""

KeyPath = tuple[str | int, ...]
"""Where a value is: keys and list positions, from the top of a stack file or from a section's name."""

_LONGEST_VALUE: Final = 60

_NEAR: Final = 0.65
"""Likeness of words that are taken for each other: one wrong letter of three is, ``owners`` and ``viewers`` are not."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong, and what would be right."""

    message: str
    """What was found and what is allowed."""
    key: str = ""
    """Full path of the key, such as ``mlplatform:nodePools.scoring.max``; empty for the file as a whole."""
    file: str = ""
    """The environment file; empty where only its values are known."""
    line: int | None = None
    """Line in the file, from 1."""

    def __str__(self) -> str:
        """Show the problem on one line: file, line, key, what was found and what is allowed."""
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        return ": ".join(part for part in (place, self.key, self.message) if part)


class SettingsError(Exception):
    """The settings of one or more environments cannot be used; every problem is listed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        """Every problem, by file and line."""
        super().__init__(self.problems)

    def __str__(self) -> str:
        """List the problems, one on each line."""
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True)
class Finding:
    """A problem at a value, not yet placed in a file."""

    path: KeyPath
    """Where the value is, from its section's name; empty for the file as a whole."""
    found: str
    """What was found there, such as ``got 3``."""
    allowed: str
    """What is allowed there."""
    hint: str = ""
    """What to write instead, where that can be told."""

    @property
    def message(self) -> str:
        """What was found, what is allowed, and what to write instead."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.found}; allowed: {self.allowed}{hint}"


def got(value: Any) -> str:  # noqa: ANN401  any value of a file
    """Say what was found at a key: as it would stand in JSON, long lists and mappings by their size."""
    if value is None:
        return "got nothing"
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _LONGEST_VALUE:
        return f"got {text}"
    if isinstance(value, dict | list | tuple):
        return f"got a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    return f"got {text[: _LONGEST_VALUE - 3]}..."


def in_file(path: KeyPath) -> KeyPath:
    """Return where a section's value stands in its stack file."""
    return ("config", f"{NAMESPACE}:{path[0]}", *path[1:]) if path else ()


def key_path(path: KeyPath) -> str:
    """Write where a value stands in a stack file as Pulumi does: ``mlplatform:nodePools.scoring.shapes[0].cpu``."""
    parts = path[1:] if len(path) > 1 and path[0] == "config" else path
    written = ""
    for position, part in enumerate(parts):
        if isinstance(part, int):
            written += f"[{part}]"
        elif position == 0:
            written += part
        elif not part or set(part) & set('.[]:" '):
            written += f"[{json.dumps(part, ensure_ascii=False)}]"
        else:
            written += f".{part}"
    return written


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint at the known word that is nearest, or nothing where none is near."""
    near = nearest(word, known)
    return f'did you mean "{near}"?' if near is not None else ""


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Return the known word that is nearest, regardless of case and of ``-`` and ``_``, or ``None``."""
    if not isinstance(word, str):
        return None
    plain: dict[str, str] = {}
    for candidate in sorted(known):
        plain.setdefault(_plain(candidate), candidate)
    matches = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=_NEAR)
    return plain[matches[0]] if matches else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")
