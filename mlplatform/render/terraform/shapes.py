"""Inputs of a resource in Terraform's shape, markers and all, and what a plan says of them."""

import json
from collections.abc import Callable

from mlplatform.graph.markers import UNKNOWN, Plain, Secret, Unknown, holds_secret, holds_unknown, make_secret, reveal
from mlplatform.render import values
from mlplatform.render.terraform.tables import Level

_INTERNAL = "__"
"""Start of the names of what the SDK adds for the engine."""


def shape(inputs: dict[str, Plain], level: Level, strange: Callable[[str], None], path: str = "") -> dict[str, Plain]:
    """Return the inputs under Terraform's names and in its nesting, by sorted name.

    ``strange`` is told the path of every argument that is not in the table; those are written by the general rule.
    """
    shaped = {}
    for name, value in inputs.items():
        if value is None or name.startswith(_INTERNAL):
            continue
        where = f"{path}.{name}" if path else name
        if not level.knows(name):
            strange(where)
        shaped[level.argument(name)] = _argument(name, value, level, strange, where)
    return dict(sorted(shaped.items()))


def _argument(name: str, value: Plain, level: Level, strange: Callable[[str], None], path: str) -> Plain:
    if isinstance(value, Secret) and isinstance(value.value, dict | list):
        value = make_secret(value.value)
    if isinstance(value, Unknown) or (isinstance(value, Secret) and isinstance(value.value, Unknown)):
        return value
    if name in level.blocks:
        inner = level.blocks[name]
        if name in level.single and isinstance(value, dict):
            return shape(value, inner, strange, path)
        return [
            shape(item, inner, strange, f"{path}[{index}]") if isinstance(item, dict) else item
            for index, item in enumerate(_listed(value))
        ]
    if name in level.lists:
        return _listed(value)
    return _document(value) if name in level.values and isinstance(value, dict | list) else value


def _listed(value: Plain) -> list[Plain]:
    """Return a list, also of what Pulumi takes by itself because there is never more than one."""
    return value if isinstance(value, list) else [value]


def _document(value: Plain) -> Plain:
    """Write as text what a provider of Pulumi takes as an object too, such as a policy; name the file of an asset."""
    if isinstance(value, dict) and value.keys() <= {"asset", "archive"}:
        (asset,) = value.values()
        return asset.get("path") or asset.get("uri") or UNKNOWN
    if holds_unknown(value):
        return UNKNOWN
    text = json.dumps(reveal(value), sort_keys=True)
    return Secret(text) if holds_secret(value) else text


def known(shaped: Plain) -> Plain:
    """Return what is known, secrets masked: arguments that are unknown are left out, and in lists they are null."""
    return values.mask(_without_unknown(shaped))


def _without_unknown(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _without_unknown(item) for key, item in value.items() if not _is_unknown(item)}
    if isinstance(value, list):
        return [None if _is_unknown(item) else _without_unknown(item) for item in value]
    return value


def unknown(shaped: Plain) -> Plain:
    """Return the shape with true where a value is known only after a deployment."""
    return _marked(shaped, _is_unknown)


def sensitive(shaped: Plain) -> Plain:
    """Return the shape with true where a value is secret."""
    return _marked(shaped, lambda value: isinstance(value, Secret))


def _is_unknown(value: Plain) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Secret) and isinstance(value.value, Unknown))


def _marked(value: Plain, holds: Callable[[Plain], bool]) -> Plain:
    """Write truth values as Terraform does: of an object what is not false, of a list every element."""
    if isinstance(value, dict):
        marked = {key: _marked(item, holds) for key, item in value.items()}
        return {key: item for key, item in marked.items() if item is not False}
    if isinstance(value, list):
        return [_marked(item, holds) for item in value]
    return holds(value)
