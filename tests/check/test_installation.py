import re
import stat
import threading
from pathlib import Path

import pytest

from mlplatform.check.checkov import obtain, version
from mlplatform.check.checkov.installation import lock_text
from mlplatform.errors import UserError

REQUIREMENTS = Path(__file__).parents[2] / "mlplatform" / "check" / "checkov"


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a uv on PATH that notes how it is called and makes an empty environment; ``fail`` makes it fail."""
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/calls
[ -e {tmp_path}/fail ] && [ "$1" = pip ] && echo "no connection to the index" && exit 2
[ "$1" = venv ] && for home; do :; done && /bin/mkdir -p "$home/bin" && /bin/sleep 0.2
exit 0
""",
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
    return tmp_path


def calls(directory: Path) -> list[str]:
    file = directory / "calls"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_it_is_installed_once_from_the_lock_and_found_again(uv: Path):
    told: list[str] = []
    first = obtain(uv / "cache", told.append)
    assert first.version == version()
    assert first.python.is_relative_to(uv / "cache" / "checkov")
    made, installed = calls(uv)
    assert made.startswith("venv ")
    assert "--require-hashes" in installed
    assert "--only-binary :all:" in installed
    assert any("packages in an environment of its own" in line for line in told)
    assert obtain(uv / "cache", told.append) == first
    assert len(calls(uv)) == 2


def test_two_at_once_install_it_once(uv: Path):
    told: list[str] = []
    threads = [threading.Thread(target=obtain, args=(uv / "cache", told.append)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls(uv)) == 2
    assert "waiting for another mlplatform that installs checkov" in told


def test_what_fails_is_told_and_tried_again(uv: Path):
    (uv / "fail").touch()
    with pytest.raises(UserError, match=r"cannot be installed: uv failed\n  no connection to the index") as caught:
        obtain(uv / "cache", print)
    assert caught.value.hint is not None
    assert "connection to a package index" in caught.value.hint
    assert list((uv / "cache" / "checkov").iterdir()) == []
    (uv / "fail").unlink()
    obtain(uv / "cache", print)


def test_a_cache_that_cannot_be_written_is_told(uv: Path):
    (uv / "cache").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="cannot write"):
        obtain(uv / "cache", print)


def test_the_lock_fits_what_is_asked_and_has_a_hash_for_everything():
    wanted = re.search(r"^checkov==\S+$", (REQUIREMENTS / "requirements.in").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted is not None
    assert wanted[0] == f"checkov=={version()}"
    packages = re.split(r"^(?=\S)", lock_text(), flags=re.MULTILINE)[1:]
    assert len(packages) > 50
    assert [each.split()[0] for each in packages if "--hash=sha256:" not in each] == []
    assert "://" not in lock_text()
