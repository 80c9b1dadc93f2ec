"""The doctor says what is there, what is missing and how to get it."""

import os
import shutil
from pathlib import Path

import pytest

from mlplatform import doctor
from mlplatform.doctor import Row, Verdict
from mlplatform.local.binaries import SOURCES_VARIABLE
from mlplatform.local.paths import CACHE_VARIABLE, STATE_VARIABLE
from mlplatform.local.store import Store
from mlplatform.local.tools import TOOLS


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing installed; the directory is the only one on PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.delenv(SOURCES_VARIABLE, raising=False)
    return programs


def rows() -> dict[str, Row]:
    return {row.subject: row for row in doctor.examine()}


def script(directory: Path, name: str, text: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_on_an_empty_machine_only_what_has_no_download_is_missing(machine: Path, tmp_path: Path) -> None:
    found = rows()
    assert {name for name in TOOLS if found[name].verdict is Verdict.MISSING} == {"karpenter"}
    assert found["karpenter"].remedy.startswith("install Go 1.26")
    assert found["etcd"] == Row(
        "etcd", Verdict.LATER, "not on PATH; not in the cache", "it is downloaded when it is first needed"
    )
    assert found["pulumi"].verdict is Verdict.OPTIONAL
    assert found["docker"].remedy == "only needed for --runtime docker"
    assert found["go"].verdict is Verdict.OPTIONAL
    assert not doctor.healthy(doctor.examine())
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "state").exists()


def test_with_go_everything_can_be_had(machine: Path) -> None:
    script(machine, "go", "echo go1.26.6; echo local")
    found = rows()
    assert found["go"] == Row("go", Verdict.OK, "1.26.6")
    assert found["karpenter"].remedy == "it is built with Go when it is first needed"
    assert found["kubectl"].remedy == "it is downloaded or built with Go when it is first needed"
    assert doctor.healthy(doctor.examine())


def test_a_program_of_another_version_is_named(machine: Path) -> None:
    script(machine, "helm", "echo v2.17.0")
    script(machine, "etcd", "echo etcd Version: 3.6.0")
    script(machine, "pulumi", "echo v3.200.1")
    found = rows()
    assert "helm is version 2.17.0, but 3.x is needed" in found["helm"].detail
    assert found["etcd"] == Row("etcd", Verdict.OK, f"v3.6.0 at {machine / 'etcd'}")
    assert found["pulumi"].verdict is Verdict.OPTIONAL
    assert f"{machine / 'pulumi'} is version 3.200.1; wanted: " in found["pulumi"].detail


def test_restricted_sources_change_the_remedy(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, "path")
    row = rows()["kubectl"]
    assert row.verdict is Verdict.MISSING
    assert row.remedy == f"put kubectl 1.35.x to 1.37.x on PATH, or allow more sources than {SOURCES_VARIABLE} does"


def test_a_damaged_program_is_seen_though_size_and_time_are_right(machine: Path, tmp_path: Path) -> None:
    tool = TOOLS["kwok"]
    store = Store(tmp_path / "cache")
    with store.staging() as staged:
        (staged / "kwok").write_text("the program", encoding="utf-8")
        path = store.put(tool, staged, "build").path
    assert rows()["kwok"] == Row("kwok", Verdict.OK, f"{tool.version} in the cache, from a build")
    times = path.stat()
    path.write_text("the Program", encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    row = rows()["kwok"]
    assert (row.verdict, row.detail) == (Verdict.LATER, "not on PATH; damaged in the cache")


def test_a_full_disk_and_an_unusable_directory_are_named(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 30)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    found = rows()
    assert found["cache directory"].detail == f"{tmp_path / 'cache'}: 1.0 GiB are free"
    assert found["state directory"].detail == f"{tmp_path / 'state'} cannot be written"
    assert STATE_VARIABLE in found["state directory"].remedy


def test_a_half_made_and_an_unreadable_cluster_are_named(machine: Path, tmp_path: Path) -> None:
    (tmp_path / "state" / "half").mkdir(parents=True)
    (tmp_path / "state" / "odd").mkdir()
    (tmp_path / "state" / "odd" / "cluster.json").write_text("?", encoding="utf-8")
    found = rows()
    assert (found["cluster half"].verdict, found["cluster half"].detail) == (Verdict.LATER, "half made")
    assert found["cluster odd"].verdict is Verdict.MISSING
    assert "mlplatform down" in found["cluster odd"].remedy
