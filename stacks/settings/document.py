"""A stack file of Pulumi: which keys it has, and which of them are this project's."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stacks.settings import yaml_values
from stacks.settings.environment import FileSettings
from stacks.settings.problems import (
    NAMESPACE,
    Finding,
    KeyPath,
    Problem,
    SettingsError,
    did_you_mean,
    got,
    key_path,
    nearest,
)
from stacks.settings.yaml_values import Unreadable, Values

SECURE_ALLOWED: Final = (
    "plain values only; the platform makes its secrets itself, and settings are read before any can be decrypted"
)
"""Why the project's own settings hold no secrets."""

STACK_KEYS: Final = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""Keys that Pulumi knows at the top of a stack file."""

OTHER_NAMESPACES: Final = (
    "aws",
    "aws-native",
    "docker",
    "docker-build",
    "gcp",
    "kubernetes",
    "pulumi",
    "random",
    "tls",
)
"""Namespaces of configuration that belong to Pulumi or to a provider and are passed on unread."""

_CONFIG: Final = "config"
_FILE_NAME: Final = re.compile(r"Pulumi\.(.+)\.yaml")
_NAMESPACES: Final = (NAMESPACE, *OTHER_NAMESPACES)

SECTIONS: Final = tuple(field.alias or name for name, field in FileSettings.model_fields.items())
"""Sections of the settings, as they are written after the namespace."""


@dataclass(frozen=True)
class Document:
    """What a stack file says, before its settings are judged."""

    file: str
    """The file's path as it is shown."""
    environment: str
    """The environment's name, from the file's."""
    values: Values
    """The whole file, with the line of every value."""
    config: dict[str, Any]
    """Every namespace's configuration, by full key."""
    findings: tuple[Finding, ...]
    """What is wrong with the file as a stack file; paths are from its top."""

    @property
    def sections(self) -> dict[str, Any]:
        """This project's configuration by section."""
        start = f"{NAMESPACE}:"
        return {key.removeprefix(start): value for key, value in self.config.items() if key.startswith(start)}

    @property
    def misnamed(self) -> list[str]:
        """Sections that stand under a key of a wrong form, such as one without the namespace."""
        start = f"{NAMESPACE}:"
        meant = [_meant(key) for key in self.config]
        return [key.removeprefix(start) for key in meant if key is not None and key.startswith(start)]

    def line(self, path: KeyPath) -> int | None:
        """Return the line of a value, from the file's top, or of the nearest one around it where it is missing."""
        while path and path not in self.values.lines:
            path = path[:-1]
        return self.values.lines[path] if path else None

    def problem(self, finding: Finding) -> Problem:
        """Place a finding, whose path is from the file's top, in the file."""
        return Problem(finding.message, key_path(finding.path), self.file, self.line(finding.path))


def environments(directory: Path) -> list[str]:
    """Return the names of the environments whose files lie in a directory, sorted."""
    matches = (_FILE_NAME.fullmatch(entry.name) for entry in directory.glob("Pulumi.*.yaml") if entry.is_file())
    return sorted(match[1] for match in matches if match is not None)


def read_document(path: Path) -> Document:
    """Read a stack file.

    Raises ``SettingsError`` where there is no such file or it is not a YAML mapping with ``config``.
    """
    file = _shown(path)
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise SettingsError([Problem("got this file name; allowed: Pulumi.<environment>.yaml", file=file)])
    try:
        values = yaml_values.read(_text(path, file))
    except Unreadable as error:
        raise SettingsError([Problem(f"not readable as YAML: {error.reason}", file=file, line=error.line)]) from error
    root = values.root
    if not isinstance(root, dict):
        found = "the file is empty" if root is None else got(root)
        raise SettingsError([Problem(f"{found}; allowed: a mapping with the key {_CONFIG}", file=file)])
    findings = [*values.findings, *_dates(values), *_stack_keys(root)]
    config = root.get(_CONFIG)
    if isinstance(config, dict):
        findings += _config_keys(config)
    elif _CONFIG in root:
        findings.append(Finding((_CONFIG,), got(config), f"a mapping with keys such as {NAMESPACE}:cloud"))
    document = Document(file, match[1], values, config if isinstance(config, dict) else {}, tuple(findings))
    if not isinstance(config, dict):
        raise SettingsError(map(document.problem, findings))
    return document


def _text(path: Path, file: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        there = ", ".join(environments(path.parent)) or "none"
        message = f"there is no such file; environments in {_shown(path.parent)}: {there}"
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}"
    raise SettingsError([Problem(message, file=file)])


def _shown(path: Path) -> str:
    """Write a path from the working directory where it lies below it."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  links stay as they were written
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(path)


def _stack_keys(root: dict[str, Any]) -> Iterator[Finding]:
    unknown = [key for key in root if key not in STACK_KEYS]
    for key in unknown:
        yield Finding((key,), "unknown key", ", ".join(STACK_KEYS), did_you_mean(key, STACK_KEYS))
    if _CONFIG not in root and not any(nearest(key, STACK_KEYS) == _CONFIG for key in unknown):
        yield Finding((_CONFIG,), "missing", f"a mapping with keys such as {NAMESPACE}:cloud")


def _dates(values: Values) -> Iterator[Finding]:
    """Refuse dates inside this project's sections: the engine would hand over another text."""
    for path in values.dates:
        if len(path) > len(("config", "section")) and str(path[1]).startswith(f"{NAMESPACE}:"):
            written = values.sources[path]
            yield Finding(path, f"got the date {written}", "dates in quotes", f'write it in quotes: "{written}"')


def _config_keys(config: dict[str, Any]) -> Iterator[Finding]:
    """Judge the namespaces of all keys, and the form in which this project's values are given."""
    for key, value in config.items():
        here = (_CONFIG, key)
        namespace, colon, name = key.partition(":")
        meant = _meant(key)
        hint = f'did you mean "{meant}"?' if meant is not None else ""
        if not colon:
            yield Finding(here, "got a key without a namespace", "<namespace>:<name>", hint)
        elif namespace not in _NAMESPACES:
            yield Finding(here, f'unknown namespace "{namespace}"', ", ".join(_NAMESPACES), hint)
        elif namespace == NAMESPACE:
            if ":" in name:
                yield Finding(here, "got a key of more than two parts", f"{NAMESPACE}:<name>", hint)
            yield from _secure_values(value, here)


def _meant(key: str) -> str | None:
    """Return the key that one of a wrong form stands for, where that can be told."""
    namespace, colon, name = key.partition(":")
    section = nearest(name.rpartition(":")[2] if colon else key, SECTIONS)
    if colon and namespace not in _NAMESPACES:
        near = nearest(namespace, _NAMESPACES)
        return f"{near}:{name}" if near is not None else None
    if colon and (namespace != NAMESPACE or ":" not in name):
        return None
    return f"{NAMESPACE}:{section}" if section is not None else None


def _secure_values(value: Any, path: KeyPath) -> Iterator[Finding]:  # noqa: ANN401  any value
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            yield Finding(path, "got a secure value", SECURE_ALLOWED)
            return
        for key, child in value.items():
            yield from _secure_values(child, (*path, key))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from _secure_values(child, (*path, position))
