import re
from pathlib import Path

from components import versions

SOURCE = Path(versions.__file__).read_text(encoding="utf-8").splitlines()
PIN = re.compile(r'^[A-Z_]+: Final = "(?P<version>[^"]*)"$')
MARKER = re.compile(r"^# renovate: datasource=[a-z-]+ depName=\S+$")


def test_every_pin_is_a_release_with_a_marker_for_the_update_bot() -> None:
    pins = [(index, match["version"]) for index, line in enumerate(SOURCE) if (match := PIN.match(line))]
    public = [name for name in vars(versions) if name.isupper()]
    assert len(pins) == len(public) >= 5
    for index, version in pins:
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), version
        assert MARKER.match(SOURCE[index - 1]), SOURCE[index]
