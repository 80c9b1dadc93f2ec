"""When AWS may work on what it runs for the platform, in the forms that its services take."""

import re
from datetime import datetime, timedelta
from typing import Final, TypedDict

from pulumi.errors import InputPropertyErrorDetails

from components.errors import problem

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LONGEST_HOURS: Final = 8
_BACKUP_LEAD: Final = timedelta(hours=2)
_BACKUP_LENGTH: Final = timedelta(hours=1)
_HALF_HOUR: Final = 30


class AwsMaintenanceWindow(TypedDict):
    """Hours of the week in which a service may be interrupted, in UTC."""

    day: str
    """Day on which it begins, such as ``sunday``."""
    start_time: str
    """Time at which it begins, such as ``03:00``."""
    hours: int
    """How long it is."""


def window_problems(window: AwsMaintenanceWindow) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with a component's argument ``maintenance``."""
    found = []
    if window["day"] not in _DAYS:
        found.append(problem("maintenance.day", f"got {window['day']!r}; allowed: {', '.join(_DAYS)}"))
    if not _TIME.fullmatch(window["start_time"]):
        found.append(problem("maintenance.start_time", f"got {window['start_time']!r}; allowed: HH:MM in UTC"))
    if int(window["hours"]) < 1:
        found.append(problem("maintenance.hours", f"got {int(window['hours'])}; allowed: 1 or more"))
    return found


def database_window(window: AwsMaintenanceWindow) -> str:
    """Return the weekly window in the form of RDS, such as ``sun:03:00-sun:07:00``.

    At most its first eight hours, so that it leaves a part of each day to the backups.
    """
    start = _start(window)
    end = start + timedelta(hours=min(int(window["hours"]), _LONGEST_HOURS))
    return f"{_moment(start)}-{_moment(end)}"


def backup_window(window: AwsMaintenanceWindow) -> str:
    """Return the hour of each day in which databases are backed up, such as ``01:00-02:00``: before maintenance."""
    start = _start(window) - _BACKUP_LEAD
    return f"{start:%H:%M}-{start + _BACKUP_LENGTH:%H:%M}"


def airflow_start(window: AwsMaintenanceWindow) -> str:
    """Return the beginning of the window in the form of MWAA, such as ``SUN:03:00``: a full or a half hour."""
    start = _start(window)
    return _moment(start.replace(minute=start.minute - start.minute % _HALF_HOUR)).upper()


def _start(window: AwsMaintenanceWindow) -> datetime:
    """Return the beginning of the window in a week that begins with a Monday."""
    time = datetime.strptime(window["start_time"], "%H:%M")  # noqa: DTZ007  the time of no day
    return time.replace(year=2024, month=1, day=1 + _DAYS.index(window["day"]))


def _moment(moment: datetime) -> str:
    return f"{_DAYS[moment.weekday()][:3]}:{moment:%H:%M}"
