"""How much time exclusions leave for upgrades."""

import pytest

from stacks.settings import MaintenanceSettings
from stacks.settings.rules.maintenance import least_hours


def maintenance(spans: list[tuple[str, str]], start_time: str, hours: int) -> MaintenanceSettings:
    exclusions = [{"name": "x", "from": start, "to": end} for start, end in spans]
    return MaintenanceSettings.model_validate({"startTime": start_time, "hours": hours, "exclusions": exclusions})


@pytest.mark.parametrize(
    ("spans", "windows"),
    [
        ([], 13),
        ([("2026-12-21", "2026-12-26")], 13),
        ([("2026-12-21", "2026-12-27")], 13),
        ([("2026-12-21", "2026-12-28")], 12),
        ([("2026-12-20", "2027-01-04")], 10),
        ([("2026-12-20", "2027-01-04"), ("2027-02-01", "2027-02-22")], 7),
        ([("2026-12-20", "2027-01-04"), ("2027-08-01", "2027-08-15")], 10),
        ([("2026-10-01", "2026-10-31"), ("2026-10-31", "2026-11-30"), ("2026-11-30", "2026-12-30")], 0),
    ],
)
def test_the_fewest_windows_of_any_92_days(spans: list[tuple[str, str]], windows: int):
    assert least_hours(maintenance(spans, "02:00", 12)) == 12 * windows


def test_a_window_that_lasts_into_an_exclusion_does_not_count():
    spans = [("2026-12-21", "2026-12-26")]
    assert least_hours(maintenance(spans, "12:00", 12)) == 12 * 13
    assert least_hours(maintenance(spans, "12:01", 12)) == 12 * 12
