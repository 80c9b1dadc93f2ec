import json
import re
from pathlib import Path
from typing import Any

from components import versions

PROJECT = Path(versions.__file__).resolve().parents[1]
SOURCE = Path(versions.__file__).read_text(encoding="utf-8").splitlines()
PIN = re.compile(r'^[A-Z0-9_]+: Final = "(?P<version>[^"]*)"$')
MARKER = re.compile(r"^# renovate: datasource=[a-z-]+ depName=\S+( registryUrl=\S+)?$")
RELEASE = re.compile(r"v\d+(\.\d+\.\d+(-eksbuild\.\d+|@sha256:[0-9a-f]{64})?)?|v20\d{6}")

BY_HAND = {"MWAA_AIRFLOW", "COMPOSER_AIRFLOW"}
"""Pins whose newer versions nothing lists that the update bot could read."""


def test_every_pin_is_a_release_with_a_marker_for_the_update_bot() -> None:
    pins = [(index, match["version"]) for index, line in enumerate(SOURCE) if (match := PIN.match(line))]
    public = [name for name in vars(versions) if name.isupper()]
    assert len(pins) == len(public) >= 5
    for index, version in pins:
        assert RELEASE.fullmatch(version), version
        by_hand = SOURCE[index].partition(":")[0] in BY_HAND
        assert bool(MARKER.match(SOURCE[index - 1])) is not by_hand, SOURCE[index]


def read_by_the_bot(path: str) -> list[dict[str, Any]]:
    """Return what the update bot's own patterns find in a file, by the names of their groups."""
    configuration = json.loads((PROJECT / "renovate.json").read_text(encoding="utf-8"))
    return [
        found.groupdict()
        for manager in configuration["customManagers"]
        if any(re.search(pattern.strip("/"), path) for pattern in manager["managerFilePatterns"])
        for pattern in manager["matchStrings"]
        # JavaScript's spelling of a group's name is not Python's.
        for found in re.finditer(pattern.replace("(?<", "(?P<"), (PROJECT / path).read_text(encoding="utf-8"))
    ]


def test_the_update_bot_reads_every_pin_that_is_marked() -> None:
    found = read_by_the_bot("components/versions.py")
    pinned = {name: value for name, value in vars(versions).items() if name.isupper() and name not in BY_HAND}
    written = [
        f"v{each['currentValue']}{'@' if (digest := each['currentDigest']) else ''}{digest or ''}" for each in found
    ]
    assert written == list(pinned.values())
    charts = [each for each in found if each["datasource"] == "helm"]
    assert len(charts) == 2
    assert all(each["registryUrl"].startswith("https://") for each in charts)
    (checkov,) = read_by_the_bot("mlplatform/check/checkov/requirements.in")
    assert checkov["depName"] == "checkov"
    assert f"checkov=={checkov['currentValue']}" in (PROJECT / "mlplatform/check/checkov/requirements.in").read_text()


def test_all_that_is_marked_for_the_update_bot_is_read() -> None:
    marked = sum(line.startswith("# renovate:") for line in SOURCE)
    assert len(read_by_the_bot("components/versions.py")) == marked
