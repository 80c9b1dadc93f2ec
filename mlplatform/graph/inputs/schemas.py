"""JSON Schemas of custom resources and of chart values, where a directory of them is at hand."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from mlplatform.graph.inputs import problems
from mlplatform.graph.inputs.problems import Path as KeyPath
from mlplatform.graph.inputs.problems import Problem
from mlplatform.graph.markers import Plain, Secret, holds_unknown, reveal

ENVIRONMENT_VARIABLE = "MLPLATFORM_SCHEMAS"

_OBJECT_FIELDS = ("apiVersion", "kind", "metadata")
_CHART_FILES = {"gateway": "istio-gateway"}
"""Schemas whose file is not named after the chart alone."""

_TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


class SchemaError(Exception):
    """A schema directory or file that cannot be used."""


class Schemas:
    """The schemas of one directory, each read once."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read: dict[Path, _Schema | None] = {}

    @classmethod
    def find(cls, asked: Path | None, root: Path) -> Self:
        """Find the directory: as asked, else as the environment says, else ../shared/schemas beside the project."""
        named = asked or (Path(os.environ[ENVIRONMENT_VARIABLE]) if os.environ.get(ENVIRONMENT_VARIABLE) else None)
        if named is not None:
            if not named.is_dir():
                raise SchemaError(f"the schema directory {named} does not exist")
            return cls(named.resolve())
        beside = root.parent / "shared" / "schemas"
        return cls(beside if beside.is_dir() else None)

    @property
    def folder(self) -> Path | None:
        """The directory of the schemas, None where there is none."""
        return self._folder

    def custom_resource(self, api_version: str, kind: str) -> "_Schema | None":
        """Find the schema of a custom resource, None where there is none."""
        group, _, version = api_version.rpartition("/")
        return self._find(f"crds/{group}/{kind.lower()}_{version}.json")

    def chart(self, name: str) -> "_Schema | None":
        """Find the schema of a chart's values; ``name`` may be an address or a path that ends in the chart's name."""
        chart = name.rstrip("/").rpartition("/")[2]
        chart = _CHART_FILES.get(chart, chart)
        return self._find(f"charts/{chart}.values.schema.json") or self._find(f"charts/{chart}.values.schema.yaml")

    def _find(self, name: str) -> "_Schema | None":
        if self._folder is None:
            return None
        path = self._folder / name
        if path not in self._read:
            self._read[path] = _Schema(path) if path.is_file() else None
        return self._read[path]


class _Schema:
    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _validator(self) -> Validator:
        text = self._path.read_text(encoding="utf-8")
        try:
            schema = json.loads(text) if self._path.suffix == ".json" else yaml.safe_load(text)
        except (ValueError, yaml.YAMLError) as error:
            raise SchemaError(f"the schema {self._path} cannot be read: {error}") from error
        return validator_for(schema)(schema)

    @property
    def _top(self) -> Mapping[str, Any]:
        """The outermost schema, which may also be just true or false."""
        schema = self._validator.schema
        return schema if isinstance(schema, Mapping) else {}

    def check_object(self, value: dict[str, Plain]) -> Iterator[Problem]:
        """Check a custom resource; its metadata is checked elsewhere."""
        declared = self._top.get("properties", {})
        for key in value:
            if declared and key not in declared and key not in _OBJECT_FIELDS:
                yield problems.unknown((), key, [*declared, *_OBJECT_FIELDS])
        without_metadata = {key: item for key, item in value.items() if key != "metadata"}
        if "metadata" in self._top.get("required", ()):
            without_metadata["metadata"] = {}
        yield from self._check(without_metadata, (), partial=False)

    def check_values(self, value: Plain, path: KeyPath) -> Iterator[Problem]:
        """Check a chart's values, which the chart's defaults will complete: nothing counts as missing."""
        yield from self._check(value, path, partial=True)

    def _check(self, value: Plain, path: KeyPath, *, partial: bool) -> Iterator[Problem]:
        for error in self._validator.iter_errors(reveal(value)):
            yield from _problems(error, value, path, partial=partial)


def _problems(error: ValidationError, value: Plain, path: KeyPath, *, partial: bool) -> Iterator[Problem]:
    chosen: Any = best_match([error]) if error.context else error
    if chosen is None or (partial and chosen.validator == "required") or holds_unknown(chosen.instance):
        return
    place, found = _locate(value, path, chosen.absolute_path)
    if chosen.validator in ("additionalProperties", "unevaluatedProperties"):
        declared = chosen.schema.get("properties", {})
        for key in chosen.instance:
            if key not in declared:
                yield problems.unknown(place, key, declared)
    elif chosen.validator == "required":
        for key in chosen.validator_value:
            if key not in chosen.instance:
                yield problems.missing(place, key)
    elif chosen.validator == "type":
        names = [chosen.validator_value] if isinstance(chosen.validator_value, str) else chosen.validator_value
        yield problems.wrong_type(place, found, " or ".join(_TYPE_NAMES.get(name, name) for name in names))
    elif chosen.validator in ("enum", "const"):
        values = chosen.validator_value if chosen.validator == "enum" else [chosen.validator_value]
        yield problems.bad_value(place, found, ", ".join(problems.show(item) for item in values))
    else:
        yield problems.bad_value(place, found, f"{chosen.validator} {problems.show(chosen.validator_value)}")


def _locate(value: Plain, path: KeyPath, keys: Iterable[str | int]) -> tuple[KeyPath, Plain]:
    """Follow ``keys`` into ``value``, which has markers, unlike what the validator saw."""
    secret = False
    current: Any = value
    for key in keys:
        if isinstance(current, Secret):
            secret, current = True, current.value
        current = current[key]
        path = (*path, key)
    return path, Secret(current) if secret and not isinstance(current, Secret) else current
