"""What a check has to say about a resource."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlplatform.graph.model import Source
from mlplatform.graph.urns import name_of, type_of


class Severity(StrEnum):
    """How much a finding weighs. Whatever is not waived fails the check; notes never do."""

    ERROR = "error"
    """Against a rule."""
    WARNING = "warning"
    """Probably a mistake."""
    NOTE = "note"
    """Something that was not looked into."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of one tool on one resource. Texts never hold a secret."""

    tool: str
    """What found it: ``evaluation`` or ``checkov``."""
    rule: str
    """Identifier of the rule, such as ``CKV_AWS_18``."""
    urn: str
    """The resource; empty for the program as a whole."""
    severity: Severity
    message: str
    """What the rule asks for, or what is wrong."""
    remedy: str
    """What to do about it."""
    source: Source | None = None
    """The project's line that asks for the resource, where it is known."""

    @property
    def resource(self) -> str:
        """Name the resource by type and name: ``aws:s3/bucket:Bucket::datasets``; empty for the program."""
        return f"{type_of(self.urn)}::{name_of(self.urn)}" if self.urn else ""

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON object."""
        return {
            "tool": self.tool,
            "rule": self.rule,
            "urn": self.urn,
            "severity": self.severity.value,
            "message": self.message,
            "remedy": self.remedy,
            "source": None if self.source is None else {"file": self.source.file, "line": self.source.line},
        }
