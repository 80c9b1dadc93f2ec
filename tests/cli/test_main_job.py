"""The main job on a live cluster, from nothing to nothing, as its user runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mlplatform.local.binaries import resolve
from mlplatform.local.paths import STATE_VARIABLE
from tests.cli.conftest import Run

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("main-job")]

CLUSTER = "mlplatform-local"
MLPLATFORM = str(Path(sys.executable).parent / "mlplatform")


def _processes(state: Path) -> list[int]:
    """Return every process that was started with the state directory or works in it."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(state) in word for word in (process.cwd(), *process.cmdline())):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    state = tmp_path_factory.mktemp("main-job") / "state"
    yield {STATE_VARIABLE: str(state)}
    for pid in _processes(state):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def run(mlplatform: Run, environment: dict[str, str]) -> Run:
    return lambda *arguments: mlplatform(*arguments, **environment)


def _kubectl(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(resolve(["kubectl"], print)["kubectl"])
    kubeconfig = Path(environment[STATE_VARIABLE]) / CLUSTER / "kubeconfig"
    command = [program, f"--kubeconfig={kubeconfig}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_up_then_score(run: Run) -> None:
    done = run("up", "local", "--then-score", "churn-daily")
    assert done.returncode == 0, done.stderr
    assert "deployed with kubectl" in done.stdout
    assert re.search(r"TeamWorkspace churn +│ +20 │ healthy", done.stdout)
    assert "export KUBECONFIG=" in done.stdout
    assert "100 of 100 shards" in done.stdout
    timeline = re.search(r"nodes: ([0-9> -]+), gone (\d+) s after the last shard", done.stdout)
    assert timeline is not None
    counts = [int(count) for count in timeline[1].split(" -> ")]
    assert counts[0] == counts[-1] == 0
    assert max(counts) > 0
    assert int(timeline[2]) <= 60


def test_a_second_up_changes_nothing(run: Run, environment: dict[str, str]) -> None:
    def versions() -> dict[str, str]:
        kinds = (
            "namespaces,cronjobs,networkpolicies,roles,rolebindings,serviceaccounts,secrets,resourcequotas,nodepools"
        )
        listed = json.loads(_kubectl(environment, "get", kinds, "--all-namespaces", "--output=json").stdout)["items"]
        return {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in listed}

    before = versions()
    done = run("up", "local")
    assert done.returncode == 0, done.stderr
    assert re.search(r"is up after .*, 0 changes", done.stdout)
    assert versions() == before


def test_another_engine_does_not_take_over_by_itself(
    mlplatform: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text("#!/bin/sh\necho v3.999.0\n", encoding="utf-8")
    pulumi.chmod(0o755)
    path = f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}"
    done = mlplatform("up", "local", **environment, MLPLATFORM_ENGINE="auto", PATH=path)
    assert done.returncode == 0, done.stderr
    assert "deployed with kubectl (as before), 0 changes" in done.stdout
    refused = mlplatform("up", "local", **environment, MLPLATFORM_ENGINE="pulumi", PATH=path)
    assert refused.returncode == 1
    assert "was deployed with kubectl" in refused.stderr


def test_an_interrupted_run_is_told_apart_from_a_failed_one(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [MLPLATFORM, "score", "local", "churn-daily"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "started on pool scoring" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "which goes on" in told
    assert "Traceback" not in told
    jobs = ["delete", "jobs", "--all", "--namespace=team-churn", "--wait"]
    assert _kubectl(environment, *jobs).returncode == 0


def test_rendered_yaml_passes_the_servers_strict_validation(
    run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    assert run("render", "local", "--out", str(tmp_path / "out")).returncode == 0
    done = _kubectl(
        environment, "apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts",
        f"--filename={tmp_path / 'out'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(list((tmp_path / "out").glob("*.yaml")))


def test_status_tells_drift_and_up_mends_it(run: Run, environment: dict[str, str]) -> None:
    assert run("status", "local").returncode == 0
    change = ["patch", "resourcequota", "quota", "--namespace=team-churn", "--type=merge"]
    assert _kubectl(environment, *change, '--patch={"spec":{"hard":{"pods":"9999"}}}').returncode == 0
    seen = run("status", "local")
    assert seen.returncode == 1
    assert re.search(r"ResourceQuota team-churn/quota: changed since it was applied: .*spec.hard.pods", seen.stdout)
    refused = run("up", "local")
    assert refused.returncode == 1
    assert ".spec.hard.pods is managed by kubectl-patch" in refused.stderr
    assert run("up", "local", "--force").returncode == 0
    assert run("status", "local").returncode == 0


def test_a_killed_api_server_is_seen_and_repaired(run: Run, environment: dict[str, str]) -> None:
    state = environment[STATE_VARIABLE]
    (server,) = [pid for pid in _processes(Path(state)) if "kube-apiserver" in psutil.Process(pid).name()]
    os.kill(server, signal.SIGKILL)
    seen = run("status", "local")
    assert seen.returncode == 1
    assert re.search(r"kube-apiserver +│ failed", seen.stdout)
    assert run("up", "local").returncode == 0
    assert run("status", "local").returncode == 0


def test_an_interrupted_up_is_repaired_by_the_next(run: Run, environment: dict[str, str]) -> None:
    assert run("down", "local").returncode == 0
    for seconds, sent in ((2.0, signal.SIGKILL), (5.0, signal.SIGINT), (8.0, signal.SIGKILL)):
        with subprocess.Popen(
            [MLPLATFORM, "up", "local"],
            env={**os.environ, **environment, "MLPLATFORM_ENGINE": "kubectl"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            time.sleep(seconds)
            process.send_signal(sent)
    done = run("up", "local")
    assert done.returncode == 0, done.stderr
    assert run("status", "local").returncode == 0


def test_down_leaves_no_process_and_no_file(run: Run, environment: dict[str, str]) -> None:
    state = Path(environment[STATE_VARIABLE])
    names = {psutil.Process(pid).name() for pid in _processes(state)}
    assert {"etcd", "kube-apiserver", "kwok-controller", "karpenter"} <= names
    assert run("down", "local").returncode == 0
    assert _processes(state) == []
    assert not state.exists() or list(state.rglob("*")) == []
