"""Checks of single values that a pattern cannot make."""

import ipaddress
import re
from typing import Final

from pydantic_core import PydanticCustomError

MACROS: Final = ("@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly")

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    ("day of week", 0, 6, {name: number for number, name in enumerate(WEEKDAYS)}),
)


def check_cidr(value: str) -> str:
    """Refuse what is not an IPv4 network, and name the network where only host bits are set."""
    try:
        ipaddress.IPv4Network(value)
    except ValueError:
        try:
            network = ipaddress.IPv4Network(value, strict=False)
        except ValueError:
            raise PydanticCustomError("cidr", "not an IPv4 network") from None
        raise PydanticCustomError("cidr", "host bits are set", {"suggestion": str(network)}) from None
    return value


def check_schedule(value: str) -> str:
    """Refuse what Kubernetes does not read as a cron schedule, and name the field."""
    if value in MACROS:
        return value
    fields = value.split()
    if value.startswith("@") or len(fields) != len(FIELDS):
        raise PydanticCustomError("schedule", "not a cron schedule")
    for field, (name, low, high, words) in zip(fields, FIELDS, strict=True):
        if not all(_is_range(part, low, high, words) for part in field.split(",")):
            raise PydanticCustomError(
                "schedule", "bad field", {"reason": f'the {name} "{field}" is not within {low}-{high}'}
            )
    return value


def _is_range(part: str, low: int, high: int, words: dict[str, int]) -> bool:
    """Tell whether one comma-separated part of a field is ``*``, a number or a range, with a step or without."""
    match = re.fullmatch(r"(?:(\*|\?)|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:/([0-9]+))?", part)
    if match is None:
        return False
    _, first, last, step = match.groups()
    if step is not None and int(step) < 1:
        return False
    if first is None:
        return True
    numbers = [_number(bound, words) for bound in (first, last) if bound is not None]
    return all(low <= number <= high for number in numbers) and numbers == sorted(numbers)


def _number(bound: str, words: dict[str, int]) -> int:
    """Return the number of a bound, or -1 where it is none."""
    return int(bound) if bound.isdigit() else words.get(bound.lower(), -1)
