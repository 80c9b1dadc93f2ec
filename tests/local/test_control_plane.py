"""The control plane admits, simulates and scales as the platform relies on."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from components.local.machines import CAPACITY_ANNOTATION, capacity_annotation
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.stages import SIMULATED_EXIT_CODE, SIMULATED_SECONDS

pytestmark = pytest.mark.cluster

NAMESPACE = "control-plane-tests"
POOL = "control-plane-tests"
Kubectl = Any
Eventually = Callable[..., None]


def pod(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "main", "image": "image"}], **spec},
    }


def job(name: str, annotations: dict[str, str] | None = None, *, pod_spec: dict | None = None, **spec: Any) -> dict:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            **spec,
            "template": {
                "metadata": {"annotations": annotations or {}},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "main", "image": "image"}],
                    "nodeSelector": {"mlplatform/pool": "by-hand"},
                    **(pod_spec or {}),
                },
            },
        },
    }


@pytest.fixture(scope="module")
def namespace(kubectl: Kubectl) -> Iterator[Kubectl]:
    """Give kubectl for the tests' own namespace, where a node that was made by hand takes their pods."""
    machine = {"cpu": 8, "memory_gib": 32}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "by-hand",
            "labels": {"mlplatform/pool": "by-hand"},
            "annotations": {CAPACITY_ANNOTATION: capacity_annotation(machine)},
        },
        "spec": {"taints": [{"key": "control-plane-tests", "effect": "NoExecute"}]},
    }
    kubectl("create", "namespace", NAMESPACE)
    kubectl("create", objects=[node])
    yield kubectl
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    kubectl("delete", "node", "by-hand")


TOLERATIONS = [{"key": "control-plane-tests", "operator": "Exists"}]


def phase(kubectl: Kubectl, kind: str, name: str) -> dict[str, Any]:
    return kubectl.get(kind, name, f"--namespace={NAMESPACE}").get("status", {})


def test_a_node_has_the_capacity_of_its_annotation_and_is_ready(namespace: Kubectl, eventually: Eventually) -> None:
    eventually(lambda: namespace.get("node", "by-hand")["status"].get("capacity"))
    status = namespace.get("node", "by-hand")["status"]
    assert status["capacity"] == {"cpu": "8", "memory": "32Gi", "pods": "110"}
    assert status["allocatable"] == status["capacity"]
    assert {"type": "InternalIP", "address": "127.0.0.1"} in status["addresses"]
    assert {c["type"]: c["status"] for c in status["conditions"]}["Ready"] == "True"


def test_a_pod_without_a_job_runs_until_it_is_deleted(namespace: Kubectl, eventually: Eventually) -> None:
    init = [
        {"name": "once", "image": "image"},
        {"name": "beside", "image": "image", "restartPolicy": "Always"},
    ]
    namespace(
        "create",
        objects=[
            pod("server", initContainers=init, tolerations=TOLERATIONS, nodeSelector={"mlplatform/pool": "by-hand"})
        ],
    )
    eventually(lambda: phase(namespace, "pod", "server").get("phase") == "Running")
    time.sleep(6)
    status = phase(namespace, "pod", "server")
    assert status["phase"] == "Running"
    assert [list(each["state"]) for each in status["initContainerStatuses"]] == [["terminated"], ["running"]]
    assert status["containerStatuses"][0]["ready"] is True
    assert status["podIP"]
    namespace("delete", "pod", "server", f"--namespace={NAMESPACE}", "--timeout=10s")


def test_the_pod_of_a_job_runs_for_the_time_of_its_annotation(namespace: Kubectl, eventually: Eventually) -> None:
    spec = {"tolerations": TOLERATIONS}
    namespace(
        "create",
        objects=[
            job("default", pod_spec=spec),
            job("short", {SIMULATED_SECONDS: "0.5"}, pod_spec=spec),
            job("long", {SIMULATED_SECONDS: "300"}, pod_spec=spec),
        ],
    )
    eventually(lambda: phase(namespace, "job", "short").get("succeeded") == 1)
    assert not phase(namespace, "job", "default").get("succeeded")
    eventually(lambda: phase(namespace, "job", "default").get("succeeded") == 1)
    ended = phase(namespace, "job", "default")
    ran = _seconds(ended["completionTime"]) - _seconds(ended["startTime"])
    assert 5 <= ran <= 12
    assert phase(namespace, "job", "long")["active"] == 1


def _seconds(moment: str) -> float:
    return time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))


def test_a_permanent_exit_code_fails_its_index_at_once_and_another_is_tried_again(
    namespace: Kubectl, eventually: Eventually
) -> None:
    policy = {
        "rules": [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [64]}}],
    }
    indexed = {"completionMode": "Indexed", "completions": 1, "backoffLimitPerIndex": 1, "podFailurePolicy": policy}
    seconds = {SIMULATED_SECONDS: "0.2"}
    spec = {"tolerations": TOLERATIONS}
    namespace(
        "create",
        objects=[
            job("permanent", {**seconds, SIMULATED_EXIT_CODE: "64"}, pod_spec=spec, **indexed),
            job("passing", {**seconds, SIMULATED_EXIT_CODE: "1"}, pod_spec=spec, **indexed),
        ],
    )
    for name, attempts in (("permanent", 1), ("passing", 2)):
        eventually(lambda name=name: phase(namespace, "job", name).get("failedIndexes") == "0", 60)
        assert phase(namespace, "job", name)["failed"] == attempts
    pods = namespace.get("pods", f"--namespace={NAMESPACE}", "--selector=job-name=permanent")["items"]
    assert [each["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] for each in pods] == [64]


def test_pod_security_quota_and_admission_policies_are_enforced(namespace: Kubectl, eventually: Eventually) -> None:
    restricted = {"apiVersion": "v1", "kind": "Namespace",
                  "metadata": {"name": f"{NAMESPACE}-restricted",
                               "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}  # fmt: skip
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": NAMESPACE},
             "spec": {"hard": {"configmaps": "0"}}}  # fmt: skip
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
              "metadata": {"name": "no-forbidden-services"},
              "spec": {"failurePolicy": "Fail",
                       "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
                                                               "operations": ["CREATE"], "resources": ["services"]}]},
                       "validations": [{"expression": "object.metadata.name != 'forbidden'",
                                        "message": "not this one"}]}}  # fmt: skip
    binding = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
               "metadata": {"name": "no-forbidden-services"},
               "spec": {"policyName": "no-forbidden-services", "validationActions": ["Deny"]}}  # fmt: skip
    namespace("create", objects=[restricted, quota, policy, binding])
    try:
        refused = namespace.try_("create", objects=[{**pod("plain"), "metadata": {
            "name": "plain", "namespace": f"{NAMESPACE}-restricted"}}])  # fmt: skip
        assert 'violates PodSecurity "restricted' in refused.stderr

        def quota_error() -> bool:
            done = namespace.try_("create", "configmap", "any", f"--namespace={NAMESPACE}", "--dry-run=server")
            return "exceeded quota: few" in done.stderr

        eventually(quota_error)

        def policy_error() -> bool:
            command = ("create", "service", "clusterip", "forbidden", "--tcp=80", "--dry-run=server")
            return "not this one" in namespace.try_(*command, f"--namespace={NAMESPACE}").stderr

        eventually(policy_error)
    finally:
        namespace("delete", "namespace", f"{NAMESPACE}-restricted", "--wait=false")
        namespace("delete", "resourcequota", "few", f"--namespace={NAMESPACE}")
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            namespace("delete", kind, "no-forbidden-services")


def test_nobody_is_admitted_without_credentials(control_plane: ControlPlane) -> None:
    server = next(row.detail for row in control_plane.status() if row.component == "kube-apiserver")
    authority = control_plane.access.kubeconfig.parent / "pki" / "ca.crt"

    def status(path: str) -> int:
        return requests.get(f"{server}{path}", verify=str(authority), timeout=10).status_code

    assert status("/api/v1/namespaces") == 403
    assert status("/apis") == 403
    assert status("/healthz") == 200


def test_secrets_are_encrypted_at_rest(control_plane: ControlPlane, namespace: Kubectl) -> None:
    hidden, plain = "value-of-a-secret-at-rest", "value-of-a-configmap-at-rest"
    namespace("create", "secret", "generic", "hidden", f"--from-literal=key={hidden}", f"--namespace={NAMESPACE}")
    namespace("create", "configmap", "plain", f"--from-literal=key={plain}", f"--namespace={NAMESPACE}")
    etcd = control_plane.access.kubeconfig.parent / "etcd"
    stored = b"".join(path.read_bytes() for path in sorted(etcd.rglob("*")) if path.is_file())
    assert plain.encode() in stored
    assert hidden.encode() not in stored


def test_a_job_of_100_shards_takes_its_nodes_from_zero_and_leaves_none(
    namespace: Kubectl, eventually: Eventually
) -> None:
    node_class = {"apiVersion": "karpenter.kwok.sh/v1alpha1", "kind": "KWOKNodeClass", "metadata": {"name": POOL}}
    node_pool = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": POOL},
        "spec": {
            "disruption": {
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": "5s",
                "budgets": [{"nodes": "100%", "reasons": ["Empty"]}],
            },
            "template": {
                "metadata": {"labels": {"mlplatform/pool": POOL}},
                "spec": {
                    "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": POOL},
                    "requirements": [
                        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["local-16x64"]},
                        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot", "on-demand"]},
                    ],
                },
            },
        },
    }
    spec = {
        "nodeSelector": {"mlplatform/pool": POOL},
        "containers": [{"name": "main", "image": "image", "resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}],
    }
    shards = job("shards", pod_spec=spec, completionMode="Indexed", completions=100, parallelism=100,
                 backoffLimitPerIndex=1)  # fmt: skip

    def nodes() -> list[dict[str, Any]]:
        return namespace.get("nodes", f"--selector=karpenter.sh/nodepool={POOL}")["items"]

    namespace("create", objects=[node_class, node_pool])
    try:
        assert nodes() == []
        began = time.monotonic()
        namespace("create", objects=[shards])
        eventually(lambda: phase(namespace, "job", "shards").get("active") == 100)
        eventually(lambda: len(nodes()) == 7)
        labels = [node["metadata"]["labels"] for node in nodes()]
        assert {each["karpenter.sh/capacity-type"] for each in labels} == {"spot"}
        assert {each["node.kubernetes.io/instance-type"] for each in labels} == {"local-16x64"}
        assert {each["topology.kubernetes.io/zone"] for each in labels} <= {"local-a", "local-b", "local-c"}
        eventually(lambda: phase(namespace, "job", "shards").get("succeeded") == 100)
        done = time.monotonic()
        placed = namespace.get("pods", f"--namespace={NAMESPACE}", "--selector=job-name=shards")["items"]
        assert {each["spec"]["nodeName"] for each in placed} == {node["metadata"]["name"] for node in nodes()}
        assert done - began < 30
        eventually(lambda: nodes() == [], 60 - (time.monotonic() - done))
    finally:
        namespace("delete", "job", "shards", f"--namespace={NAMESPACE}", "--wait=false")
        namespace("delete", "nodepool", POOL, "--timeout=30s")
        namespace("delete", "kwoknodeclass", POOL, "--timeout=30s")


def test_new_machine_types_are_taken_up_by_a_living_cluster(control_plane: ControlPlane) -> None:
    file = control_plane.access.kubeconfig.parent / "instance-types.json"
    before = {row.component: row.pid for row in control_plane.status()}
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8"))[:1]), encoding="utf-8")
    control_plane.start(print)
    after = {row.component: row.pid for row in control_plane.status()}
    assert {name for name in after if after[name] != before[name]} == {"karpenter"}
    assert len(json.loads(file.read_text(encoding="utf-8"))) > 1
