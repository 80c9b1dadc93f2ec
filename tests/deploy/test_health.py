from typing import Any

import pytest

from mlplatform.local.deploy.components import rows
from mlplatform.local.deploy.health import Health, State, health


def live(version: str, kind: str, status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "x", "namespace": "n", "generation": 2},
        "spec": spec,
        "status": status or {},
    }


def condition(kind: str, status: str = "True", **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, **more}]}


ROLLED_OUT = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("found", "state", "detail"),
    [
        (live("apps/v1", "Deployment", ROLLED_OUT, replicas=2), State.HEALTHY, ""),
        (
            live("apps/v1", "Deployment", {**ROLLED_OUT, "availableReplicas": 1}, replicas=2),
            State.PROGRESSING,
            "1 of 2",
        ),
        (live("apps/v1", "Deployment", {**ROLLED_OUT, "replicas": 3}, replicas=2), State.PROGRESSING, "2 of 2"),
        (live("apps/v1", "Deployment", {**ROLLED_OUT, "observedGeneration": 1}), State.PROGRESSING, "last change"),
        (live("apps/v1", "Deployment", {}), State.PROGRESSING, "has not been seen"),
        (live("apps/v1", "Deployment", {"observedGeneration": 2}, replicas=0), State.HEALTHY, ""),
        (
            live(
                "apps/v1",
                "Deployment",
                condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="m"),
            ),
            State.FAILED,
            "m",
        ),
        (
            live("apps/v1", "StatefulSet", {"readyReplicas": 1, "updatedReplicas": 2}, replicas=2),
            State.PROGRESSING,
            "1 of 2",
        ),
        (live("apps/v1", "StatefulSet", {"readyReplicas": 2, "updatedReplicas": 2}, replicas=2), State.HEALTHY, ""),
        (
            live("apps/v1", "StatefulSet", {"readyReplicas": 1}, replicas=1, updateStrategy={"type": "OnDelete"}),
            State.HEALTHY,
            "",
        ),
        (live("apps/v1", "DaemonSet", {}), State.PROGRESSING, "has not been seen"),
        (live("apps/v1", "DaemonSet", {"desiredNumberScheduled": 0}), State.HEALTHY, ""),
        (
            live("apps/v1", "DaemonSet", {"desiredNumberScheduled": 2, "numberAvailable": 1}),
            State.PROGRESSING,
            "1 of 2",
        ),
        (live("batch/v1", "Job", {}), State.PROGRESSING, "has not completed"),
        (live("batch/v1", "Job", {}, suspend=True), State.HEALTHY, ""),
        (live("batch/v1", "Job", condition("Complete")), State.HEALTHY, ""),
        (live("batch/v1", "Job", condition("Failed", message="deadline")), State.FAILED, "deadline"),
        (live("v1", "Namespace", {"phase": "Active"}), State.HEALTHY, ""),
        (live("v1", "Namespace", {"phase": "Terminating"}), State.PROGRESSING, "is Terminating"),
        (live("v1", "PersistentVolumeClaim", {"phase": "Pending"}), State.HEALTHY, ""),
        (live("v1", "PersistentVolumeClaim", {"phase": "Lost"}), State.FAILED, "lost"),
        (live("v1", "Pod", {"phase": "Pending"}), State.PROGRESSING, "is Pending"),
        (live("v1", "Pod", {"phase": "Running", **condition("Ready")}), State.HEALTHY, ""),
        (live("v1", "Pod", {"phase": "Failed", "message": "m"}), State.FAILED, "m"),
        (live("apiextensions.k8s.io/v1", "CustomResourceDefinition", condition("Established")), State.HEALTHY, ""),
        (
            live(
                "apiextensions.k8s.io/v1", "CustomResourceDefinition", condition("NamesAccepted", "False", message="m")
            ),
            State.FAILED,
            "m",
        ),
        (
            live("apiregistration.k8s.io/v1", "APIService", condition("Available", "False", message="m")),
            State.PROGRESSING,
            "m",
        ),
        (live("karpenter.sh/v1", "NodePool", {}), State.HEALTHY, ""),
        (live("karpenter.sh/v1", "NodePool", condition("Ready")), State.HEALTHY, ""),
        (
            live("karpenter.sh/v1", "NodePool", condition("Ready", "Unknown", reason="Waits")),
            State.PROGRESSING,
            "Waits",
        ),
        (live("karpenter.sh/v1", "NodePool", condition("Stalled", message="m")), State.FAILED, "m"),
        (live("v1", "ConfigMap"), State.HEALTHY, ""),
    ],
)
def test_each_kind_tells_in_its_own_way(found, state, detail):
    verdict = health(found)
    assert verdict.state is state
    assert detail in verdict.detail
    assert bool(verdict.detail) == (state is not State.HEALTHY)


def test_an_object_that_is_being_deleted_is_not_healthy():
    found = live("v1", "ConfigMap")
    found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert health(found).state is State.PROGRESSING


def test_an_object_that_is_not_to_be_waited_for_is_taken_as_it_is():
    found = live("batch/v1", "Job", {})
    found["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    assert health(found).state is State.HEALTHY


def test_a_component_is_as_well_as_its_worst_object():
    found = rows(
        [
            ("b", Health("ConfigMap b", State.HEALTHY)),
            ("a", Health("Deployment a", State.PROGRESSING, "1 of 2")),
            ("a", Health("Job a", State.FAILED, "deadline")),
            ("a", Health("ConfigMap a", State.HEALTHY)),
        ]
    )
    assert [(row.component, row.objects, row.state) for row in found] == [
        ("a", 3, State.FAILED),
        ("b", 1, State.HEALTHY),
    ]
    assert found[0].details == ("Deployment a: 1 of 2", "Job a: deadline")
