"""The strict base of every section of an environment file."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def either(*keys: str) -> ConfigDict:
    """Have the JSON Schema of a section require exactly one of the keys."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


class Section(BaseModel):
    """A mapping in the environment file: camelCase keys, no unknown ones, no conversion between types.

    The docstring below each field is its description in the JSON Schema.
    """

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )
