"""A control plane is started, repaired and removed, whatever happened to it in between."""

import contextlib
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
from mlplatform.local import processes
from mlplatform.local.cluster import ControlPlane
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
def plane(directory: Path) -> Iterator[ControlPlane]:
    """A control plane that the tests of this file damage; each of them leaves it running."""
    made = ControlPlane("life")
    try:
        made.start(print)
        yield made
    finally:
        made.stop()


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
        with socket.create_server(("127.0.0.1", int(address.rsplit(":", 1)[1]))):
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
