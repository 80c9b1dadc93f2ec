"""Waivers: findings that somebody has agreed to live with, why, and until when."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import yaml

from mlplatform.check.findings import Finding
from mlplatform.errors import UserError

SHORTEST_REASON: Final = 20
"""Characters; fewer say nothing to whoever has to decide again."""


@dataclass(frozen=True)
class Waiver:
    """One waiver, as the file has it."""

    id: str
    """The rule: ``CKV_AWS_18``."""
    resource: str
    """Pattern with ``*`` and ``?`` of a URN, or of a type and a name: ``aws:s3/bucket:Bucket::access-logs``."""
    reason: str
    owner: str
    expires: dt.date
    """The last day on which it holds."""
    environments: tuple[str, ...] = ()
    """Where it holds; everywhere if empty."""
    line: int = 0
    """Where it begins in the file, from 1."""

    def covers(self, finding: Finding, environment: str) -> bool:
        """Tell whether the waiver is about a finding, whatever the date."""
        return (
            self.id == finding.rule
            and (not self.environments or environment in self.environments)
            and (fnmatchcase(finding.urn, self.resource) or fnmatchcase(finding.resource, self.resource))
        )

    def expired(self, as_of: dt.date) -> bool:
        """Tell whether the waiver has ended before a day."""
        return self.expires < as_of


class WaiverError(UserError):
    """A file of waivers that cannot be used; the message has every problem, one a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_waivers(file: Path) -> tuple[Waiver, ...]:
    """Read a file of waivers.

    Raises ``WaiverError`` that lists every problem with its line, key and value, and what is allowed.
    """
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise WaiverError([f"{file}: cannot be read: {error.strerror}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WaiverError([f"{file}: is not YAML: {' '.join(str(error).split())}"]) from error
    reader = _Reader(file)
    waivers = tuple(reader.waivers(node))
    if reader.problems:
        raise WaiverError(reader.problems)
    return waivers


_KEYS: Final = tuple(each.name for each in fields(Waiver) if each.name != "line")
_OPTIONAL: Final = ("environments",)
_LIST: Final = "a list of waivers"


class _Reader:
    """Reads nodes rather than values, for these know their lines."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.problems: list[str] = []

    def waivers(self, node: yaml.Node | None) -> Iterator[Waiver]:
        if not isinstance(node, yaml.MappingNode):
            self._problem(node, "", _shown(node), f"a mapping with the key waivers, {_LIST}")
            return
        known = self._members(node, "", ("waivers",), ())
        items = known.get("waivers")
        if items is None:
            return
        if not isinstance(items, yaml.SequenceNode):
            self._problem(items, "waivers", _shown(items), f"{_LIST}; [] for none")
            return
        seen: dict[tuple[object, ...], int] = {}
        for index, item in enumerate(items.value):
            waiver = self._waiver(item, f"waivers[{index}]")
            if waiver is None:
                continue
            key = (waiver.id, waiver.resource, waiver.environments)
            if key in seen:
                allowed = f"each once; the first is in line {seen[key]}"
                self._problem(item, f"waivers[{index}]", f"{waiver.id} for {waiver.resource!r} again", allowed)
            seen.setdefault(key, waiver.line)
            yield waiver

    def _waiver(self, node: yaml.Node, path: str) -> Waiver | None:
        if not isinstance(node, yaml.MappingNode):
            self._problem(node, path, _shown(node), f"a mapping with the keys {', '.join(_KEYS)}")
            return None
        before = len(self.problems)
        members = self._members(node, path, _KEYS, _OPTIONAL)
        texts = {name: self._text(members.get(name), f"{path}.{name}") for name in ("id", "resource", "owner")}
        reason = self._text(members.get("reason"), f"{path}.reason", SHORTEST_REASON)
        expires = self._date(members.get("expires"), f"{path}.expires")
        environments = self._names(members.get("environments"), f"{path}.environments")
        if len(self.problems) > before or expires is None:
            return None
        return Waiver(
            id=texts["id"],
            resource=texts["resource"],
            reason=reason,
            owner=texts["owner"],
            expires=expires,
            environments=environments,
            line=node.start_mark.line + 1,
        )

    def _members(
        self, node: yaml.MappingNode, path: str, allowed: tuple[str, ...], optional: tuple[str, ...]
    ) -> Mapping[str, yaml.Node]:
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            where = f"{path}.{name}" if path else name
            if name not in allowed:
                self._problem(key, where, "an unknown key", ", ".join(allowed))
            elif name in members:
                self._problem(key, where, "the key again", "each key once")
            members.setdefault(name, value)
        for name in allowed:
            if name not in members and name not in optional:
                self._problem(node, f"{path}.{name}" if path else name, "nothing", "a value")
        return members

    def _text(self, node: yaml.Node | None, path: str, shortest: int = 1) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null") or not node.value.strip():
            self._problem(node, path, _shown(node), "a text")
            return ""
        text = " ".join(str(node.value).split())
        if len(text) < shortest:
            self._problem(node, path, repr(text), f"at least {shortest} characters")
        return text

    def _date(self, node: yaml.Node | None, path: str) -> dt.date | None:
        if node is None:
            return None
        try:
            return dt.date.fromisoformat(node.value if isinstance(node, yaml.ScalarNode) else "")
        except ValueError:
            self._problem(node, path, _shown(node), "a date, such as 2027-06-30")
            return None

    def _names(self, node: yaml.Node | None, path: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._problem(node, path, _shown(node), "a list of names of environments; leave it out for all")
            return ()
        return tuple(sorted(self._text(item, f"{path}[{index}]") for index, item in enumerate(node.value)))

    def _problem(self, node: yaml.Node | None, path: str, got: str, allowed: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        where = f" {path}:" if path else ""
        self.problems.append(f"{self._file}:{line}:{where} got {got}; allowed: {allowed}")


def _shown(node: yaml.Node | None) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "nothing"
    kinds: dict[type[yaml.Node], str] = {yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list"}
    return "nothing" if node is None else kinds.get(type(node), "nothing")
