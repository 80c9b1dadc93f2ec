import subprocess
import sys
import time

import pytest

from mlplatform.engine import command, find, obtain
from mlplatform.engine.command import sdk_version
from mlplatform.errors import UserError
from mlplatform.local.paths import cache_dir

MAJOR, MINOR = sdk_version().split(".")[:2]


@pytest.fixture(autouse=True)
def nothing_reachable(monkeypatch):
    monkeypatch.setattr(command, "_reachable", lambda: False)


@pytest.mark.parametrize("version", [sdk_version(), f"{MAJOR}.{int(MINOR) + 40}.1"])
def test_a_cli_on_path_that_is_not_older_than_the_sdk_is_taken(pulumi, version):
    fake = pulumi(version)
    found = find()
    assert found.command is not None
    assert (found.command.path, found.command.version) == (fake.path, version)


@pytest.mark.parametrize("version", [f"{MAJOR}.{int(MINOR) - 1}.0", f"{int(MAJOR) + 1}.0.0"])
def test_a_cli_that_does_not_fit_the_sdk_is_not_taken(pulumi, version):
    pulumi(version)
    found = find()
    assert found.command is None
    assert f"is version {version}; wanted: {MAJOR}.{MINOR} or a later {MAJOR}.x" in found.reason


def test_a_cli_in_the_cache_is_taken_when_the_one_on_path_does_not_fit(pulumi):
    pulumi(f"{MAJOR}.0.0")
    cached = pulumi(directory=cache_dir() / "pulumi" / sdk_version() / "bin")
    found = find()
    assert found.command is not None
    assert found.command.path == cached.path


def test_something_else_of_that_name_is_not_taken(pulumi):
    pulumi().path.write_text("#!/bin/sh\necho hello\n")
    assert "does not tell its version" in find().reason
    pulumi().path.write_text("not a program")
    assert "cannot be run" in find().reason


def test_without_a_network_there_is_none_and_the_reason_says_so():
    found = obtain(print)
    assert found.command is None
    assert found.reason == "pulumi is not on PATH, and it cannot be installed: get.pulumi.com cannot be reached"


def test_downloads_can_be_switched_off(monkeypatch):
    monkeypatch.setattr(command, "_reachable", lambda: pytest.fail("asked the network"))
    monkeypatch.setenv("MLPLATFORM_BINARIES", "path,build")
    assert obtain(print).reason == "pulumi is not on PATH, and MLPLATFORM_BINARIES allows no download"


def test_the_user_chooses_the_engine(pulumi, monkeypatch):
    monkeypatch.setenv("MLPLATFORM_ENGINE", "pulumi")
    with pytest.raises(UserError, match="MLPLATFORM_ENGINE is pulumi, and there is no Pulumi CLI"):
        obtain(print)
    pulumi()
    assert obtain(print).command is not None
    monkeypatch.setenv("MLPLATFORM_ENGINE", "kubectl")
    assert obtain(print).command is None
    monkeypatch.setenv("MLPLATFORM_ENGINE", "terraform")
    with pytest.raises(UserError, match="got 'terraform'; allowed: auto, pulumi, kubectl"):
        obtain(print)


def test_the_installer_is_run_apart_and_what_it_installs_is_taken(pulumi, monkeypatch):
    monkeypatch.setattr(command, "_reachable", lambda: True)
    target = cache_dir() / "pulumi" / sdk_version() / "bin"

    def run_installer() -> str:
        pulumi(directory=target)
        return ""

    monkeypatch.setattr(command, "_run_installer", run_installer)
    found = obtain(print)
    assert found.command is not None
    assert found.command.path == target / "pulumi"


def test_an_installer_that_fails_or_hangs_is_told_without_a_traceback(monkeypatch):
    monkeypatch.setattr(command, "_reachable", lambda: True)
    monkeypatch.setattr(command, "_INSTALL", "raise SystemExit('no such version')")
    assert obtain(print).reason.endswith("it cannot be installed: no such version")
    monkeypatch.setattr(command, "_INSTALL", "import time; time.sleep(60)")
    monkeypatch.setattr(command, "_INSTALL_SECONDS", 0.5)
    start = time.monotonic()
    assert obtain(print).reason.endswith("it took longer than 0 s")
    assert time.monotonic() - start < 10


def test_the_real_installer_is_called_as_the_sdk_defines_it():
    """Its arguments are those of the SDK that is installed: a wrong name would only show with a network."""
    check = (
        "import inspect; from pulumi.automation import PulumiCommand; from semver import VersionInfo; "
        "inspect.signature(PulumiCommand.install).bind(root='r', version=VersionInfo.parse('3.1.2'))"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
