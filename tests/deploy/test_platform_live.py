"""Generated values, ownership, status and runs, on a real API server."""

import base64
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from components.contracts import SYSTEM_NAMESPACE
from mlplatform.errors import UserError
from mlplatform.graph import EvaluationRequest, ResourceGraph, Secret, evaluate
from mlplatform.local.deploy import generated, ownership
from mlplatform.local.deploy.health import State
from mlplatform.local.deploy.kubectl import Kubectl
from mlplatform.local.deploy.ownership import Engine
from mlplatform.local.deploy.run import Deployment, deploy
from mlplatform.local.deploy.status import status
from mlplatform.local.score import run_template
from tests.support.graphs import Program
from tests.support.names import Names

pytestmark = pytest.mark.cluster

Up = Callable[..., Deployment]

n = Names()


@pytest.fixture(autouse=True)
def names() -> None:
    n.renew()


PASSWORD_PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

password = random.RandomPassword("db", length=24, special=False)
kubernetes.core.v1.Namespace("tests", metadata={"name": "NAMESPACE"})
kubernetes.core.v1.Secret(
    "dsn",
    metadata={"name": "dsn", "namespace": "NAMESPACE"},
    string_data={"dsn": pulumi.Output.concat("postgresql://u:", password.result, "@h/db")},
)
"""


@pytest.fixture
def evaluated(tmp_path: Path, names: None) -> Callable[..., ResourceGraph]:
    """Evaluates a program with a password, as ``up`` does."""
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(PASSWORD_PROGRAM.replace("NAMESPACE", n("tests")))

    def run(known: object) -> ResourceGraph:
        return evaluate(EvaluationRequest("local", {}, tmp_path / "program", known_outputs=known)).filled

    return run


def dsn(kubectl: Kubectl) -> str:
    live = kubectl.get("secret", "dsn", n("tests"))
    assert live is not None
    return base64.b64decode(live["data"]["dsn"]).decode()


def test_a_password_is_made_once_and_read_back(kubectl: Kubectl, evaluated, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    first = deploy(kubectl.target, evaluated, print)
    value = dsn(kubectl)
    password = value.removeprefix("postgresql://u:").removesuffix("@h/db")
    assert len(password) == 24
    assert password.isalnum()
    again = deploy(kubectl.target, evaluated, print)
    assert (again.changes, dsn(kubectl)) == (0, value)
    assert first.healthy
    assert again.healthy
    (record,) = generated.read(kubectl).values()
    assert record.outputs["result"] == password
    for root in (tmp_path, kubectl.target.scratch):
        for path in root.rglob("*"):
            # etcd's own data files are the cluster, not ours.
            if path.is_file() and "etcd" not in path.as_posix():
                assert password.encode() not in path.read_bytes(), path


def test_the_password_survives_the_namespace_of_the_platform_leaving_the_graph(up: Up, kubectl: Kubectl, evaluated):
    deploy(kubectl.target, evaluated, print)
    value = dsn(kubectl)
    with_system = Program()
    with_system.namespace(SYSTEM_NAMESPACE)
    up(with_system.graph())
    bare = Program()
    bare.namespace(n("tests"))
    kept = up(bare.graph())
    assert [each.key[3] for each in kept.applied.kept] == [SYSTEM_NAMESPACE]
    kubectl.output(["wait", "--for=delete", "secret/dsn", f"--namespace={n('tests')}", "--timeout=30s"])
    deploy(kubectl.target, evaluated, print)
    assert dsn(kubectl) == value


def test_status_tells_missing_and_drifted_from_healthy(up: Up, kubectl: Kubectl):
    program = Program()
    team = program.component("team")
    program.namespace(n("tests"), parent=team)
    program.config_map("drifts", n("tests"), data={"a": "1"}, parent=team)
    program.secret("drifts", n("tests"), {"a": Secret("hunter2")}, parent=program.component("secrets"))
    program.config_map("goes", n("tests"), parent=program.component("other"))
    up(program.graph())
    sound = status(kubectl.target, lambda _: program.graph())
    assert sound.engine is Engine.KUBECTL
    assert sound.healthy
    assert [(row.component, row.objects) for row in sound.rows] == [
        ("Thing other", 1),
        ("Thing secrets", 1),
        ("Thing team", 2),
    ]
    kubectl.output(["delete", "configmap", "goes", f"--namespace={n('tests')}"])
    patch = json.dumps({"data": {"a": "2"}})
    kubectl.output(["patch", "configmap", "drifts", f"--namespace={n('tests')}", "--type=merge", f"--patch={patch}"])
    patch = json.dumps({"stringData": {"a": "hunter3"}})
    kubectl.output(["patch", "secret", "drifts", f"--namespace={n('tests')}", "--type=merge", f"--patch={patch}"])
    found = status(kubectl.target, lambda _: program.graph())
    assert {row.component: (row.state, row.details) for row in found.rows} == {
        "Thing other": (State.MISSING, (f"ConfigMap {n('tests')}/goes: does not exist",)),
        "Thing secrets": (State.DRIFTED, (f"Secret {n('tests')}/drifts: changed since it was applied: data.a",)),
        "Thing team": (State.DRIFTED, (f"ConfigMap {n('tests')}/drifts: changed since it was applied: data.a",)),
    }
    live = kubectl.get("configmap", "drifts", n("tests"))
    assert live["data"] == {"a": "2"}, "status changes nothing"


def test_a_cluster_of_another_engine_or_environment_is_refused(up: Up, kubectl: Kubectl):
    program = Program()
    program.namespace(n("tests"))
    up(program.graph())
    with pytest.raises(UserError, match=r"was deployed with kubectl \(its marker says so\)") as caught:
        ownership.claim(kubectl, Engine.PULUMI)
    assert "MLPLATFORM_ENGINE=kubectl" in caught.value.hint
    assert "mlplatform down local" in caught.value.hint
    kubectl.output(["delete", "configmap", ownership.MARKER, "--namespace=kube-system"])
    with pytest.raises(UserError, match="it holds an ApplySet"):
        ownership.claim(kubectl, Engine.PULUMI)
    up(program.graph())
    patch = json.dumps({"data": {"environment": "other"}})
    args = ["patch", "configmap", ownership.MARKER, "--namespace=kube-system", "--type=merge", f"--patch={patch}"]
    kubectl.output(args)
    with pytest.raises(UserError, match="belongs to environment 'other', not 'local'"):
        up(program.graph())


def test_a_cluster_that_pulumi_deployed_is_refused_before_anything_changes(up: Up, kubectl: Kubectl):
    program = Program()
    program.namespace(n("tests"))
    program.config_map("c", n("tests"))
    metadata = {"name": n("tests"), "labels": {"a": "b"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    args = ["apply", "--server-side", "--field-manager=pulumi-kubernetes-1a2b3c", "--filename=-"]
    kubectl.output(args, json.dumps(namespace))
    with pytest.raises(UserError, match=f"Namespace {n('tests')} is managed by pulumi-kubernetes-1a2b3c"):
        up(program.graph())
    assert ownership.owner(kubectl) is None
    assert kubectl.get("configmap", "c", n("tests")) is None
    ownership.claim(kubectl, Engine.PULUMI)
    with pytest.raises(UserError, match="was deployed with pulumi"):
        up(program.graph())
    assert ownership.owner(kubectl) is Engine.PULUMI
    kubectl.output(["delete", "configmap", ownership.MARKER, "--namespace=kube-system"])


def scoring(name: str, *, exit_code: int = 0) -> Program:
    """A template whose pods run on a pool of one node that is always there."""
    program = Program()
    program.namespace(n("tests"))
    sizes = {"cpu": "64", "memory": "64Gi", "pods": "200"}
    program.object(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": n("tests"),
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"mlplatform/pool": "tests"},
            },
            "status": {"capacity": sizes, "allocatable": sizes},
        }
    )
    annotations = {"mlplatform/simulated-seconds": "1", "mlplatform/simulated-exit-code": str(exit_code)}
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": {"mlplatform/pool": "tests"},
        "containers": [{"name": "score", "image": "registry.local/none:1"}],
    }
    job = {
        "completionMode": "Indexed",
        "completions": 3,
        "parallelism": 3,
        "backoffLimitPerIndex": 0,
        "template": {"metadata": {"annotations": annotations}, "spec": pod},
    }
    program.object(
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {
                "name": name,
                "namespace": n("tests"),
                "labels": {"app.kubernetes.io/component": "scoring-job"},
            },
            "spec": {"schedule": "0 0 31 2 *", "suspend": True, "jobTemplate": {"spec": job}},
        }
    )
    return program


def test_a_run_is_made_and_followed_and_up_still_changes_nothing(up: Up, kubectl: Kubectl):
    up(scoring("sample").graph())
    seen = []
    result = run_template(kubectl.target, n("tests"), "sample", shards=8, watch=seen.append, run_seconds=60)
    assert (result.completed, result.succeeded, result.shards, result.failed_indexes) == (True, 8, 8, "")
    assert result.pool == "tests"
    assert result.drained_seconds is not None
    assert seen[0].succeeded < 8
    assert seen[-1].succeeded == 8
    assert up(scoring("sample").graph()).changes == 0


def test_a_run_that_fails_is_a_result(up: Up, kubectl: Kubectl):
    up(scoring("failing", exit_code=64).graph())
    result = run_template(kubectl.target, n("tests"), "failing", run_seconds=60)
    assert not result.completed
    assert result.failed_indexes == "0-2"
    assert result.reason


def test_an_interrupted_run_goes_on(up: Up, kubectl: Kubectl):
    up(scoring("interrupted").graph())

    def interrupt(_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(UserError, match="no longer following run interrupted-") as caught:
        run_template(kubectl.target, n("tests"), "interrupted", shards=2, watch=interrupt)
    assert f"delete it: {kubectl.target.kubectl} --kubeconfig " in caught.value.hint
    (job,) = kubectl.items(["jobs.batch"], namespace=n("tests"))
    assert job["metadata"]["name"].startswith("interrupted-")


def test_a_template_that_does_not_exist_is_refused_with_those_that_do(up: Up, kubectl: Kubectl):
    up(scoring("sample").graph())
    with pytest.raises(UserError, match=f"no scoring template sampel in namespace {n('tests')}") as caught:
        run_template(kubectl.target, n("tests"), "sampel")
    assert f"{n('tests')}/sample" in caught.value.hint
    with pytest.raises(UserError, match="shards: got 0"):
        run_template(kubectl.target, n("tests"), "sample", shards=0)
