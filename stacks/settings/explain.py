"""Pydantic's errors in the words of an environment file's author."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from stacks.settings.problems import Finding, KeyPath, did_you_mean, got, nearest
from stacks.settings.schema import Schema, described, key_schema, schema_at

SourceText = Callable[[KeyPath], str | None]
"""Gives a scalar's text as it is written in the file, where that is known."""


def explain(errors: Sequence[ErrorDetails], raw: Mapping[str, Any], source: SourceText) -> Iterator[Finding]:
    """Turn errors into findings.

    A missing key is not reported where an unknown key beside it is near: it is that key, misspelled.
    """
    unknown: dict[KeyPath, set[str]] = defaultdict(set)
    for error in errors:
        if error["type"] == "extra_forbidden":
            *around, key = error["loc"]
            near = nearest(key, _known(tuple(around)))
            if near is not None:
                unknown[tuple(around)].add(near)
    for error in errors:
        path = error["loc"]
        if error["type"] == "extra_forbidden":
            known = _known(path[:-1])
            yield Finding(path, "unknown key", ", ".join(known), did_you_mean(path[-1], known))
        elif error["type"] == "missing":
            if path[-1] not in unknown[path[:-1]]:
                yield Finding(path, "missing", _allowed(path))
        elif path[-1] == "[key]":
            yield Finding(path[:-1], f"got the name {json.dumps(path[-2])}", described(key_schema(path[:-2])))
        elif error["input"] is not None and not _counted_wrong(error):
            yield _bad_value(error, path, source(path))
    yield from _nothing(raw, ())


def _counted_wrong(error: ErrorDetails) -> bool:
    """Tell whether a list is only too short without its items that are not valid, which have findings of their own."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _bad_value(error: ErrorDetails, path: KeyPath, source: str | None) -> Finding:
    value = error["input"]
    schema = schema_at(path) or {}
    found = got(value) if isinstance(value, str) or source is None else f"got {source}"
    return Finding(path, found, _allowed(path), _hint(value, schema, error.get("ctx", {}), source))


def _hint(value: Any, schema: Schema, context: Mapping[str, Any], source: str | None) -> str:  # noqa: ANN401  any value
    """Say what to write instead, where that can be told."""
    if "suggestion" in context:
        return f'did you mean "{context["suggestion"]}"?'
    if "reason" in context:
        return str(context["reason"])
    wanted = schema.get("type")
    if wanted == "string" and isinstance(value, bool | int | float):
        return f'write it in quotes: "{source if source is not None else json.dumps(value)}"'
    if "enum" in schema:
        return did_you_mean(value, schema["enum"])
    if wanted in {"integer", "number", "boolean"} and isinstance(value, str) and _fits(value, str(wanted)):
        return f"write it without quotes: {value}"
    return ""


def _fits(text: str, wanted: str) -> bool:
    """Tell whether a text would be of the wanted type without its quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return False
    if wanted == "boolean":
        return isinstance(value, bool)
    return isinstance(value, int | float if wanted == "number" else int) and not isinstance(value, bool)


def _allowed(path: KeyPath) -> str:
    return described(schema_at(path) or {"type": "object"})


def _known(path: KeyPath) -> list[str]:
    """Return the keys that the mapping at a path may have."""
    return list((schema_at(path) or {}).get("properties", {}))


def _nothing(value: Any, path: KeyPath) -> Iterator[Finding]:  # noqa: ANN401  any value
    """Find keys that are there without a value, optional ones too: what was meant cannot be told."""
    if value is None and path:
        if schema_at(path) is not None:
            yield Finding(path, got(None), _allowed(path))
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _nothing(child, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position, child in enumerate(value):
            yield from _nothing(child, (*path, position))
