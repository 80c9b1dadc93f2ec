"""Programs come from PATH, a verified download or a build, and every failure says what was tried."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from mlplatform.errors import UserError
from mlplatform.local import binaries, gobuild
from mlplatform.local.binaries import SOURCES_VARIABLE, Source, resolve
from mlplatform.local.paths import cache_dir
from mlplatform.local.ports import free
from mlplatform.local.tools import TOOLS

Add = Callable[[str, str], Path]


def nobody() -> dict[str, str]:
    """Addresses of hosts that refuse connections."""
    return dict.fromkeys(("kubernetes", "github", "github-api", "helm"), f"http://127.0.0.1:{free(1)[0]}")


def obtain(mirror, *names: str) -> dict[str, binaries.Binary]:
    found = resolve(names, lambda _: None, bases=mirror.bases)
    return {name: found.binary(name) for name in found}


def failure(names: list[str], bases: dict[str, str]) -> UserError:
    with pytest.raises(UserError) as caught:
        resolve(names, lambda _: None, bases=bases)
    return caught.value


def entry(name: str) -> Path:
    return next((cache_dir() / "bin" / name).iterdir()) / name


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_ASK_SECONDS", 0.5)


def test_a_fitting_program_on_path_is_used_as_it_is(cache: Path, programs: Add, mirror) -> None:
    path = programs("etcd", "echo 'etcd Version: 3.6.99'")
    found = obtain(mirror, "etcd")["etcd"]
    assert (found.path, found.version, found.source) == (path, "v3.6.99", Source.PATH)
    assert mirror.requested == []
    assert not cache.exists()


@pytest.mark.parametrize(
    ("name", "script", "reason"),
    [
        ("etcd", "echo 'etcd Version: 3.4.30'", "is version 3.4.30, but 3.6.x is needed"),
        ("kube-apiserver", "echo 'Kubernetes v1.35.2'", "is version 1.35.2, but 1.36.x is needed"),
        ("kubectl", "echo 'Client Version: v1.34.9'", "is version 1.34.9, but 1.35.x to 1.37.x is needed"),
        ("helm", "echo v2.17.0+gabc", "is version 2.17.0, but 3.x is needed"),
        ("kwokctl", "exit 1", "does not tell its version"),
        ("kwok", "sleep 30; echo v0.8.0", "does not tell its version"),
        ("karpenter", "echo v1.14.1", "is not used, because karpenter does not tell its version"),
    ],
)
@pytest.mark.usefixtures("cache", "impatient")
def test_another_program_on_path_is_refused_with_the_reason(name: str, script: str, reason: str, programs: Add) -> None:
    path = programs(name, script)
    error = failure([name], nobody())
    assert f"path: {path} {reason}" in error.message


def test_kubectl_may_differ_by_one_minor_version(cache: Path, programs: Add, mirror) -> None:
    programs("kubectl", "echo 'Client Version: v1.35.0'")
    assert obtain(mirror, "kubectl")["kubectl"].source is Source.PATH


def test_without_network_and_go_one_error_names_every_program_and_every_way(cache: Path, programs: Add) -> None:
    bases = nobody()
    error = failure(["etcd", "kwok", "karpenter"], bases)
    assert error.message.splitlines()[0] == "cannot obtain 3 of the programs that the local environment runs:"
    for name in ("etcd", "kwok", "karpenter"):
        assert f"  {name} {TOOLS[name].version}" in error.message.splitlines()
    assert error.message.count("path: not on PATH") == 3
    assert error.message.count(f"cannot reach {bases['github']}") == 2
    assert "download: its project publishes no release of it" in error.message
    assert error.message.count("build: Go is not installed (Go 1.26") == 3
    assert error.hint is not None
    assert "install Go 1.26.6 or later" in error.hint


def test_a_host_out_of_reach_is_tried_once(cache: Path, programs: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    original = binaries.Downloader._get

    def counted(self: binaries.Downloader, base: str, path: str, *, stream: bool) -> object:
        if base not in self._unreachable:
            tried.append(base)
        return original(self, base, path, stream=stream)

    monkeypatch.setattr(binaries.Downloader, "_get", counted)
    failure(["kube-apiserver", "kube-scheduler", "kubectl"], nobody())
    assert len(tried) == 1


@pytest.mark.parametrize("name", ["etcd", "kube-apiserver", "kubectl", "kwok", "kwokctl", "helm"])
def test_a_release_is_downloaded_once_and_executable(name: str, cache: Path, programs: Add, mirror) -> None:
    mirror.publish(name, b"#!/bin/sh\necho from the release\n")
    said: list[str] = []
    found = resolve([name], said.append, bases=mirror.bases).binary(name)
    progress = f"{name} {TOOLS[name].version} (1 of 1)"
    assert said == [f"{progress}: downloading the official release", f"{progress}: downloaded and verified in 0 s"]
    assert found.source is Source.DOWNLOAD
    assert found.path.read_bytes().endswith(b"from the release\n")
    assert os.access(found.path, os.X_OK)
    requested = len(mirror.requested)
    assert obtain(mirror, name)[name].path == found.path
    assert len(mirror.requested) == requested


def test_a_download_with_another_checksum_is_discarded(cache: Path, programs: Add, mirror) -> None:
    mirror.publish("kubectl", b"tampered with", checksum="ab" * 32)
    error = failure(["kubectl"], mirror.bases)
    assert "but " + "ab" * 32 + " is published; it was discarded" in error.message
    assert list(cache.rglob("kubectl")) == []


def test_a_download_without_a_published_checksum_is_refused(cache: Path, programs: Add, mirror) -> None:
    mirror.publish("etcd", b"program")
    sums = next(path for path in mirror.files if path.endswith("SHA256SUMS"))
    mirror.files[sums] = b"0" * 64 + b"  another-file\n"
    assert "has no SHA-256 of etcd-" in failure(["etcd"], mirror.bases).message


@pytest.mark.parametrize("damage", ["truncated", "changed", "removed", "manifest"])
def test_a_damaged_cache_entry_is_obtained_again(damage: str, cache: Path, programs: Add, mirror) -> None:
    mirror.publish("kwokctl", b"the program")
    path = obtain(mirror, "kwokctl")["kwokctl"].path
    if damage == "truncated":
        path.write_bytes(b"the")
    elif damage == "changed":
        path.write_bytes(b"the Program")
    elif damage == "removed":
        path.unlink()
    else:
        path.with_name("manifest.json").write_text("{", encoding="utf-8")
    requested = len(mirror.requested)
    assert obtain(mirror, "kwokctl")["kwokctl"].path.read_bytes() == b"the program"
    assert len(mirror.requested) > requested


def test_an_entry_that_was_only_touched_is_kept(cache: Path, programs: Add, mirror) -> None:
    mirror.publish("kwokctl", b"the program")
    path = obtain(mirror, "kwokctl")["kwokctl"].path
    os.utime(path, (1, 1))
    requested = len(mirror.requested)
    obtain(mirror, "kwokctl")
    assert len(mirror.requested) == requested


def test_what_a_killed_process_left_half_done_is_removed(cache: Path, programs: Add, mirror) -> None:
    half = cache / "tmp" / "killed"
    half.mkdir(parents=True)
    (half / "release").write_bytes(b"half")
    mirror.publish("kwokctl", b"the program")
    obtain(mirror, "kwokctl")
    assert list((cache / "tmp").iterdir()) == []


def test_a_second_process_waits_for_the_first(cache: Path, programs: Add, mirror) -> None:
    mirror.publish("kwokctl", b"the program")
    cache.mkdir()
    lock = filelock.FileLock(cache / "bin.lock")
    lock.acquire()
    said: list[str] = []
    waiting = threading.Event()

    def report(line: str) -> None:
        said.append(line)
        waiting.set()

    thread = threading.Thread(target=lambda: resolve(["kwokctl"], report, bases=mirror.bases))
    thread.start()
    assert waiting.wait(10)
    assert said == ["waiting for another mlplatform that obtains programs"]
    assert mirror.requested == []
    lock.release()
    thread.join(10)
    assert entry("kwokctl").read_bytes() == b"the program"


GO = """
case "$1" in
  env) echo go1.26.6; echo local ;;
  list) echo "{module}" ;;
  build) while [ "$1" != "-o" ]; do shift; done; echo "cgo $CGO_ENABLED from $PWD" > "$2"; cat go.mod >> "$2" ;;
esac
"""


def test_a_build_uses_the_module_of_the_wheel_and_keeps_definitions_beside_the_program(
    cache: Path, programs: Add, mirror, tmp_path: Path
) -> None:
    module = tmp_path / "module"
    for file in ("pkg/apis/crds/karpenter.sh_nodepools.yaml", "kwok/apis/crds/karpenter.kwok.sh_kwoknodeclasses.yaml"):
        (module / file).parent.mkdir(parents=True)
        (module / file).write_text(f"kind: {file}\n", encoding="utf-8")
        (module / file).chmod(0o444)
    programs("go", GO.format(module=module))
    said: list[str] = []
    found = resolve(["karpenter"], said.append, bases=mirror.bases).binary("karpenter")
    assert found.source is Source.BUILD
    assert "cgo 0 from " in found.path.read_text(encoding="utf-8")
    assert "module mlplatform/build/karpenter" in found.path.read_text(encoding="utf-8")
    assert sorted(path.name for path in (found.path.parent / "crds").iterdir()) == [
        "karpenter.kwok.sh_kwoknodeclasses.yaml",
        "karpenter.sh_nodepools.yaml",
    ]
    assert sorted(path.name for path in found.path.parent.iterdir()) == ["crds", "karpenter", "manifest.json"]
    assert said[0].startswith(f"karpenter {TOOLS['karpenter'].version} (1 of 1): building it")
    assert said[1].startswith(f"karpenter {TOOLS['karpenter'].version} (1 of 1): built in ")


def test_a_lost_definition_damages_the_entry(cache: Path, programs: Add, mirror, tmp_path: Path) -> None:
    test_a_build_uses_the_module_of_the_wheel_and_keeps_definitions_beside_the_program(
        cache, programs, mirror, tmp_path
    )
    lost = entry("karpenter").parent / "crds" / "karpenter.sh_nodepools.yaml"
    lost.unlink()
    resolve(["karpenter"], lambda _: None, bases=mirror.bases)
    assert lost.exists()


def test_a_failed_build_shows_its_last_lines_and_keeps_the_log(cache: Path, programs: Add, mirror) -> None:
    programs(
        "go", 'case "$1" in env) echo go1.26.6; echo local ;; *) echo "dial tcp: no such host" >&2; exit 1 ;; esac'
    )
    error = failure(["kwok"], mirror.bases)
    log = cache / "logs" / "build-kwok.log"
    assert f"build: go build failed (1; all of it is in {log}):" in error.message
    assert "dial tcp: no such host" in error.message
    assert log.read_text(encoding="utf-8") == "dial tcp: no such host\n"
    assert list((cache / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("echo go1.19.4; echo ''", "is Go 1.19.4, but Go 1.26.0 or later is needed"),
        ("echo go1.25.1; echo local", "is Go 1.25.1, but Go 1.26.0 or later is needed"),
        ("echo devel", "does not tell its version"),
        ("echo broken >&2; exit 2", "go env failed: broken"),
    ],
)
def test_an_unfit_go_is_named_with_what_is_needed(told: str, problem: str, programs: Add) -> None:
    programs("go", told)
    said = gobuild.go_problem(["etcd"])
    assert said is not None
    assert problem in said


def test_a_go_that_fetches_newer_ones_itself_is_good_enough(programs: Add) -> None:
    programs("go", "echo go1.22.0; echo auto")
    assert gobuild.go_problem(["karpenter", "etcd"]) is None


def test_the_setting_restricts_the_sources(cache: Path, programs: Add, mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("kwok", "echo kwok version v0.8.0")
    mirror.publish("kwok", b"the release")
    monkeypatch.setenv(SOURCES_VARIABLE, "download")
    assert obtain(mirror, "kwok")["kwok"].source is Source.DOWNLOAD
    monkeypatch.setenv(SOURCES_VARIABLE, "build")
    error = failure(["kwok"], mirror.bases)
    assert "PATH" not in error.message
    assert "download" not in error.message


def test_an_unknown_source_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, "path,docker")
    with pytest.raises(UserError, match="got 'path,docker'; allowed: a comma-separated list of path, download, build"):
        resolve(["etcd"], lambda _: None)


def test_a_cache_that_cannot_be_written_is_a_clear_error(tmp_path: Path, programs: Add, mirror, cache: Path) -> None:
    cache.write_text("a file in the place of the directory", encoding="utf-8")
    error = failure(["kwok"], mirror.bases)
    assert error.message.startswith(f"cannot write {cache}")


@pytest.mark.skipif(gobuild.go_problem(["etcd"]) is not None, reason="Go does not build here")
def test_a_real_build_makes_a_program_of_the_pinned_version(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, "build")
    found = resolve(["etcd"], lambda _: None)
    told = subprocess.run([found["etcd"], "--version"], capture_output=True, text=True, check=True).stdout
    assert f"etcd Version: {TOOLS['etcd'].version.removeprefix('v')}" in told


def test_every_go_module_pins_the_version_that_the_platform_pins() -> None:
    for tool in TOOLS.values():
        text = (gobuild.MODULES / tool.build.module / "go.mod").read_text(encoding="utf-8")
        assert f" {tool.version}\n" in text or f" {tool.version} //" in text, tool.name
        assert f"module mlplatform/build/{tool.build.module}\n" in text
