"""Reference pages made from the code, as an mkdocs hook: environment file, command line, components."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import typer
from mkdocs.structure.files import File
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.schema import generate_schema
from typer.main import get_command

from components.host import COMPONENTS, PACKAGE
from mlplatform.cli import app
from stacks.settings import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    Schema = Mapping[str, Any]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {"settings": settings_page, "cli": cli_page, "components": components_page}
    for name, page in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files


def settings_page() -> str:
    """Every key of an environment file, from its JSON Schema."""
    schema = json_schema()
    lines = [
        "# Environment file",
        "",
        "One file per environment: `stacks/Pulumi.<environment>.yaml`. Unknown keys, wrong types and contradictions",
        "are refused, all at once. Editors that know JSON Schema complete and check the file as you type.",
        "",
    ]
    for key, section in schema["properties"]["config"]["properties"].items():
        lines += [f"## {key}", "", *_settings_section(schema, _resolve(schema, section)), ""]
    return "\n".join(lines) + "\n"


def _settings_section(schema: Schema, section: Schema) -> Iterator[str]:
    yield _text(section.get("description", ""))
    if "properties" not in section and "additionalProperties" not in section:
        yield from ("", f"Value: {_values(schema, section)}.")
    rows = list(_settings_rows(schema, section, ""))
    if rows:
        yield ""
        yield from _table(("key", "value", "default", "meaning"), rows)


def _settings_rows(schema: Schema, node: Schema, path: str) -> Iterator[tuple[str, str, str, str]]:
    for key, child in node.get("properties", {}).items():
        here = f"{path}.{key}" if path else key
        target = _resolve(schema, child)
        default = "needed" if key in node.get("required", []) else f"`{json.dumps(target.get('default'))}`"
        yield f"`{here}`", _values(schema, target), default, _text(target.get("description", ""))
        yield from _settings_rows(schema, target, here)
        if "items" in target:
            yield from _settings_rows(schema, _resolve(schema, target["items"]), f"{here}[]")
    entries = node.get("additionalProperties")
    if isinstance(entries, dict):
        yield from _settings_rows(schema, _resolve(schema, entries), f"{path}.<name>" if path else "<name>")


def _resolve(schema: Schema, node: Schema) -> dict[str, Any]:
    """Follow a reference, keeping what stands beside it; an optional value is its type."""
    resolved = dict(node)
    while "$ref" in resolved:
        reference = resolved.pop("$ref")
        target = schema
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        resolved = {**target, **resolved}
    choices = [choice for choice in resolved.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1:
        del resolved["anyOf"]
        resolved = {**_resolve(schema, choices[0]), **resolved}
    return resolved


def _values(schema: Schema, node: Schema) -> str:
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "anyOf" in node:
        return " or ".join(_values(schema, _resolve(schema, choice)) for choice in node["anyOf"])
    kind = node.get("type", "")
    if kind in {"integer", "number"}:
        low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum")
        name = "whole number" if kind == "integer" else "number"
        return f"{name}, {low} to {high}" if high is not None else name
    if kind == "array":
        return f"list of {_values(schema, _resolve(schema, node.get('items', {})))}"
    return {"string": "text", "boolean": "`true` or `false`", "object": "mapping"}.get(kind, kind)


_EXIT_CODES = (("0", "done"), ("1", "refused or failed, with a message"), ("2", "wrong use"), ("130", "interrupted"))


def cli_page() -> str:
    """Every command with its arguments and options."""
    root = get_command(app)
    context = typer.Context(root, info_name="mlplatform")
    lines = ["# Command line", "", root.help or "", ""]
    commands = getattr(root, "commands", {})
    for name in sorted(commands):
        lines += _command(commands[name], typer.Context(commands[name], info_name=name, parent=context))
    lines += ["## Exit codes", ""]
    lines += _table(("code", "meaning"), _EXIT_CODES)
    return "\n".join(lines) + "\n"


def _command(command: Any, context: typer.Context) -> list[str]:  # noqa: ANN401  click's class, whichever typer carries
    usage = " ".join(command.collect_usage_pieces(context))
    synopsis = f"{context.command_path} {usage}"
    lines = [f"## {context.info_name}", "", _text(command.help or ""), "", "```text", synopsis, "```", ""]
    records = [parameter for parameter in command.params if parameter.name != "help"]
    if records:
        rows = []
        for parameter in records:
            names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
            rows.append((", ".join(f"`{name}`" for name in names), _text(getattr(parameter, "help", "") or "")))
        lines += [*_table(("argument", "meaning"), rows), ""]
    return lines


def components_page() -> str:
    """Every component with its inputs and outputs, from the schema that other languages get."""
    analysis = Analyzer(PACKAGE).analyze(list(COMPONENTS))
    schema = generate_schema(PACKAGE, "0.0.0", "", *_analysis_parts(analysis)).to_json()
    lines = [
        "# Components",
        "",
        "The components are a Pulumi package: Python programs import them from `components`, programs in other",
        "languages get them by `pulumi package add`. A type in `code` is described under [Types](#types).",
        "",
    ]
    for token in sorted(schema["resources"]):
        resource = schema["resources"][token]
        lines += [f"## {token.rpartition(':')[2]}", "", f"`{token}`", "", _paragraphs(resource), ""]
        lines += _properties("input", resource.get("inputProperties", {}), resource.get("requiredInputs", []))
        lines += _properties("output", resource.get("properties", {}), resource.get("required", []))
    lines += ["## Types", ""]
    for token in sorted(schema.get("types", {})):
        described = schema["types"][token]
        lines += [f"### {token.rpartition(':')[2]}", "", _paragraphs(described), ""]
        lines += _properties("key", described.get("properties", {}), described.get("required", []))
        rows = [(f"`{each['value']}`", _text(each.get("description") or "")) for each in described.get("enum", [])]
        lines += [*_table(("value", "meaning"), rows), ""] if rows else []
    return "\n".join(lines) + "\n"


def _analysis_parts(analysis: Any) -> tuple[Any, ...]:  # noqa: ANN401  the experimental API has no public type for it
    return (analysis["component_definitions"], analysis["type_definitions"], analysis["dependencies"])


def _paragraphs(described: Schema) -> str:
    paragraphs = (described.get("description") or "").split("\n\n")
    return "\n\n".join(_text(paragraph) for paragraph in paragraphs)


def _text(text: str) -> str:
    """Give prose of the code as Markdown: on one line, with what looks like HTML outside of code escaped."""
    parts = re.split(r"(`+[^`]*`+)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else html.escape(part, quote=False) for part in parts)


def _properties(kind: str, properties: Schema, needed: Iterable[str]) -> list[str]:
    needed = set(needed)
    rows = [
        (f"`{name}`", _type(each), "yes" if name in needed else "no", _text(each.get("description") or ""))
        for name, each in sorted(properties.items())
    ]
    return [*_table((kind, "type", "needed", "meaning"), rows), ""] if rows else []


def _type(node: Schema) -> str:
    if "$ref" in node:
        return f"`{node['$ref'].rpartition(':')[2].rpartition('/')[2]}`"
    if node.get("type") == "array":
        return f"list of {_type(node['items'])}"
    if node.get("type") == "object":
        return f"mapping to {_type(node['additionalProperties'])}"
    return str(node.get("type", "any"))


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    header = list(header)
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
