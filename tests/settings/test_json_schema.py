"""The exported JSON Schema: fresh, complete, and of one mind with the settings about what a file looks like."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stacks.settings import __main__ as export
from stacks.settings import json_schema, yaml_values
from stacks.settings.load import STACKS

CONFIG = Path(__file__).resolve().parents[1] / "config"
FIXTURES = sorted(CONFIG.glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def test_the_exported_file_is_fresh():
    found = export.SCHEMA_FILE.read_text(encoding="utf-8")
    assert found == export.written(), "run: .venv/bin/python -m stacks.settings"


def test_export_writes_the_file(tmp_path: Path):
    export.main(tmp_path / "schema.json")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == export.written()


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_what_the_schema_says_of_each_fixture(fixture: Path, validator: jsonschema.Draft202012Validator):
    text = fixture.read_text(encoding="utf-8")
    try:
        root = yaml_values.read(text).root
    except yaml_values.Unreadable:
        return
    accepted = ".ok." in fixture.name or "\n# schema: accepts\n" in f"\n{text}"
    assert validator.is_valid(root) is accepted


@pytest.mark.parametrize("path", sorted(STACKS.glob("Pulumi.*.yaml")), ids=lambda path: path.stem)
def test_committed_environments_are_accepted_and_name_the_schema(path: Path, validator: Any):
    text = path.read_text(encoding="utf-8")
    validator.validate(yaml_values.read(text).root)
    assert text.startswith(f"# yaml-language-server: $schema={export.SCHEMA_FILE.name}\n")


def test_the_engine_requires_what_the_settings_require():
    declared = yaml_values.read((STACKS.parent / "Pulumi.yaml").read_text(encoding="utf-8")).root["config"]
    config = json_schema()["properties"]["config"]
    assert sorted(declared) == sorted(config["required"])
    for key, declaration in declared.items():
        assert declaration["type"] == ("string" if key == "mlplatform:cloud" else "object"), key
        assert declaration["description"], key


def nodes(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield where, node
        for key, child in node.items():
            yield from nodes(child, f"{where}/{key}")
    elif isinstance(node, list):
        for position, child in enumerate(node):
            yield from nodes(child, f"{where}/{position}")


def test_every_key_is_described():
    schema = json_schema()
    undescribed = []
    for where, node in nodes(schema):
        for name, value in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
            target = schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            if not (value.get("description") or target.get("description")):
                undescribed.append(f"{where}/{name}")
    assert undescribed == []


def test_no_mapping_takes_unknown_keys():
    mappings = [(where, node) for where, node in nodes(json_schema()) if node.get("type") == "object"]
    assert len(mappings) > 15
    for where, node in mappings:
        free = node.get("additionalProperties")
        assert free is False or (isinstance(free, dict) and "pattern" in node["propertyNames"]), where


def test_whole_numbers_have_both_ends():
    numbers = [(where, node) for where, node in nodes(json_schema()) if node.get("type") in {"integer", "number"}]
    assert len(numbers) > 20
    for where, node in numbers:
        assert "minimum" in node, where
        assert "maximum" in node, where


def test_texts_say_what_they_may_be():
    patterns = [(where, node) for where, node in nodes(json_schema()) if isinstance(node.get("pattern"), str)]
    assert len(patterns) > 20
    for where, node in patterns:
        assert node.get("patternErrorMessage"), where
