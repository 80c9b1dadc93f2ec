"""What is asked of an evaluation and what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlplatform.errors import UserError
from mlplatform.graph.findings import Finding
from mlplatform.graph.model import ResourceGraph, Source

InvokeFake = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""A pure function that answers a provider function: arguments to result, both plain JSON-like values."""


@dataclass(frozen=True)
class EvaluationRequest:
    """One environment of one program."""

    environment: str
    """The stack's name."""
    config: Mapping[str, str]
    """What Pulumi would hand the program: values by ``namespace:key``, structured ones as JSON text."""
    program: Path
    """Directory with ``__main__.py``."""
    project: str = "mlplatform"
    known_outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Outputs of resources that exist already, by URN: used in place of stand-ins, in both passes. ``Secret`` marks
    secrets; the key ``id`` sets the resource's ID."""
    secret_keys: frozenset[str] = frozenset()
    """Keys of ``config`` whose values are secrets."""
    invokes: Mapping[str, InvokeFake] = field(default_factory=dict)
    """Answers to provider functions by token, beside the built-in ones."""
    opaque_types: frozenset[str] = frozenset()
    """Types that are known to hide resources and are looked into elsewhere: no finding for them."""
    preload: Callable[[], None] | None = None
    """Loads modules that the program will import, once for all requests that have the same: their evaluations are
    forked from one process."""
    schemas: Path | None = None
    """Directory with ``crds/`` and ``charts/``; by default MLPLATFORM_SCHEMAS, else ../shared/schemas beside the
    project, if they exist."""


@dataclass(frozen=True, slots=True)
class PassCost:
    """What one pass took."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_mib: float
    """Peak resident memory of the process, including what it shares with its parent."""


@dataclass(frozen=True)
class Evaluation:
    """One environment, evaluated."""

    preview: ResourceGraph
    """As a first preview sees it: what a provider would tell is unknown, and functions of it are not run."""
    filled: ResourceGraph
    """As after a deployment, with stand-ins for what a provider would tell."""
    findings: tuple[Finding, ...]
    """Sorted by URN, path and code."""
    outputs: Mapping[str, Any]
    """The program's exports, from the filled pass, with ``Secret`` markers."""
    costs: Mapping[str, PassCost] = field(default_factory=dict, compare=False)
    """What the passes ``preview`` and ``filled`` took."""


class EvaluationError(UserError):
    """A program that cannot be evaluated. Its texts never hold a secret."""

    def __init__(
        self,
        environment: str,
        reason: str,
        *,
        source: Source | None = None,
        problems: tuple[Any, ...] = (),
        output: str = "",
        details: str = "",
    ) -> None:
        # Problems name their own places, one a line.
        where = f" at {source}" if source and not problems else ""
        super().__init__(f"{environment}:{chr(10) if problems else ' '}{reason}{where}")
        self.environment = environment
        """The environment that failed."""
        self.reason = reason
        """The message without environment and place."""
        self.source = source
        """The project's line that failed, where it is known."""
        self.problems = problems
        """The problems of a ``SettingsError``, whole; else empty."""
        self.output = output
        """What the program printed, secrets masked."""
        self.details = details
        """The traceback, secrets masked, for those who ask for it."""


class SeveralEvaluationsError(EvaluationError):
    """Several environments that cannot be evaluated."""

    def __init__(self, errors: tuple[EvaluationError, ...]) -> None:
        environments = ", ".join(error.environment for error in errors)
        super().__init__(environments, "cannot be evaluated")
        self.errors = errors
        self.message = "\n".join(error.message for error in errors)
        self.args = (self.message,)
