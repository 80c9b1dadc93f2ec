"""What the API server makes of workspaces and scoring templates."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.stacks.conftest import TEMPLATE, Cluster

pytestmark = pytest.mark.cluster

ALPHA, BETA = "team-ws-alpha", "team-ws-beta"
IMAGE = "registry.local/mlplatform/ws-alpha/score:1.0.0"

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "probe", "namespace": ALPHA},
    "spec": {
        "nodeSelector": {"mlplatform/pool": "ws-scoring"},
        "tolerations": [{"key": "mlplatform/pool", "operator": "Equal", "value": "ws-scoring", "effect": "NoSchedule"}],
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "main",
                "image": IMAGE,
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


def _pod(change: Callable[[dict[str, Any], dict[str, Any]], Any] = lambda _spec, _main: None) -> dict[str, Any]:
    """Return a pod that is let in, after ``change`` has had its specification and its container."""
    pod = copy.deepcopy(POD)
    change(pod["spec"], pod["spec"]["containers"][0])
    return pod


def _eventually(what: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


@pytest.fixture(scope="module", autouse=True)
def _policies_in_force(cluster: Cluster) -> None:
    """Wait until the API server evaluates the policies, which it takes up a moment after they are made."""
    _eventually(lambda: "denied request" in cluster.refusal(_pod(lambda spec, _: spec.pop("nodeSelector"))), 30)


def test_the_policies_expressions_fit_the_types_of_a_pod(cluster: Cluster) -> None:
    policies = cluster.get("validatingadmissionpolicies", "--selector=mlplatform/team in (ws-alpha, ws-beta)")["items"]
    assert len(policies) == 4
    for policy in policies:
        name = policy["metadata"]["name"]

        def status(name: str = name) -> dict[str, Any]:
            found: dict[str, Any] = cluster.get("validatingadmissionpolicy", name).get("status", {})
            return found

        _eventually(lambda status=status: "typeChecking" in status(), 30)
        assert status()["typeChecking"] == {}


def test_a_restricted_pod_on_the_teams_pool_with_the_teams_image_is_let_in(cluster: Cluster) -> None:
    assert cluster.refusal(_pod()) == ""


def test_the_platforms_own_images_are_let_in(cluster: Cluster) -> None:
    image = "registry.local/mlplatform/platform/scoring@sha256:" + "a" * 64
    assert cluster.refusal(_pod(lambda _, main: main.update(image=image))) == ""


REFUSED: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], Any], str]] = {
    "unrestricted": (lambda spec, _: spec.pop("securityContext"), 'violates PodSecurity "restricted:v1.36"'),
    "host-network": (lambda spec, _: spec.update(hostNetwork=True), 'violates PodSecurity "restricted:v1.36"'),
    "no-pool": (lambda spec, _: spec.pop("nodeSelector"), "must select one of the team's pools"),
    "pool-of-nobody": (
        lambda spec, _: spec.update(nodeSelector={"mlplatform/pool": "ws-serving"}),
        "must select one of the team's pools: nodeSelector mlplatform/pool: ws-gpu, ws-scoring",
    ),
    "system-pool": (
        lambda spec, _: spec.update(nodeSelector={"mlplatform/pool": "system"}),
        "must select one of the team's pools",
    ),
    "toleration-of-another-pool": (
        lambda spec, _: spec["tolerations"].append({"key": "mlplatform/pool", "value": "ws-serving"}),
        "may tolerate the taint mlplatform/pool",
    ),
    "toleration-of-any-pool": (
        lambda spec, _: spec["tolerations"].append({"key": "mlplatform/pool", "operator": "Exists"}),
        "may tolerate the taint mlplatform/pool",
    ),
    "toleration-of-everything": (
        lambda spec, _: spec["tolerations"].append({"operator": "Exists"}),
        "a toleration without a key is not allowed",
    ),
    "chosen-node": (lambda spec, _: spec.update(nodeName="system-0"), "may not name its node"),
    "priority-of-serving": (
        lambda spec, _: spec.update(priorityClassName="mlplatform-serving"),
        "priority class must be one of: mlplatform-scoring, mlplatform-training",
    ),
    "priority-of-the-cluster": (
        lambda spec, _: spec.update(priorityClassName="system-cluster-critical"),
        "priority class must be one of",
    ),
    "image-from-elsewhere": (
        lambda _, main: main.update(image="docker.io/library/busybox:1"),
        "; images must come, with a tag or digest, from: registry.local/mlplatform/platform/*, registry.local",
    ),
    "image-of-the-other-team": (
        lambda _, main: main.update(image="registry.local/mlplatform/ws-beta/estimate:1"),
        "not allowed: registry.local/mlplatform/ws-beta/estimate:1",
    ),
    "image-without-a-version": (
        lambda _, main: main.update(image="registry.local/mlplatform/ws-alpha/score"),
        "not allowed: registry.local/mlplatform/ws-alpha/score;",
    ),
    "image-with-a-longer-name": (
        lambda _, main: main.update(image="registry.local/mlplatform/ws-alpha/score-evil:1"),
        "not allowed: registry.local/mlplatform/ws-alpha/score-evil:1",
    ),
    "image-of-a-volume": (
        lambda spec, _: spec.update(volumes=[{"name": "data", "image": {"reference": "evil:1"}}]),
        "not allowed: evil:1",
    ),
    "image-of-the-platform-without-a-version": (
        lambda _, main: main.update(image="registry.local/mlplatform/platform/scoring"),
        "not allowed: registry.local/mlplatform/platform/scoring;",
    ),
    "image-of-an-init-container": (
        lambda spec, main: spec.update(initContainers=[{**main, "name": "first", "image": "evil:1"}]),
        "not allowed: evil:1",
    ),
    "above-the-quota": (
        lambda _, main: main.update(resources={"requests": {"cpu": "401"}, "limits": {"cpu": "401"}}),
        "exceeded quota: quota, requested: requests.cpu=401",
    ),
    "burst-above-the-ratio": (
        lambda _, main: main.update(resources={"requests": {"cpu": "1"}, "limits": {"cpu": "3"}}),
        "cpu max limit to request ratio per Container is 2",
    ),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_pod_is_refused(
    cluster: Cluster, change: Callable[[dict[str, Any], dict[str, Any]], Any], reason: str
) -> None:
    assert reason in cluster.refusal(_pod(change))


def test_a_service_takes_no_address_from_outside(cluster: Cluster) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "door", "namespace": ALPHA},
        "spec": {"externalIPs": ["192.0.2.1"], "ports": [{"port": 80}]},
    }
    assert "a service may not have external IPs" in cluster.refusal(service)


def test_a_team_without_gpus_gets_none(cluster: Cluster) -> None:
    pod = _pod(lambda _, main: main.update(resources={"limits": {"nvidia.com/gpu": "1"}}))
    pod["metadata"]["namespace"] = BETA
    pod["spec"]["containers"][0]["image"] = "registry.local/mlplatform/ws-beta/estimate:1"
    assert "exceeded quota: quota, requested: requests.nvidia.com/gpu=1" in cluster.refusal(pod)


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_that_lets_in_traffic_from_outside_is_refused(cluster: Cluster, kind: str) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "door", "namespace": ALPHA},
        "spec": {"type": kind, "ports": [{"port": 80}]},
    }
    assert "exceeded quota" in cluster.refusal(service)


def test_a_pod_that_asks_for_nothing_gets_defaults(cluster: Cluster) -> None:
    made = json.loads(cluster.do("create", "--dry-run=server", "--output=json", "--filename=-", stdin=_pod()))
    assert made["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "500m", "memory": "1Gi"},
        "limits": {"cpu": "1", "memory": "2Gi"},
    }


@pytest.mark.parametrize("account", ["runner", "submitter", "default"])
def test_a_service_account_reads_nothing_of_the_other_team(cluster: Cluster, account: str) -> None:
    user = f"system:serviceaccount:{ALPHA}:{account}"
    listed = json.loads(cluster.do("api-resources", "--namespaced", "--verbs=list", "--output=json"))["resources"]
    names = [f"{each['name']}.{each['group']}" if each.get("group") else each["name"] for each in listed]
    assert {"pods", "secrets", "configmaps", "jobs.batch"} <= set(names)
    for name in names:
        assert not cluster.may(user, "list", name, BETA), name


def test_the_submitter_runs_jobs_of_its_own_team_only(cluster: Cluster) -> None:
    submitter = f"system:serviceaccount:{ALPHA}:submitter"
    assert cluster.may(submitter, "create", "jobs.batch", ALPHA)
    assert cluster.may(submitter, "get", "pods/log", ALPHA)
    assert not cluster.may(submitter, "create", "jobs.batch", BETA)
    assert not cluster.may(submitter, "get", "secrets", ALPHA)
    assert not cluster.may(submitter, "create", "pods/exec", ALPHA)


@pytest.mark.parametrize(
    ("group", "verb", "resource", "allowed"),
    [
        ("churn-analysts", "get", "pods", True),
        ("churn-analysts", "get", f"namespaces/{ALPHA}", True),
        ("churn-analysts", "create", "jobs.batch", False),
        ("churn-scientists", "create", "jobs.batch", True),
        ("churn-scientists", "create", "pods/exec", True),
        ("churn-scientists", "get", "secrets", False),
        ("churn-scientists", "update", "resourcequotas", False),
        ("alpha-leads", "get", "secrets", True),
        ("alpha-leads", "delete", "networkpolicies.networking.k8s.io", False),
        ("pricing-scientists", "get", "pods", False),
    ],
)
def test_people_may_do_what_their_group_may(
    cluster: Cluster, group: str, verb: str, resource: str, allowed: bool
) -> None:
    assert cluster.may("somebody", verb, resource, ALPHA, group=group) is allowed


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("--role=viewer", True),
        ("--role=admin", True),
        ("--clusterrole=admin", False),
        ("--clusterrole=cluster-admin", False),
    ],
)
def test_an_admin_lets_others_in_but_grants_nothing_that_it_lacks(cluster: Cluster, role: str, allowed: bool) -> None:
    done = cluster.run(
        *("create", "rolebinding", "new", role, "--user=newcomer", f"--namespace={ALPHA}"),
        *("--dry-run=server", "--as=lead", "--as-group=alpha-leads"),
    )
    assert (done.returncode == 0) is allowed, done.stderr


def test_a_debug_container_brings_no_foreign_image(cluster: Cluster) -> None:
    cluster.do("create", "--filename=-", stdin=_pod())
    try:
        pod = cluster.get("pod", "probe", f"--namespace={ALPHA}")
        context = pod["spec"]["containers"][0]["securityContext"]
        pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "evil:1", "securityContext": context}]
        path = f"/api/v1/namespaces/{ALPHA}/pods/probe/ephemeralcontainers"
        done = cluster.run("replace", "--raw", path, "--filename=-", stdin=pod)
        assert "not allowed: evil:1" in done.stderr
        pod["spec"]["ephemeralContainers"][0]["image"] = IMAGE
        cluster.do("replace", "--raw", path, "--filename=-", stdin=pod)
    finally:
        cluster.do("delete", "pod", "probe", f"--namespace={ALPHA}", "--now")


def test_a_pod_from_before_a_stricter_policy_can_still_change_its_metadata(cluster: Cluster) -> None:
    pod = _pod()
    pod["metadata"] |= {"name": "old", "namespace": BETA}
    pod["spec"]["containers"][0]["image"] = "registry.local/mlplatform/ws-beta/estimate:1"
    cluster.do("create", "--filename=-", stdin=pod)
    policy = "team-ws-beta-pods"
    allowed = cluster.get("validatingadmissionpolicy", policy)["spec"]["variables"][0]
    assert allowed["name"] == "selectors"

    def allow(expression: str) -> None:
        change = [{"op": "replace", "path": "/spec/variables/0/expression", "value": expression}]
        cluster.do("patch", "validatingadmissionpolicy", policy, "--type=json", f"--patch={json.dumps(change)}")

    try:
        allow('[{"mlplatform/pool": "other"}]')
        newer = {**pod, "metadata": {**pod["metadata"], "name": "new"}}
        _eventually(lambda: "must select one of the team's pools" in cluster.refusal(newer), 30)
        cluster.do("annotate", "pod", "old", "seen=yes", f"--namespace={BETA}")
    finally:
        allow(allowed["expression"])
        cluster.do("delete", "pod", "old", f"--namespace={BETA}", "--now")


def _scoring_nodes(cluster: Cluster) -> list[str]:
    return [each["metadata"]["name"] for each in cluster.get("nodes", "--selector=mlplatform/pool=ws-scoring")["items"]]


def _run(cluster: Cluster, name: str, annotations: dict[str, str]) -> None:
    job = json.loads(
        cluster.do(
            *("create", "job", name, f"--from=cronjob/{TEMPLATE}", f"--namespace={ALPHA}"),
            *("--dry-run=client", "--output=json"),
        )
    )
    job["spec"]["template"]["metadata"]["annotations"] |= annotations
    cluster.do("create", "--filename=-", stdin=job)


def test_a_run_brings_its_nodes_fills_only_its_pool_and_leaves_none(cluster: Cluster) -> None:
    _run(cluster, "run", {"mlplatform/simulated-seconds": "2"})
    where = f"--namespace={ALPHA}"
    cluster.do("wait", "--for=condition=complete", "job/run", where, "--timeout=55s")
    pods = cluster.get("pods", where, "--selector=batch.kubernetes.io/job-name=run")["items"]
    assert len(pods) == 20
    used = {pod["spec"]["nodeName"] for pod in pods}
    assert {pod["spec"]["nodeSelector"]["mlplatform/pool"] for pod in pods} == {"ws-scoring"}
    assert used <= set(_scoring_nodes(cluster))
    # As many as 20 one-cpu shards need: spreading them asks for no node that is not.
    assert len(used) <= 2
    _eventually(lambda: not _scoring_nodes(cluster), 60)


def test_a_shard_that_no_retry_can_save_is_tried_once(cluster: Cluster) -> None:
    _run(cluster, "hopeless", {"mlplatform/simulated-seconds": "1", "mlplatform/simulated-exit-code": "64"})
    where = f"--namespace={ALPHA}"
    cluster.do("wait", "--for=condition=failed", "job/hopeless", where, "--timeout=55s")
    job = cluster.get("job", "hopeless", where)
    (failed,) = [each for each in job["status"]["conditions"] if each["type"] == "Failed"]
    assert failed["reason"] == "MaxFailedIndexesExceeded"
    pods = cluster.get("pods", where, "--selector=batch.kubernetes.io/job-name=hopeless")["items"]
    index = "batch.kubernetes.io/job-completion-index"
    tried = [pod["metadata"]["labels"][index] for pod in pods]
    assert sorted(tried) == sorted(set(tried))


def test_a_gpu_pod_gets_a_node_with_one(cluster: Cluster) -> None:
    def on_gpus(spec: dict[str, Any], main: dict[str, Any]) -> None:
        spec["nodeSelector"]["mlplatform/pool"] = spec["tolerations"][0]["value"] = "ws-gpu"
        main["resources"] = {"limits": {"nvidia.com/gpu": "1"}}

    pod = _pod(on_gpus)
    pod["metadata"]["name"] = "gpu"
    cluster.do("create", "--filename=-", stdin=pod)
    try:
        cluster.do("wait", "--for=condition=Ready", "pod/gpu", f"--namespace={ALPHA}", "--timeout=55s")
        node = cluster.get("node", cluster.get("pod", "gpu", f"--namespace={ALPHA}")["spec"]["nodeName"])
        assert node["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "local-8x32-nvidia-l4-1"
        assert node["status"]["allocatable"]["nvidia.com/gpu"] == "1"
    finally:
        cluster.do("delete", "pod", "gpu", f"--namespace={ALPHA}", "--now")
