"""Applying, pruning, keeping and repairing, on a real API server.

Every test has namespaces of its own, so that none waits until those of another are gone.
"""

import dataclasses
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlplatform.errors import UserError
from mlplatform.graph import Secret
from mlplatform.local.deploy.apply import ApplyError
from mlplatform.local.deploy.health import State
from mlplatform.local.deploy.kubectl import Kubectl, key_of, label_of
from mlplatform.local.deploy.run import Deployment, deploy
from tests.support.graphs import Program
from tests.support.names import Names

pytestmark = pytest.mark.cluster

Up = Callable[..., Deployment]

n = Names()


@pytest.fixture(autouse=True)
def names() -> None:
    n.renew()


def deployment(name: str, namespace: str, label: str = "a") -> dict[str, Any]:
    labels = {"app": label}
    container = {"name": "main", "image": "registry.local/none:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def node(name: str) -> dict[str, Any]:
    sizes = {"cpu": "32", "memory": "64Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"capacity": sizes, "allocatable": sizes},
    }


def definition() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gizmos.tests.example.org"},
        "spec": {
            "group": "tests.example.org",
            "scope": "Namespaced",
            "names": {"kind": "Gizmo", "plural": "gizmos"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def teams() -> Program:
    """Two namespaces, and little in them."""
    program = Program()
    team = program.component("team-a")
    program.namespace(n("a"), parent=team)
    program.namespace(n("b"), parent=program.component("team-b"))
    program.config_map("settings", n("a"), parent=team)
    program.secret("token", n("b"), {"token": Secret("hunter2")})
    return program


def platform() -> Program:
    """Cluster-wide and namespaced objects, a custom resource with its definition, a workload."""
    program = teams()
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": n("viewer")}}
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    program.object({**role, "rules": [rule]})
    program.object(node(n("node")))
    program.object(definition())
    gizmo = {"apiVersion": "tests.example.org/v1", "kind": "Gizmo", "metadata": {"name": "g", "namespace": n("a")}}
    program.object({**gizmo, "spec": {"size": 3}})
    program.object(deployment("web", n("a")), parent=program.component("web"))
    return program


def versions(kubectl: Kubectl) -> dict[str, str]:
    """Resource version of every object that a deployment may touch."""
    found = kubectl.items([
        "namespaces", "configmaps", "secrets", "clusterroles", "deployments.apps", "crds",
        "gizmos.tests.example.org", "environments.mlplatform.internal",
    ])  # fmt: skip
    return {label_of(key_of(each)): each["metadata"]["resourceVersion"] for each in found}


def test_everything_goes_up_and_a_second_time_changes_nothing(up: Up, kubectl: Kubectl):
    first = up(platform().graph())
    assert len(first.applied.created) == 9
    assert first.healthy
    assert {row.component: (row.objects, row.state) for row in first.rows}["Thing team-a"] == (2, State.HEALTHY)
    token = kubectl.get("secret", "token", n("b"))
    assert token is not None
    assert token["data"] == {"token": "aHVudGVyMg=="}
    before = versions(kubectl)
    second = up(platform().graph())
    assert second.changes == 0
    assert len(second.applied.unchanged) == 9
    assert versions(kubectl) == before


def test_what_leaves_the_graph_is_deleted_and_only_that(up: Up, kubectl: Kubectl):
    program = teams()
    program.config_map("gone", n("b"))
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": n("gone")},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    }
    program.object(binding)
    up(program.graph())
    kubectl.output(["create", "configmap", "by-hand", f"--namespace={n('b')}"])
    result = up(teams().graph())
    assert {key[1:] for key in result.applied.pruned} == {
        ("ClusterRoleBinding", "", n("gone")),
        ("ConfigMap", n("b"), "gone"),
    }
    assert result.applied.created == result.applied.changed == ()
    assert kubectl.get("configmap", "gone", n("b")) is None
    assert kubectl.get("clusterrolebinding", n("gone")) is None
    assert kubectl.get("configmap", "by-hand", n("b")) is not None


def test_an_empty_namespace_is_deleted_with_what_was_deployed_into_it(up: Up, kubectl: Kubectl):
    program = teams()
    program.namespace(n("leaving"))
    program.config_map("c", n("leaving"))
    up(program.graph())
    assert not up(teams().graph()).applied.kept
    kubectl.output(["wait", "--for=delete", f"namespace/{n('leaving')}", "--timeout=30s"])
    assert up(teams().graph()).changes == 0


@pytest.mark.parametrize("kind", ["persistentvolumeclaim", "secret"])
def test_a_namespace_that_holds_what_someone_put_there_is_kept(up: Up, kubectl: Kubectl, kind: str):
    program = teams()
    program.namespace(n("leaving"))
    program.config_map("c", n("leaving"))
    up(program.graph())
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "mine", "namespace": n("leaving")},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine", "namespace": n("leaving")}}
    kubectl.json(["create", "--filename=-"], stdin=json.dumps(claim if kind != "secret" else secret))
    result = up(teams().graph())
    assert [key[1:] for key in result.applied.pruned] == [("ConfigMap", n("leaving"), "c")]
    assert len(result.notes) == 1
    assert f"kept: Namespace {n('leaving')} (it holds " in result.notes[0]
    assert f"delete namespaces {n('leaving')}" in result.notes[0]
    assert kubectl.get(kind, "mine", n("leaving")) is not None
    again = up(teams().graph())
    assert again.changes == 0
    returned = up(program.graph())
    labels = kubectl.get("namespace", n("leaving"))["metadata"]["labels"]
    assert "mlplatform/kept" not in labels
    assert [key[1:] for key in returned.applied.created] == [("ConfigMap", n("leaving"), "c")]


def test_protected_objects_and_the_namespace_around_them_are_kept(up: Up, kubectl: Kubectl):
    program = teams()
    program.namespace(n("leaving"))
    program.config_map("precious", n("leaving"), protect=True)
    program.config_map("retained", n("b"), retain_on_delete=True)
    up(program.graph())
    result = up(teams().graph())
    assert sorted(each.key[3] for each in result.applied.kept) == [n("leaving"), "precious", "retained"]
    assert result.applied.pruned == ()
    assert kubectl.get("configmap", "precious", n("leaving"))["data"] == {"key": "value"}
    assert kubectl.get("configmap", "retained", n("b")) is not None


def test_a_definition_is_never_deleted_with_its_objects(up: Up, kubectl: Kubectl):
    up(platform().graph())
    program = Program()
    program.namespace(n("a"))
    result = up(program.graph())
    assert kubectl.get("crd", "gizmos.tests.example.org") is not None
    assert ("tests.example.org", "Gizmo", n("a"), "g") in result.applied.pruned


def test_a_kind_that_is_gone_does_not_block_the_next_deployment(up: Up, kubectl: Kubectl):
    up(platform().graph())
    kubectl.output(["delete", "crd", "gizmos.tests.example.org"])
    assert up(platform().graph()).healthy
    assert kubectl.get("gizmos.tests.example.org", "g", n("a")) is not None


def test_a_field_that_someone_else_manages_is_named_and_can_be_taken_back(up: Up, kubectl: Kubectl):
    up(platform().graph())
    scale = ["scale", "deployment/web", f"--namespace={n('a')}", "--replicas=5"]
    kubectl.output(scale)
    with pytest.raises(ApplyError) as caught:
        up(platform().graph())
    assert str(caught.value) == (
        f"the API server refused:\n  Deployment {n('a')}/web: .spec.replicas is managed by kubectl"
    )
    assert "--force" in caught.value.hint
    assert kubectl.get("deployment", "web", n("a"))["spec"]["replicas"] == 5
    assert up(platform().graph(), force=True).changes == 1
    assert kubectl.get("deployment", "web", n("a"))["spec"]["replicas"] == 2


def test_every_refused_object_is_named_with_its_reason_and_the_others_go_up(up: Up, kubectl: Kubectl):
    program = platform()
    program.config_map("Not_A_Name", n("a"))
    program.object(deployment("typo", n("a")) | {"spec": {"replica": 2}})
    program.config_map("fine", n("a"))
    leaking = {"name": "leaking", "namespace": n("a"), "labels": {"secret": Secret("hunter2 is no label")}}
    program.object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": leaking})
    with pytest.raises(ApplyError) as caught:
        up(program.graph())
    assert {key[3] for key in caught.value.reasons} == {"Not_A_Name", "typo", "leaking"}
    assert 'Invalid value: "[secret]"' in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert ".spec.replica: field not declared in schema" in str(caught.value)
    assert kubectl.get("configmap", "fine", n("a")) is not None


def test_a_field_that_cannot_change_is_changed_by_replacing_what_holds_no_data(up: Up, kubectl: Kubectl):
    up(platform().graph())
    program = Program()
    program.namespace(n("a"))
    program.object(node(n("node")))
    program.object(deployment("web", n("a"), label="b"))
    result = up(program.graph())
    assert result.healthy
    live = kubectl.get("deployment", "web", n("a"))
    assert live["spec"]["selector"]["matchLabels"] == {"app": "b"}


def test_a_claim_is_never_replaced(up: Up, kubectl: Kubectl):
    def claim(size: str) -> Program:
        program = Program()
        program.namespace(n("a"))
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        manifest = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec}
        program.object({**manifest, "metadata": {"name": "home", "namespace": n("a")}})
        return program

    up(claim("2Gi").graph())
    uid = kubectl.get("pvc", "home", n("a"))["metadata"]["uid"]
    with pytest.raises(ApplyError, match=f"PersistentVolumeClaim {n('a')}/home"):
        up(claim("1Gi").graph())
    assert kubectl.get("pvc", "home", n("a"))["metadata"]["uid"] == uid


def test_objects_that_are_being_deleted_are_waited_for(up: Up, kubectl: Kubectl):
    up(teams().graph())
    kubectl.output(["delete", "namespace", n("b"), "--wait=false"])
    result = up(teams().graph())
    assert {key[1:] for key in result.applied.created} == {("Namespace", "", n("b")), ("Secret", n("b"), "token")}
    assert kubectl.get("secret", "token", n("b")) is not None


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_deployment_is_repaired_by_the_next(up: Up, kubectl: Kubectl, tmp_path: Path, signal_number: int):
    program = Program()
    program.namespace(n("many"))
    for index in range(150):
        program.config_map(f"c-{index:03d}", n("many"))
    up(teams().graph())
    target = kubectl.target
    script = tmp_path / "deploy.py"
    script.write_text(
        textwrap.dedent(f"""
        import pickle, sys
        from pathlib import Path
        from mlplatform.local.deploy.run import deploy
        from mlplatform.local.deploy.target import Target
        graph = pickle.loads(Path(sys.argv[1]).read_bytes())
        target = Target("local", Path({str(target.kubeconfig)!r}), {target.context!r},
                        Path({str(target.kubectl)!r}), Path({str(target.helm)!r}))
        deploy(target, lambda _: graph, lambda text: print(text, flush=True))
        """)
    )
    (tmp_path / "graph").write_bytes(pickle.dumps(program.graph()))
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "graph")], start_new_session=True, stderr=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + 30
        while not len(kubectl.items(["configmaps"], namespace=n("many"))) > 5 and time.monotonic() < end:
            time.sleep(0.01)
        os.killpg(process.pid, signal_number)
    reached = len(kubectl.items(["configmaps"], namespace=n("many")))
    assert 5 < reached < 151
    result = up(program.graph())
    assert len(kubectl.items(["configmaps"], namespace=n("many"))) == 151
    assert 0 < len(result.applied.created) < 150
    assert ("", "ConfigMap", n("a"), "settings") in result.applied.pruned
    assert up(program.graph()).changes == 0


def test_two_deployments_at_once_are_refused(up: Up, kubectl: Kubectl):
    def nested(_: object) -> Any:
        with pytest.raises(UserError, match="another deployment of local is under way"):
            up(teams().graph())
        return teams().graph()

    assert deploy(kubectl.target, nested, print).healthy


def test_a_cluster_that_does_not_answer_is_said_to_be_so(up: Up, kubectl: Kubectl, tmp_path: Path):
    text = kubectl.target.kubeconfig.read_text()
    (tmp_path / "kubeconfig").write_text(re.sub(r"https://[^\s]+", "https://127.0.0.1:1", text))
    away = dataclasses.replace(kubectl.target, kubeconfig=tmp_path / "kubeconfig")
    with pytest.raises(UserError, match="the API server of mlplatform-local does not answer") as caught:
        deploy(away, lambda _: teams().graph(), print)
    assert "mlplatform up local" in caught.value.hint


def test_without_a_server_webhooks_and_apis_are_left_out(up: Up, kubectl: Kubectl):
    program = teams()
    component = program.component("queue")
    webhook = {
        "name": "w.example.org",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "clientConfig": {"service": {"name": "s", "namespace": n("a")}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}],
    }
    program.object(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": n("hook")},
            "webhooks": [webhook],
        },
        parent=component,
    )
    result = up(program.graph())
    assert result.healthy
    assert kubectl.get("validatingwebhookconfiguration", n("hook")) is None
    assert [each.label for each in result.simulated] == [f"ValidatingWebhookConfiguration {n('hook')}"]
    row = next(row for row in result.rows if row.component == "Thing queue")
    assert row.state is State.SIMULATED
    assert "which no process runs" in row.details[0]
