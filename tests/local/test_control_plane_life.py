"""A control plane is started, repaired and removed, whatever happened to it in between."""

import contextlib
import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mlplatform.errors import UserError
from mlplatform.local import ports, processes
from mlplatform.local.binaries import Binaries, resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.layout import Ports
from mlplatform.local.paths import STATE_VARIABLE

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster-life")]

COMPONENTS = [*processes.COMPONENTS, processes.KARPENTER]

START = "import sys; from mlplatform.local.cluster import ControlPlane; ControlPlane(sys.argv[1]).start(print)"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(path))
        yield path


@pytest.fixture(scope="module")
def life(directory: Path) -> Iterator[ControlPlane]:
    made = ControlPlane("life")
    yield made
    made.stop()


@pytest.fixture
def plane(life: ControlPlane) -> ControlPlane:
    """A control plane that the tests of this file damage, running again whatever the last one did to it."""
    life.start(print)
    return life


def pids(plane: ControlPlane) -> dict[str, int | None]:
    return {row.component: row.pid for row in plane.status()}


def kill(pid: int | None) -> None:
    assert pid is not None
    process = psutil.Process(pid)
    process.kill()
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def is_healthy(plane: ControlPlane) -> bool:
    rows = plane.status()
    return [row.component for row in rows] == COMPONENTS and all(row.healthy for row in rows)


def restart(plane: ControlPlane) -> list[str]:
    said: list[str] = []
    plane.start(said.append)
    assert is_healthy(plane)
    return said


def test_a_second_start_changes_nothing_and_takes_less_than_a_second(plane: ControlPlane) -> None:
    before = pids(plane)
    began = time.monotonic()
    said = restart(plane)
    assert time.monotonic() - began < 1
    assert said == []
    assert pids(plane) == before


@pytest.mark.parametrize("component", ["kube-apiserver", "etcd", "karpenter", "kwok-controller"])
def test_a_killed_component_is_seen_and_started_again_with_what_was_stored(
    component: str, plane: ControlPlane, kubectl_for: Callable
) -> None:
    kubectl = kubectl_for(plane)
    kubectl("create", "configmap", f"before-{component}")
    before = pids(plane)
    kill(before[component])
    row = next(row for row in plane.status() if row.component == component)
    assert (row.healthy, row.pid, row.detail) == (False, None, "is not running")
    said = restart(plane)
    assert said == [f"repairing the cluster life: {component}"]
    after = pids(plane)
    assert {name for name in after if after[name] != before[name]} == {component}
    kubectl("get", "configmap", f"before-{component}")


def test_after_a_reboot_ports_and_process_ids_of_others_are_left_alone(
    plane: ControlPlane, directory: Path, kubectl_for: Callable
) -> None:
    kubectl = kubectl_for(plane)
    kubectl("create", "secret", "generic", "survivor", "--from-literal=key=value")
    address = next(row.detail for row in plane.status() if row.component == "kube-apiserver")
    for pid in pids(plane).values():
        kill(pid)
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        for file in (directory / "life" / "kwok" / "clusters" / "life" / "pids").iterdir():
            file.write_text(str(stranger.pid), encoding="ascii")
        port = int(address.rsplit(":", 1)[1])
        # The sockets of a killed process can outlive it for a moment.
        assert not ports.taken(port, 10)
        with socket.create_server(("127.0.0.1", port)):
            said = restart(plane)
        assert said[0].startswith("configuring the cluster life anew: another program uses port ")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert next(row.detail for row in plane.status() if row.component == "kube-apiserver") != address
    kubectl("get", "secret", "survivor")


def test_stale_process_ids_alone_do_not_hinder_a_repair(plane: ControlPlane, directory: Path) -> None:
    for pid in pids(plane).values():
        kill(pid)
    for file in (directory / "life" / "kwok" / "clusters" / "life" / "pids").iterdir():
        file.write_text(str(os.getpid()), encoding="ascii")
    assert restart(plane)[0].startswith("repairing the cluster life: etcd, kube-apiserver, ")


def test_a_damaged_configuration_of_kwokctl_is_made_anew(
    plane: ControlPlane, directory: Path, kubectl_for: Callable
) -> None:
    kubectl_for(plane)("create", "configmap", "kept")
    (directory / "life" / "kwok" / "clusters" / "life" / "kwok.yaml").write_text("{", encoding="utf-8")
    kill(pids(plane)["kube-scheduler"])
    assert restart(plane)[0].startswith("repairing")
    kubectl_for(plane)("get", "configmap", "kept")


def test_an_unreadable_record_is_a_clear_error_with_a_way_out(directory: Path) -> None:
    broken = directory / "broken"
    broken.mkdir()
    (broken / "cluster.json").write_text('{"format": 1, "name": "broken"}', encoding="utf-8")
    plane = ControlPlane("broken")
    for use in (plane.status, lambda: plane.start(print)):
        with pytest.raises(UserError, match=r"cluster.json cannot be used: it is not a cluster's record") as caught:
            use()
        assert caught.value.hint is not None
        assert "mlplatform down" in caught.value.hint
    plane.stop()
    assert not plane.exists()


def test_a_start_that_is_killed_is_repaired_by_the_next(directory: Path) -> None:
    plane = ControlPlane("killed")
    work = directory / "killed" / "kwok" / "clusters" / "killed"
    with subprocess.Popen([sys.executable, "-c", START, "killed"], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (work / "pids" / "etcd.pid").exists():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.kill()
    assert plane.exists()
    assert plane.status() == ()
    try:
        restart(plane)
        names = [running.name for running in processes.find(directory / "killed")]
        assert sorted(names) == sorted(COMPONENTS)
    finally:
        plane.stop()
    assert not plane.exists()


def test_a_start_that_is_killed_can_be_taken_down(directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", START, "halfway"], stdout=subprocess.DEVNULL) as process:
        while not (directory / "halfway" / "kwok" / "clusters" / "halfway" / "pids" / "etcd.pid").exists():
            time.sleep(0.005)
        process.kill()
    plane = ControlPlane("halfway")
    plane.stop()
    assert processes.find(directory / "halfway") == ()
    assert not (directory / "halfway").exists()


def test_a_removed_state_directory_does_not_leave_its_processes_in_the_way(directory: Path) -> None:
    plane = ControlPlane("removed")
    try:
        plane.start(print)
        old = set(pids(plane).values())
        shutil.rmtree(directory / "removed")
        assert plane.exists()
        restart(plane)
        assert old.isdisjoint(pids(plane).values())
        assert len(processes.find(directory / "removed")) == len(COMPONENTS)
    finally:
        plane.stop()
    assert not plane.exists()


def test_a_component_that_hangs_is_ended_and_started_again(
    plane: ControlPlane, kubectl_for: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlplatform.local.cluster._REPAIR_SECONDS", 1)
    kubectl_for(plane)("create", "configmap", "before-it-hung")
    pid = pids(plane)["kube-apiserver"]
    psutil.Process(pid).suspend()
    row = next(row for row in plane.status() if row.component == "kube-apiserver")
    assert (row.healthy, row.pid) == (False, pid)
    assert restart(plane)[0] == "repairing the cluster life: all components run, but not all answer"
    kubectl_for(plane)("get", "configmap", "before-it-hung")


def test_a_port_that_is_taken_in_the_last_moment_is_replaced(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = ControlPlane("unlucky")
    original = Ports.choose
    chosen: list[Ports] = []
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def choose() -> Ports:
            free = original()
            chosen.append(free if chosen else dataclasses.replace(free, api_server=stranger.getsockname()[1]))
            return chosen[-1]

        monkeypatch.setattr(Ports, "choose", choose)
        began = time.monotonic()
        try:
            restart(plane)
            assert time.monotonic() - began < 30
            assert len(chosen) > 1
        finally:
            plane.stop()


def test_a_program_that_does_not_run_is_quoted_and_nothing_is_left(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo Kubernetes v1.36.3 || { echo "cannot go on" >&2; exit 1; }\n',
        encoding="utf-8",
    )
    broken.chmod(0o755)

    def resolve_with_one_broken(names: tuple[str, ...], report: Callable[[str], None]) -> Binaries:
        found = resolve(names, report)
        return Binaries(
            dataclasses.replace(found.binary(name), path=broken) if name == broken.name else found.binary(name)
            for name in found
        )

    monkeypatch.setattr("mlplatform.local.cluster.resolve", resolve_with_one_broken)
    plane = ControlPlane("unfit")
    began = time.monotonic()
    with pytest.raises(UserError, match=r"kube-apiserver of the cluster unfit ended at once; it said:\ncannot go on"):
        plane.start(print)
    assert time.monotonic() - began < 20
    assert processes.find(directory / "unfit") == ()
    plane.stop()
    assert not plane.exists()


def test_data_that_cannot_be_read_is_a_clear_error_with_a_way_out(directory: Path) -> None:
    plane = ControlPlane("rotten")
    try:
        plane.start(print)
        for pid in pids(plane).values():
            kill(pid)
        for file in (directory / "rotten" / "etcd" / "member").rglob("*"):
            if file.is_file():
                file.write_bytes(b"rotten" * 1000)
        with pytest.raises(UserError, match=r"etcd of the cluster rotten ended at once; it said:\n") as caught:
            plane.start(print)
        assert caught.value.hint == "`mlplatform down` removes the cluster rotten with all that is in it"
        assert processes.find(directory / "rotten") == ()
    finally:
        plane.stop()
    assert not plane.exists()


def test_two_starts_at_once_make_one_cluster(directory: Path) -> None:
    plane = ControlPlane("twice")
    try:
        started = [subprocess.Popen([sys.executable, "-c", START, "twice"], stdout=subprocess.PIPE) for _ in range(2)]
        said = [process.communicate(timeout=120)[0].decode() for process in started]
        assert [process.returncode for process in started] == [0, 0]
        assert sum("starting the cluster twice" in each for each in said) == 1
        assert not any("repairing" in each for each in said)
        assert is_healthy(plane)
        assert len(processes.find(directory / "twice")) == len(COMPONENTS)
    finally:
        plane.stop()


def test_two_clusters_run_side_by_side_and_stopping_one_leaves_no_trace_of_it(
    plane: ControlPlane, directory: Path, kubectl_for: Callable
) -> None:
    other = ControlPlane("other")
    try:
        other.start(print)
        kubectl_for(other)("create", "namespace", "only-here")
        assert kubectl_for(plane).try_("get", "namespace", "only-here").returncode != 0
        details = [row.detail for each in (plane, other) for row in each.status()]
        assert len(set(details)) == 2 * len(COMPONENTS)
        doomed = [psutil.Process(pid) for pid in pids(other).values()]
    finally:
        other.stop()
    assert not (directory / "other").exists()
    assert processes.find(directory / "other") == ()
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            assert process.status() == psutil.STATUS_ZOMBIE
    other.stop()
    assert is_healthy(plane)


def test_a_cluster_outlives_the_terminal_that_started_it(directory: Path) -> None:
    plane = ControlPlane("detached")
    try:
        command = [sys.executable, "-c", f"{START}; print('up', flush=True); import time; time.sleep(60)", "detached"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
            assert process.stdout is not None
            while process.stdout.readline() != "up\n":
                assert process.poll() is None
            # What a terminal does on Ctrl-C, and on being closed.
            os.killpg(process.pid, signal.SIGINT)
            process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGHUP)
        assert is_healthy(plane)
    finally:
        plane.stop()


def test_what_cannot_change_while_the_cluster_lives_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(UserError, match=r"made with service addresses 10\.96\.0\.0/16, which cannot become 10\.97"):
        ControlPlane("life", service_cidr="10.97.0.0/16").start(print)


def test_the_kubeconfig_is_private_and_whole_in_itself(plane: ControlPlane, directory: Path) -> None:
    kubeconfig = plane.access.kubeconfig
    assert kubeconfig.stat().st_mode & 0o777 == 0o600
    assert (directory / "life").stat().st_mode & 0o777 == 0o700
    assert plane.access.context == "life"
    text = kubeconfig.read_text(encoding="utf-8")
    assert "client-key-data" in text
    assert str(directory) not in text


def test_nothing_of_the_control_plane_is_reachable_from_outside(plane: ControlPlane) -> None:
    for running in processes.find(plane.access.kubeconfig.parent):
        if running.name == processes.KARPENTER:
            # Its health and metrics ports cannot be bound to one interface; they hold no secrets.
            continue
        listening = {c.laddr.ip for c in running.process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}, running.name
