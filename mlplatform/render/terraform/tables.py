"""Terraform's types and arguments by Pulumi's names, from tables that ``tools/terraform_types.py`` writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from mlplatform.render.terraform.names import snake

PROVIDERS: Final[Mapping[str, str]] = {"aws": "aws", "gcp": "google"}
"""Terraform's name of each provider that there is a table of, by Pulumi's package."""


@dataclass(frozen=True)
class Level:
    """Arguments of a resource or of a block; all names but those that ``argument`` returns are Pulumi's."""

    values: frozenset[str]
    """A text, a number or a truth value; a document is a text."""
    lists: frozenset[str]
    """Lists and sets of values."""
    maps: frozenset[str]
    """Mappings whose keys are the user's, such as tags."""
    blocks: Mapping[str, "Level"]
    """Lists of objects, even where Pulumi takes one object."""
    single: frozenset[str]
    """Which of the blocks are one object in Terraform too."""
    names: Mapping[str, str]
    """Terraform's names, where they are not Pulumi's with underscores."""

    def argument(self, name: str) -> str:
        """Return Terraform's name of an argument."""
        return self.names.get(name) or snake(name)

    def knows(self, name: str) -> bool:
        """Tell whether there is such an argument."""
        return name in self.values or name in self.lists or name in self.maps or name in self.blocks


@dataclass(frozen=True)
class Type:
    """One of Terraform's resource types."""

    name: str
    level: Level


def package(token: str) -> str:
    """Return the Pulumi package of a type token."""
    return token.partition(":")[0]


def find(token: str) -> Type | None:
    """Return Terraform's type for a type token, None where the tables have none."""
    found = _table(package(token)).get(token) if package(token) in PROVIDERS else None
    return None if found is None else _type(token)


@cache
def _table(provider: str) -> Mapping[str, Any]:
    file = resources.files("mlplatform.render.terraform") / "data" / f"{provider}.json"
    types: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))["types"]
    return types


@cache
def _type(token: str) -> Type:
    table = _table(package(token))[token]
    return Type(table["type"], _level(table))


def _level(table: Mapping[str, Any]) -> Level:
    values, lists, maps, single = (frozenset(table.get(k, "").split()) for k in ("values", "lists", "maps", "single"))
    blocks = {name: _level(inner) for name, inner in table.get("blocks", {}).items()}
    return Level(values, lists, maps, blocks, single, table.get("names", {}))
