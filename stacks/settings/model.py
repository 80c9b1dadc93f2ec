"""The strict base of every section of an environment file."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


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
