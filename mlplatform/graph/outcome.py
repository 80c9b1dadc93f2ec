"""How one pass over a program ends; what a child process hands to its parent."""

from dataclasses import dataclass
from typing import Any

from mlplatform.graph.findings import Finding
from mlplatform.graph.model import ResourceGraph, Source


@dataclass(frozen=True)
class Success:
    """A program that ran to its end."""

    graph: ResourceGraph
    outputs: dict[str, Any]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Failure:
    """A program that did not. Texts are free of secrets."""

    reason: str
    source: Source | None = None
    problems: tuple[Any, ...] = ()
    """The problems of a ``SettingsError``."""
    details: str = ""
    """The traceback."""
