"""Settings from an environment file, and from the configuration that Pulumi hands a program."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.runtime import config as pulumi_runtime

from stacks.settings.document import SECTIONS, SECURE_ALLOWED, Document, read_document
from stacks.settings.draft import draft
from stacks.settings.environment import Settings
from stacks.settings.explain import SourceText, explain
from stacks.settings.problems import NAMESPACE, Finding, KeyPath, Problem, SettingsError, in_file, key_path, nearest
from stacks.settings.rules import contradictions
from stacks.settings.schema import schema_at

STACKS: Final = Path(__file__).resolve().parent.parent
"""Directory of the program and of its environment files."""


def load_file(path: Path) -> Settings:
    """Read an environment file (``Pulumi.<environment>.yaml``).

    Raises ``SettingsError`` with every problem of the file, in the order of its lines.
    """
    document = read_document(path)
    sections = _sorted(document.sections)
    judged = _judge(
        document.environment,
        sections,
        lambda path: document.values.sources.get(in_file(path)),
        document.misnamed,
    )
    problems = [*document.findings, *_unsaid(map(_in_file, judged), document.findings)]
    if problems:
        placed = dict.fromkeys(map(document.problem, problems))
        raise SettingsError(sorted(placed, key=lambda problem: (problem.line or 0, problem.key)))
    return Settings.model_validate({**sections, "environment": document.environment})


def pulumi_config(path: Path) -> dict[str, str]:
    """Return the configuration that Pulumi hands a program for an environment file, by full key, sorted.

    A scalar is its text as it is written; a list or a mapping is JSON. Provider configuration is included.
    Raises ``SettingsError`` where the file is not a readable stack file.
    """
    document = read_document(path)
    if document.findings:
        raise SettingsError(map(document.problem, document.findings))
    return {key: _handed_over(document, key, value) for key, value in sorted(document.config.items())}


def from_pulumi(directory: Path = STACKS) -> Settings:
    """Read the settings of the stack that the program runs for, from ``pulumi.Config``.

    ``directory`` holds the environment files; problems name the stack's file, and the line where the file has the
    value that was handed over. Raises ``SettingsError`` with every problem.
    """
    environment = pulumi.get_stack()
    raw, findings = _handed_sections()
    sections = _sorted(raw)
    findings += list(_unsaid(_judge(environment, sections, lambda _: None), findings))
    if findings:
        raise SettingsError(_placed(findings, sections, directory / f"Pulumi.{environment}.yaml"))
    return Settings.model_validate({**sections, "environment": environment})


def _judge(
    environment: str, sections: Mapping[str, Any], source: SourceText, misnamed: Iterable[str] = ()
) -> list[Finding]:
    """Return what is wrong with the sections; paths begin with the section."""
    near = {nearest(section, SECTIONS) for section in sections if section not in SECTIONS}
    drafted, errors = draft(environment, sections, {*misnamed, *(section for section in near if section is not None)})
    return [*explain(errors, sections, source), *contradictions(drafted)]


def _unsaid(findings: Iterable[Finding], said: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out the findings at or below a value of which something has been said already."""
    paths = [finding.path for finding in said]
    return (finding for finding in findings if not any(finding.path[: len(path)] == path for path in paths))


def _sorted(value: Any) -> Any:  # noqa: ANN401  any value of a file
    """Order mappings by key, as Pulumi hands them over, so that a file and a program make the same resources."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(child) for child in value] if isinstance(value, list) else value


def _in_file(finding: Finding) -> Finding:
    return Finding(in_file(finding.path), finding.found, finding.allowed, finding.hint)


def _handed_over(document: Document, key: str, value: Any) -> str:  # noqa: ANN401  any value of a file
    if isinstance(value, dict | list):
        return json.dumps(_as_json(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "" if value is None else document.values.sources[("config", key)]


def _as_json(value: Any) -> Any:  # noqa: ANN401  any value of a file
    """Write whole floats without a fraction, as the engine does."""
    if isinstance(value, dict):
        return {key: _as_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_as_json(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _handed_sections() -> tuple[dict[str, Any], list[Finding]]:
    """Read every key of the project's namespace; mappings and lists arrive as JSON."""
    config = pulumi.Config(NAMESPACE)
    start = f"{NAMESPACE}:"
    keys = {*pulumi_runtime.CONFIG.get(), *pulumi_runtime.get_config_env()}
    raw: dict[str, Any] = {}
    findings = []
    for section in sorted(key.removeprefix(start) for key in keys if key.startswith(start)):
        raw[section] = _section_value(section, config.get(section))
        if pulumi_runtime.is_config_secret(start + section):
            findings.append(Finding((section,), "got a secure value", SECURE_ALLOWED))
    return raw, findings


def _section_value(section: str, text: str | None) -> Any:  # noqa: ANN401  any value of a file
    schema = schema_at((section,)) or {}
    if text is None or schema.get("type") not in {"object", "array"}:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _placed(findings: Iterable[Finding], raw: Mapping[str, Any], file: Path) -> Iterator[Problem]:
    """Place findings in the stack's file where it has the same value; the values may come from elsewhere."""
    try:
        document = read_document(file)
    except SettingsError:
        document = None
    for finding in findings:
        same = document is not None and _at(raw, finding.path) == _at(document.sections, finding.path)
        if document is not None and same:
            yield document.problem(_in_file(finding))
        else:
            yield Problem(finding.message, key_path(in_file(finding.path)), file.name)


def _at(value: Any, path: KeyPath) -> Any:  # noqa: ANN401  any value of a file
    """Return the value at a path, or ``None`` where there is none."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
