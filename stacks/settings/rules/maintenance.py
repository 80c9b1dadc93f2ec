"""Rules of the times in which the cloud may upgrade what it runs."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from stacks.settings.cluster import ExclusionSettings, MaintenanceSettings, Weekday
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, got

LONGEST_EXCLUSION: Final = 30
"""Days that upgrades may be put off at a time."""

GKE_HOURS: Final = 12
"""Hours of a weekly window that make 48 in 32 days, which GKE asks for."""

GKE_EXCLUSIONS: Final = 3
"""Times without any upgrade that a GKE cluster may have."""

GKE_ROLLING_DAYS: Final = 92
GKE_AVAILABLE_HOURS: Final = 48
"""Hours of maintenance that GKE asks for in any period of so many days, counting what exclusions leave."""

WEEK: Final = timedelta(days=7)


def exclusions(draft: Draft) -> Iterator[Finding]:
    """Require times without upgrades that end, are short enough and have a name of their own."""
    if draft.lacks("cluster"):
        return
    names: set[str] = set()
    for position, exclusion in enumerate(draft.settings.cluster.maintenance.exclusions):
        here = ("cluster", "maintenance", "exclusions", position)
        days = _length(exclusion)
        if days <= 0:
            yield Finding((*here, "to"), got(exclusion.end), f"a day after from ({exclusion.start})")
        elif days > LONGEST_EXCLUSION:
            found = f"{got(exclusion.end)}, {days} days after from"
            yield Finding((*here, "to"), found, f"at most {LONGEST_EXCLUSION} days after from ({exclusion.start})")
        if exclusion.name in names:
            yield Finding((*here, "name"), f"{got(exclusion.name)} a second time", "each name once")
        names.add(exclusion.name)


def gke(draft: Draft) -> Iterator[Finding]:
    """Require as much time for upgrades as GKE asks for."""
    if draft.lacks("cluster", "cloud") or draft.settings.cloud is not CloudKind.GCP:
        return
    window = draft.settings.cluster.maintenance
    here = ("cluster", "maintenance")
    if window.hours < GKE_HOURS:
        allowed = f"at least {GKE_HOURS} on gcp, as GKE asks for {GKE_AVAILABLE_HOURS} hours in 32 days"
        yield Finding((*here, "hours"), got(window.hours), allowed)
    if len(window.exclusions) > GKE_EXCLUSIONS:
        found = f"got {len(window.exclusions)} exclusions"
        yield Finding((*here, "exclusions"), found, f"at most {GKE_EXCLUSIONS} on gcp")
    elif window.hours >= GKE_HOURS and all(0 < _length(each) <= LONGEST_EXCLUSION for each in window.exclusions):
        least = least_hours(window)
        if least < GKE_AVAILABLE_HOURS:
            found = f"got exclusions that leave {least} hours in {GKE_ROLLING_DAYS} days"
            allowed = f"exclusions that leave {GKE_AVAILABLE_HOURS} hours for upgrades in any {GKE_ROLLING_DAYS} days"
            yield Finding((*here, "exclusions"), found, allowed)


def eks(draft: Draft) -> Iterator[Finding]:
    """Refuse times without upgrades on AWS, where they would put nothing off.

    EKS upgrades no cluster within its standard support, RDS and MWAA know a weekly window only, and Karpenter replaces
    machines for what the program itself changes.
    """
    if draft.lacks("cluster", "cloud") or draft.settings.cloud is not CloudKind.AWS:
        return
    if exclusions := draft.settings.cluster.maintenance.exclusions:
        found = f"got {len(exclusions)} exclusion{'s' if len(exclusions) > 1 else ''}"
        allowed = "nothing on aws: EKS has no such window, and RDS and MWAA only a weekly one; it is for gcp"
        yield Finding(("cluster", "maintenance", "exclusions"), found, allowed)


def least_hours(window: MaintenanceSettings) -> int:
    """Return the fewest hours of maintenance in any 92 days; windows that an exclusion touches do not count.

    Any 92 days hold 13 weekly windows in a row from beginning to end, and there are some that hold no more.
    """
    monday = datetime.combine(date.min, time.fromisoformat(window.start_time))
    first = monday + timedelta(days=list(Weekday).index(window.day))
    excluded = [(_midnight(each.start), _midnight(each.end)) for each in window.exclusions]

    def is_open(week: int) -> bool:
        opens = first + week * WEEK
        closes = opens + timedelta(hours=window.hours)
        return not any(opens < until and since < closes for since, until in excluded)

    in_a_row = GKE_ROLLING_DAYS // WEEK.days
    weeks = {
        week
        for since, until in excluded
        for week in range((since - first) // WEEK - in_a_row, (until - first) // WEEK + 1)
    }
    least = min((sum(is_open(week + each) for each in range(in_a_row)) for week in weeks), default=in_a_row)
    return window.hours * least


def _midnight(day: str) -> datetime:
    """Return the beginning of a day; every time here is UTC."""
    return datetime.fromisoformat(day)


def _length(exclusion: ExclusionSettings) -> int:
    """Return the length of a time without upgrades, in days; not above 0 where it ends before it begins."""
    return (_midnight(exclusion.end) - _midnight(exclusion.start)).days


RULES: Final = (exclusions, gke, eks)
