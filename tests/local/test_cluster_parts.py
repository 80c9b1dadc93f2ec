"""The parts of a control plane, without one."""

import dataclasses
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.local.machines import CAPACITY_ANNOTATION
from mlplatform.errors import UserError
from mlplatform.local import kwokctl, ports, processes
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.instance_types import instance_types
from mlplatform.local.layout import Layout, Ports, Record
from mlplatform.local.stages import SIMULATED_EXIT_CODE, SIMULATED_SECONDS, stages
from stacks.settings import Settings, load_file

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_file(PROJECT / "stacks" / "Pulumi.local.yaml")


def record(runtime: str = "binary") -> Record:
    names = (*kwokctl.PROGRAMS, "karpenter")
    return Record("c", runtime, "10.96.0.0/16", dict.fromkeys(names, "v1.0.0"), {n: f"/p/{n}" for n in names},
                  Ports(*range(1001, 1008)))  # fmt: skip


def test_ports_are_distinct_and_known_to_be_taken() -> None:
    chosen = ports.free(20)
    assert len(set(chosen)) == 20
    assert not ports.taken(chosen[0])
    with socket.create_server((ports.ADDRESS, chosen[0])):
        assert ports.taken(chosen[0])


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    layout = Layout(tmp_path, "c")
    assert layout.load() is None
    layout.save(record())
    assert layout.load() == record()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Expecting value"),
        ("[1]", "it is not a cluster's record"),
        ("{}", "it is not a cluster's record"),
        ('{"format": 2}', "written by another version of mlplatform"),
        (json.dumps({"format": 1, **dataclasses.asdict(record())}).replace("1001", '"x"'), "a port is not a number"),
        (json.dumps({"format": 1, "extra": 1, **dataclasses.asdict(record())}), "it is not a cluster's record"),
    ],
)
def test_a_record_that_is_none_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path, "c")
    layout.record.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=problem) as caught:
        layout.load()
    assert caught.value.message.startswith(f"{layout.record} cannot be used: ")
    assert caught.value.hint is not None


def test_kwokctl_is_told_to_listen_on_loopback_only_and_to_enforce_everything(tmp_path: Path) -> None:
    layout = Layout(tmp_path, "c")
    kwokctl.write_config(layout, record())
    first, *rest = yaml.safe_load_all(layout.kwokctl_config.read_text(encoding="utf-8"))
    options = first["options"]
    assert options["bindAddress"] == "127.0.0.1"
    assert all(options[name] for name in ("kubeAdmission", "kubeAuthorization", "securePort", "disableQPSLimits"))
    chosen = {options[name] for name in options if name.endswith("Port") and name != "securePort"}
    assert chosen == {1001, 1002, 1003, 1004, 1005, 1006}
    arguments = {
        (patch["name"], argument["key"]): argument["value"]
        for patch in first["componentsPatches"]
        for argument in patch["extraArgs"]
    }
    assert arguments["kube-apiserver", "service-cluster-ip-range"] == "10.96.0.0/16"
    assert arguments["kube-apiserver", "encryption-provider-config"] == str(layout.encryption)
    assert arguments["etcd", "data-dir"] == str(layout.etcd)
    assert [stage["kind"] for stage in rest] == ["Stage"] * len(stages())


def test_the_key_of_secrets_is_private_random_and_kept(tmp_path: Path) -> None:
    layout, other = Layout(tmp_path / "a", "a"), Layout(tmp_path / "b", "b")
    for each in (layout, other):
        each.root.mkdir()
        kwokctl.write_config(each, record())
    written = layout.encryption.read_text(encoding="utf-8")
    assert layout.encryption.stat().st_mode & 0o777 == 0o600
    assert other.encryption.read_text(encoding="utf-8") != written
    kwokctl.write_config(layout, record())
    assert layout.encryption.read_text(encoding="utf-8") == written


def test_a_cluster_of_containers_gets_no_paths_of_this_machine(tmp_path: Path) -> None:
    layout = Layout(tmp_path, "c")
    kwokctl.write_config(layout, record("docker"))
    first = next(iter(yaml.safe_load_all(layout.kwokctl_config.read_text(encoding="utf-8"))))
    assert first["options"]["runtime"] == "docker"
    assert "componentsPatches" not in first
    assert not layout.encryption.exists()
    assert kwokctl.configured_runtime(layout) == "docker"
    assert str(tmp_path) not in json.dumps(first)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "options: {runtime: unheard-of}"])
def test_an_unreadable_configuration_counts_as_processes(text: str | None, tmp_path: Path) -> None:
    layout = Layout(tmp_path, "c")
    if text is not None:
        layout.kwokctl_config.write_text(text, encoding="utf-8")
    assert kwokctl.configured_runtime(layout) == "binary"


def test_a_failing_kwokctl_is_quoted(tmp_path: Path) -> None:
    program = tmp_path / "kwokctl"
    program.write_text('#!/bin/sh\necho "port is taken" >&2\nexit 3\n', encoding="utf-8")
    program.chmod(0o755)
    layout = Layout(tmp_path / "c", "c")
    layout.work.mkdir(parents=True)
    with pytest.raises(UserError, match=r"kwokctl start cluster for c failed:\nport is taken"):
        kwokctl.start(layout, program, 10)


def test_a_kwokctl_that_does_not_end_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "kwokctl"
    program.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    program.chmod(0o755)
    layout = Layout(tmp_path / "c", "c")
    layout.work.mkdir(parents=True)
    began = time.monotonic()
    with pytest.raises(UserError, match=r"kwokctl start cluster for c did not end within 0 s"):
        kwokctl.start(layout, program, 0.2)
    assert time.monotonic() - began < 5


def test_kwokctl_is_not_swayed_by_variables_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWOK_KUBE_APISERVER_PORT", "1")
    program = tmp_path / "kwokctl"
    program.write_text("#!/bin/sh\nenv | grep ^KWOK_ >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    layout = Layout(tmp_path / "c", "c")
    layout.work.mkdir(parents=True)
    with pytest.raises(UserError) as caught:
        kwokctl.start(layout, program, 10)
    assert caught.value.message.splitlines()[1:] == [f"KWOK_WORKDIR={layout.workspace}"]


@pytest.fixture
def sleepers(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes under names of components: two of a cluster, one elsewhere, one of another name."""
    programs, inside, outside = tmp_path / "programs", tmp_path / "cluster" / "work", tmp_path / "cluster-2"
    for directory in (programs, inside, outside):
        directory.mkdir(parents=True)
    sleep = shutil.which("sleep")
    assert sleep is not None
    for name in ("etcd", "karpenter", "shell"):
        (programs / name).symlink_to(sleep)
    started = [
        subprocess.Popen([programs / name, "60"], cwd=directory)
        for name, directory in (("etcd", inside), ("karpenter", inside), ("etcd", outside), ("shell", inside))
    ]
    time.sleep(0.1)
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_only_a_clusters_own_components_are_found_and_ended(
    sleepers: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    cluster = tmp_path / "cluster"
    assert {(r.name, r.process.pid) for r in processes.find(cluster)} == {
        ("etcd", sleepers[0].pid),
        ("karpenter", sleepers[1].pid),
    }
    processes.end(cluster, ["karpenter"])
    assert [each.poll() is None for each in sleepers] == [True, False, True, True]
    processes.end(cluster)
    assert [each.poll() is None for each in sleepers] == [False, False, True, True]
    assert processes.find(cluster) == ()


def test_machine_types_follow_the_pools_and_spot_is_cheaper(settings: Settings) -> None:
    types = {each["name"]: each for each in instance_types(settings)}
    assert list(types) == sorted(types)
    assert set(types) == {"local-16x64", "local-32x128", "local-4x16", "local-8x32", "local-8x32-nvidia-l4-1"}
    gpu = types["local-8x32-nvidia-l4-1"]["resources"]
    assert (gpu["cpu"], gpu["nvidia.com/gpu"], gpu["ephemeral-storage"]) == ("8", "1", "200Gi")
    assert "nvidia.com/gpu" not in types["local-8x32"]["resources"]
    for each in types.values():
        prices: dict[str, set[float]] = {}
        zones = set()
        for offering in each["offerings"]:
            required = {r["key"]: r["values"] for r in offering["Requirements"]}
            prices.setdefault(required["karpenter.sh/capacity-type"][0], set()).add(offering["Price"])
            zones.add(required["topology.kubernetes.io/zone"][0])
        assert max(prices["spot"]) < min(prices["on-demand"])
        assert zones == {"local-a", "local-b", "local-c"}
    price = {name: each["offerings"][0]["Price"] for name, each in types.items()}
    assert price["local-4x16"] < price["local-8x32"] < price["local-16x64"] < price["local-32x128"]
    assert price["local-8x32"] < price["local-8x32-nvidia-l4-1"]
    assert instance_types(settings) == instance_types(settings)


def test_stages_know_the_annotations_that_users_are_told_of() -> None:
    text = json.dumps(stages())
    for annotation in (SIMULATED_SECONDS, SIMULATED_EXIT_CODE, CAPACITY_ANNOTATION):
        assert annotation in text
    assert len({stage["metadata"]["name"] for stage in stages()}) == len(stages())


@pytest.mark.parametrize("name", ["", "../up", "Upper", "-a", "a" * 64])
def test_a_name_that_is_no_name_is_refused(name: str, state: Path) -> None:
    with pytest.raises(UserError, match="allowed: up to 63 lower-case letters"):
        ControlPlane(name)


def test_an_unknown_runtime_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="got 'vm'; allowed: binary, docker, podman, nerdctl, kind, kind-podman"):
        ControlPlane("c", "vm")


def test_a_runtime_without_its_program_is_refused(
    cache: Path, state: Path, programs: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlplatform.local.cluster.resolve", lambda *_: {})
    with pytest.raises(UserError, match="runtime docker needs docker, which is not on PATH"):
        ControlPlane("c", "docker").start(print)
    assert not ControlPlane("c").exists()


def test_settings_of_another_kubernetes_version_are_refused(settings: Settings) -> None:
    cluster = settings.cluster.model_copy(update={"kubernetes_version": "1.34"})
    with pytest.raises(UserError, match=r"kubernetesVersion: got 1\.34; the local control plane is 1\.36"):
        ControlPlane.for_settings(settings.model_copy(update={"cluster": cluster}))


def test_stopping_what_never_was_is_fine_and_leaves_no_directory(cache: Path, state: Path) -> None:
    plane = ControlPlane("never")
    assert plane.status() == ()
    assert not plane.exists()
    plane.stop()
    assert not state.exists()


def test_a_state_directory_that_cannot_be_used_is_a_clear_error(
    cache: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write_text("a file in its place", encoding="utf-8")
    monkeypatch.setattr("mlplatform.local.cluster.resolve", lambda *_: {})
    with pytest.raises(UserError, match=f"{state}"):
        ControlPlane("c").start(print)
    assert state.read_text(encoding="utf-8") == "a file in its place"
