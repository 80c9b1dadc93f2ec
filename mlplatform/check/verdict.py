"""Findings and waivers together: what fails, and what is only waived."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlplatform.check.findings import Finding, Severity
from mlplatform.check.run import Checked
from mlplatform.check.waivers import Waiver


@dataclass(frozen=True)
class Judged:
    """One environment's findings, sorted."""

    environment: str
    passed: Mapping[str, int]
    """How many rules were kept, by tool; a rule counts once for each resource."""
    failed: tuple[Finding, ...]
    waived: tuple[tuple[Finding, Waiver], ...]
    notes: tuple[Finding, ...]
    """What was not looked into."""

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON object."""
        return {
            "environment": self.environment,
            "passed": dict(self.passed),
            "failed": [each.to_dict() for each in self.failed],
            "waived": [{**finding.to_dict(), "waiver": _waiver(waiver)} for finding, waiver in self.waived],
            "notes": [each.to_dict() for each in self.notes],
        }


@dataclass(frozen=True)
class Verdict:
    """Everything that a check found."""

    as_of: dt.date
    environments: tuple[Judged, ...]
    expired: tuple[Waiver, ...]
    """Waivers that have ended; they waive nothing."""
    unused: tuple[Waiver, ...]
    """Waivers that every environment they are for was checked for, and that none of them needs."""

    @property
    def passed(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.expired or self.unused or any(each.failed for each in self.environments))

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON object."""
        return {
            "passed": self.passed,
            "asOf": self.as_of.isoformat(),
            "environments": [each.to_dict() for each in self.environments],
            "expiredWaivers": [_waiver(each) for each in self.expired],
            "unusedWaivers": [_waiver(each) for each in self.unused],
        }


def judge(checked: Sequence[Checked], waivers: Sequence[Waiver], as_of: dt.date, known: Collection[str]) -> Verdict:
    """Apply waivers to what was found; ``known`` names every environment that there is, checked or not."""
    used: set[Waiver] = set()
    judged = [_judge(each, waivers, as_of, used) for each in sorted(checked, key=lambda each: each.environment)]
    done = {each.environment for each in checked}
    return Verdict(
        as_of=as_of,
        environments=tuple(judged),
        expired=tuple(each for each in waivers if each.expired(as_of)),
        unused=tuple(
            each
            for each in waivers
            if each not in used
            and not each.expired(as_of)
            and done.issuperset(set(each.environments or known) & set(known))
        ),
    )


def _judge(checked: Checked, waivers: Sequence[Waiver], as_of: dt.date, used: set[Waiver]) -> Judged:
    failed, waived, notes = [], [], []
    for finding in sorted(checked.findings, key=lambda each: (each.tool, each.rule, each.urn, each.message)):
        if finding.severity is Severity.NOTE:
            notes.append(finding)
            continue
        covering = [each for each in waivers if not each.expired(as_of) and each.covers(finding, checked.environment)]
        used.update(covering)
        if covering:
            waived.append((finding, covering[0]))
        else:
            failed.append(finding)
    return Judged(checked.environment, checked.passed, tuple(failed), tuple(waived), tuple(notes))


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "id": waiver.id,
        "resource": waiver.resource,
        "environments": list(waiver.environments),
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
        "line": waiver.line,
    }
