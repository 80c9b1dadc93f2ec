"""YAML as Pulumi's engine reads it, with the line of every value.

The engine's YAML differs from PyYAML's: ``yes`` and ``on`` are texts, ``0o17`` is octal and ``1:30`` is no number. A
value has to mean the same here and there, so plain scalars are resolved by the engine's rules. A date is the one that
it would change: below a key it would hand over ``2026-01-31`` as ``2026-01-31T00:00:00Z``.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from stacks.settings.problems import Finding, KeyPath

_TAG: Final = "tag:yaml.org,2002:"
_PLAIN: Final = "plain"
_INTEGER: Final = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|0|[1-9][0-9_]*)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?\Z")
_SPECIAL_FLOAT: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

MOST_VALUES: Final = 100_000
"""Values above which a file is refused, so that aliases of aliases cannot fill the memory."""


class _Loader(yaml.SafeLoader):
    """Composes nodes and leaves every plain scalar without a tag, to be resolved here."""

    def resolve(self, kind: type[yaml.Node], _value: object, implicit: Any) -> str:  # noqa: ANN401  PyYAML's signature
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else f"{_TAG}str"
        return f"{_TAG}seq" if kind is yaml.SequenceNode else f"{_TAG}map"


@dataclass
class Values:
    """A YAML document as plain values, with what is known of where each one stands."""

    root: Any = None
    """Mappings, lists, texts, numbers, booleans and ``None``."""
    lines: dict[KeyPath, int] = field(default_factory=dict)
    """Line of each value's key, or of the value itself in a list; from 1."""
    sources: dict[KeyPath, str] = field(default_factory=dict)
    """Text of each scalar as it is written, without quotes."""
    dates: list[KeyPath] = field(default_factory=list)
    """Where there are dates without quotes; their values are texts."""
    findings: list[Finding] = field(default_factory=list)
    """Duplicate keys, keys that are no text, unsupported tags and merge keys."""


class Unreadable(Exception):  # noqa: N818  it says what the file is
    """The text is not one YAML document."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def read(text: str) -> Values:
    """Read one YAML document.

    Raises ``Unreadable`` where the text is not YAML, or holds several documents, a value that contains itself, or
    more than ``MOST_VALUES`` values.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(reason, mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise Unreadable(str(error).splitlines()[0], None) from error
    except RecursionError as error:
        raise Unreadable("values are nested too deeply", None) from error
    values = Values()
    if node is not None:
        values.root = _Reader(values).value(node, ())
    return values


def scalar(text: str, *, plain: bool) -> Any:  # noqa: ANN401  any scalar
    """Return what the engine makes of a scalar: text unless it is plain and looks like something else."""
    if plain and text in _WORDS:
        return _WORDS[text]
    if plain and _INTEGER.match(text):
        return _integer(text)
    if plain and _SPECIAL_FLOAT.match(text):
        return float(text.replace(".", ""))
    if plain and not text.startswith("_") and _FLOAT.match(digits := text.replace("_", "")):
        return float(digits) if math.isfinite(float(digits)) else text
    return text


def _integer(text: str) -> Any:  # noqa: ANN401  a number, or the text where the underscores leave none
    digits = text.replace("_", "").lower()
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
    try:
        return int(f"{octal[1]}0o{octal[2]}" if octal else digits, 0)
    except ValueError:
        return text


class _Reader:
    """Turns composed nodes into values and notes where each one stands."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.open: list[yaml.Node] = []
        self.count = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:  # noqa: ANN401  any value
        self.count += 1
        line = node.start_mark.line + 1
        self.values.lines.setdefault(path, line)
        if node in self.open:
            raise Unreadable("a value contains itself through an alias", line)
        if self.count > MOST_VALUES:
            raise Unreadable(f"there are more than {MOST_VALUES} values", line)
        self.open.append(node)
        try:
            return self._open_value(node, path)
        finally:
            self.open.pop()

    def _open_value(self, node: yaml.Node, path: KeyPath) -> Any:  # noqa: ANN401  any value
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(child, (*path, position)) for position, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in {_PLAIN, f"{_TAG}str"}:
            self.values.sources[path] = node.value
            if node.tag == _PLAIN and _DATE.match(node.value):
                self.values.dates.append(path)
            return scalar(node.value, plain=node.tag == _PLAIN)
        tag = node.tag.replace(_TAG, "!!")
        self.values.findings.append(Finding(path, f"got the YAML tag {tag}", "values without a tag"))
        return None

    def _items(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in first_lines:
                self.values.lines[here] = line
                self.values.findings.append(
                    Finding(here, f"got the key a second time, after line {first_lines[key]}", "each key once")
                )
                continue
            first_lines[key] = line
            self.values.lines[here] = line
            yield key, self.value(value_node, here)

    def _key(self, node: yaml.Node, path: KeyPath) -> str | None:
        """Return a mapping's key, or ``None`` after noting why it cannot be one."""
        written = node.value if isinstance(node, yaml.ScalarNode) else None
        if isinstance(written, str):
            plain = node.tag == _PLAIN
            if plain and written == "<<":
                self._refuse_key(path, written, node, "got a YAML merge key", "keys that are written out")
                return None
            if isinstance(scalar(written, plain=plain), str):
                return written
        self._refuse_key(path, written or "?", node, "got a key that is not a text", "texts (write it in quotes)")
        return None

    def _refuse_key(self, path: KeyPath, key: str, node: yaml.Node, found: str, allowed: str) -> None:
        here = (*path, key)
        self.values.lines.setdefault(here, node.start_mark.line + 1)
        self.values.findings.append(Finding(here, found, allowed))
