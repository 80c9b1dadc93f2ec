"""The JSON Schema of an environment file, and what it says of each value in words."""

import functools
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from stacks.settings.document import OTHER_NAMESPACES, STACK_KEYS
from stacks.settings.environment import FileSettings
from stacks.settings.problems import NAMESPACE, KeyPath
from stacks.settings.values import ALLOWED

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Refuses what the settings refuse and pydantic's own schema lets through: bad mapping keys and empty values."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return made if made.get("default") is not None else {k: v for k, v in made.items() if k != "default"}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        patterns: dict[str, Any] = made.pop("patternProperties", {})
        for pattern, value in patterns.items():
            made["additionalProperties"] = value
            made["propertyNames"] = {**made.get("propertyNames", {}), "pattern": pattern}
        return made

    def get_title_from_name(self, name: str) -> str:  # noqa: ARG002  pydantic's own signature
        return ""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002  pydantic's own signature
        return False


@functools.cache
def settings_schema() -> Schema:
    """Return the JSON Schema of the project's own configuration, section by section."""
    return FileSettings.model_json_schema(by_alias=True, schema_generator=_Generator)


def json_schema() -> Schema:
    """Return the JSON Schema of a whole environment file (``stacks/Pulumi.<environment>.yaml``)."""
    sections = settings_schema()
    others = "|".join(OTHER_NAMESPACES)
    return {
        "$schema": DIALECT,
        "title": "Environment of the ML platform",
        "description": "A Pulumi stack file whose mlplatform: keys describe one environment.",
        "type": "object",
        "properties": {
            "config": {
                "description": "Configuration by namespace; mlplatform: is the platform's own.",
                "type": "object",
                "properties": {f"{NAMESPACE}:{name}": value for name, value in sections["properties"].items()},
                "patternProperties": {f"^({others}):": {"description": "Configuration of Pulumi or of a provider."}},
                "required": [f"{NAMESPACE}:{name}" for name in sections["required"]],
                "additionalProperties": False,
            },
            **{key: {"description": "Kept by Pulumi."} for key in STACK_KEYS if key != "config"},
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": sections["$defs"],
    }


def schema_at(path: KeyPath) -> Schema | None:
    """Return the schema of the value at a path that begins with a section, or ``None`` where none is allowed."""
    node: Schema | None = settings_schema()
    for part in path:
        if node is None:
            return None
        node = _resolved(node.get("items") if isinstance(part, int) else _property(node, part))
    return node


def key_schema(path: KeyPath) -> Schema:
    """Return the schema of the free keys of the mapping at a path."""
    names: Schema = (schema_at(path) or {}).get("propertyNames", {})
    return names


def _property(node: Schema, name: str) -> Schema | None:
    known: Schema = node.get("properties", {})
    if name in known:
        found: Schema = known[name]
        return found
    free = node.get("additionalProperties")
    return free if isinstance(free, dict) else None


def _resolved(node: Schema | None) -> Schema | None:
    while node is not None and "$ref" in node:
        node = settings_schema()["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def described(node: Schema) -> str:
    """Say in words what a schema allows."""
    if ALLOWED in node:
        return str(node[ALLOWED])
    if "enum" in node:
        return f"one of {', '.join(map(str, node['enum']))}"
    kind = node.get("type")
    if kind == "object":
        return _described_mapping(node)
    if kind == "array":
        return f"a list{_described_length(node)}"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text"}
    return words[str(kind)] + _described_range(node)


def _described_mapping(node: Schema) -> str:
    if "properties" in node:
        return f"a mapping with the keys {', '.join(node['properties'])}"
    least, most, needed = node.get("minProperties"), node.get("maxProperties"), node.get("required")
    bounds = [f"at {word} {count}" for word, count in (("least", least), ("most", most)) if count is not None]
    named = f", {' and '.join(needed)} among them" if needed else ""
    return f"a mapping of {' and '.join(bounds)}{named}" if bounds else "a mapping"


def _described_length(node: Schema) -> str:
    least, most = node.get("minItems"), node.get("maxItems")
    if least is not None and most is not None:
        return f" of {least} to {most}"
    return f" of at least {least}" if least is not None else f" of at most {most}" if most is not None else ""


def _described_range(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    return f" from {low} to {high}" if low is not None and high is not None else ""
