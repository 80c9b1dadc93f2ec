"""Identities of pods: no key, and rights on buckets only."""

from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_CLUSTER, GCP_ENVIRONMENT, LABELS, evaluate_component, evaluate_program, of_type

COMPONENT = "components.gcp.workload_identity:GcpWorkloadIdentity"
PRINCIPAL = (
    "principal://iam.googleapis.com/projects/111122223333/locations/global/workloadIdentityPools/"
    "example-project.svc.id.goog/subject/ns/team-churn/sa/runner"
)
BUCKETS = {store: f"mlp-test-{store}-111122223333" for store in ("datasets", "models", "scores")}


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "identity": {
            "namespace": "team-churn",
            "service_account": "runner",
            "read_stores": ["models", "datasets", "scores"],
            "write_stores": ["scores"],
            "labels": LABELS,
        },
        "workload_pool": GCP_CLUSTER["workload_pool"],
        "buckets": BUCKETS,
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("identity"), COMPONENT, arguments())


def test_it_reaches_the_buckets_asked_for_each_by_one_right(made: Evaluation) -> None:
    grants = of_type(made, "storage/bucketIAMMember:BucketIAMMember").values()
    assert {(each.inputs["bucket"], each.inputs["role"]) for each in grants} == {
        (BUCKETS["datasets"], "roles/storage.objectViewer"),
        (BUCKETS["models"], "roles/storage.objectViewer"),
        (BUCKETS["scores"], "roles/storage.objectUser"),
    }
    assert {each.inputs["member"] for each in grants} == {PRINCIPAL}


def test_there_is_no_google_service_account_and_no_token(made: Evaluation) -> None:
    assert {each.type for each in made.filled.resources if each.type.startswith("gcp:")} == {
        "gcp:storage/bucketIAMMember:BucketIAMMember"
    }
    (account,) = of_type(made, "core/v1:ServiceAccount").values()
    assert account.inputs["automountServiceAccountToken"] is False
    assert account.inputs["metadata"] == {"name": "runner", "namespace": "team-churn", "labels": LABELS}


def test_rights_wait_for_the_cluster_and_pods_wait_for_the_rights(made: Evaluation) -> None:
    (account,) = of_type(made, "core/v1:ServiceAccount").values()
    grants = of_type(made, "storage/bucketIAMMember:BucketIAMMember")
    assert all(account.urn in grant.dependencies for grant in grants.values())


def test_a_pod_that_uses_the_fact_waits_for_every_right(tmp_path: Any) -> None:
    program = """
    import pulumi_kubernetes as kubernetes

    from components.gcp.workload_identity import GcpWorkloadIdentity

    identity = GcpWorkloadIdentity("it", given["args"])
    kubernetes.core.v1.Pod("pod", spec={
        "service_account_name": identity.facts["service_account"], "containers": [{"name": "it", "image": "it"}],
    })
    """
    evaluation = evaluate_program(tmp_path, program, args=arguments())
    (pod,) = of_type(evaluation, "core/v1:Pod").values()
    grants = of_type(evaluation, "storage/bucketIAMMember:BucketIAMMember").values()
    assert {grant.urn for grant in grants} <= set(pod.dependencies)
    assert pod.inputs["spec"]["serviceAccountName"] == "runner"


def test_a_store_that_is_not_there_is_refused(tmp_path: Any) -> None:
    others = {store: bucket for store, bucket in BUCKETS.items() if store != "scores"}
    with pytest.raises(EvaluationError, match="got the store 'scores'; allowed: datasets, models"):
        evaluate_component(tmp_path, COMPONENT, arguments(buckets=others))
