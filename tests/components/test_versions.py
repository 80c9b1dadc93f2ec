import re
from pathlib import Path

from components import versions

SOURCE = Path(versions.__file__).read_text(encoding="utf-8").splitlines()
PIN = re.compile(r'^[A-Z0-9_]+: Final = "(?P<version>[^"]*)"$')
MARKER = re.compile(r"^# renovate: datasource=[a-z-]+ depName=\S+( registryUrl=\S+)?$")
RELEASE = re.compile(r"v\d+(\.\d+\.\d+(-eksbuild\.\d+|@sha256:[0-9a-f]{64})?)?|v20\d{6}")


def test_every_pin_is_a_release_with_a_marker_for_the_update_bot() -> None:
    pins = [(index, match["version"]) for index, line in enumerate(SOURCE) if (match := PIN.match(line))]
    public = [name for name in vars(versions) if name.isupper()]
    assert len(pins) == len(public) >= 5
    for index, version in pins:
        assert RELEASE.fullmatch(version), version
        assert MARKER.match(SOURCE[index - 1]), SOURCE[index]
