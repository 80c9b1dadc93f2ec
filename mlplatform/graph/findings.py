"""What an evaluation has to say about a program beside its graph."""

from dataclasses import dataclass
from enum import StrEnum

from mlplatform.graph.model import Source


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """A deployment would fail, or would not do what is written."""
    WARNING = "warning"
    """Probably a mistake."""
    NOTE = "note"
    """Something that was not looked into."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one resource. Texts never hold a secret."""

    urn: str
    """The resource; empty for the program as a whole."""
    path: str
    """Where in its inputs, such as ``spec.template.spec.containers[0].image``; empty for the resource itself."""
    code: str
    """What kind of remark, such as ``unknown-argument``."""
    message: str
    source: Source | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        name = self.urn.rsplit("::", 2)[-1] if self.urn else ""
        subject = f"{name}: " if name else ""
        path = f"{self.path}: " if self.path else ""
        return f"{where}{subject}{path}{self.message}"
