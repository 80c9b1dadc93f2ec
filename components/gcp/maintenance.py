"""When Google may upgrade what it runs for an environment."""

from collections.abc import Mapping
from typing import Final, TypedDict

from pulumi.errors import InputPropertyErrorDetails

from components.errors import problem

DAYS: Final[Mapping[str, int]] = {
    day: number
    for number, day in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
}
"""Number of each day of the week, from Monday, 1."""

LAST_HOUR: Final = 23
LAST_MINUTE: Final = 59


class GcpMaintenanceWindow(TypedDict):
    """A weekly window in which upgrades may begin by themselves."""

    day: str
    """Day of the week in lower case, such as ``sunday``."""
    start_time: str
    """When it opens, ``HH:MM`` in UTC."""
    hours: int
    """How long it is open."""


def start_hour(window: GcpMaintenanceWindow) -> int:
    """Return the hour, 0 to 23, in which the window opens."""
    return int(window["start_time"].partition(":")[0])


def window_problems(window: GcpMaintenanceWindow) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the window."""
    found = []
    if window["day"] not in DAYS:
        found.append(problem("maintenance.day", f"got {window['day']!r}; allowed: {', '.join(DAYS)}"))
    hour, _, minute = window["start_time"].partition(":")
    digits = hour.isdecimal() and minute.isdecimal()
    if not (digits and int(hour) <= LAST_HOUR and int(minute) <= LAST_MINUTE):
        found.append(problem("maintenance.start_time", f"got {window['start_time']!r}; allowed: HH:MM in UTC"))
    return found
