"""Identities of pods: who gets the role, and what it may reach."""

import json
from typing import Any

import pytest

from components.aws.workload_policies import boundary_statements
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import (
    AWS_CLUSTER,
    AWS_ENVIRONMENT,
    AWS_KEYS,
    LABELS,
    evaluate_component,
    evaluate_program,
    of_type,
    only,
)
from tests.support.iam import faults

COMPONENT = "components.aws.workload_identity:AwsWorkloadIdentity"
BUCKETS = {store: f"mlp-test-{store}-111122223333" for store in ("datasets", "scores", "models")}


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "cluster": AWS_CLUSTER,
        "identity_name": "churn-runner",
        "identity": {
            "namespace": "team-churn",
            "service_account": "runner",
            "read_stores": ["models", "datasets"],
            "write_stores": ["scores"],
            "labels": LABELS,
        },
        "buckets": BUCKETS,
        "stores_key_arn": AWS_KEYS["stores"],
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    boundary = "arn:aws:iam::111122223333:policy/mlp-test-boundary"
    return evaluate_component(tmp_path_factory.mktemp("identity"), COMPONENT, arguments(permissions_boundary=boundary))


def statements(text: str) -> dict[str, Any]:
    return {each["Sid"]: each for each in json.loads(text)["Statement"]}


def test_only_pods_of_that_service_account_of_that_cluster_take_the_role(made: Evaluation) -> None:
    role = only(made, "iam/role:Role")
    assert role.inputs["name"] == "mlp-test-pod-churn-runner"
    assert role.inputs["permissionsBoundary"] == "arn:aws:iam::111122223333:policy/mlp-test-boundary"
    (trust,) = statements(role.inputs["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:RequestTag/kubernetes-namespace": "team-churn",
            "aws:RequestTag/kubernetes-service-account": "runner",
            "aws:SourceAccount": "111122223333",
        },
        "ArnEquals": {"aws:SourceArn": AWS_CLUSTER["arn"]},
    }


def test_the_role_reads_and_writes_the_stores_that_were_named(made: Evaluation) -> None:
    policy = statements(only(made, "iam/rolePolicy:RolePolicy").inputs["policy"])
    read = ["arn:aws:s3:::mlp-test-datasets-111122223333", "arn:aws:s3:::mlp-test-models-111122223333"]
    written = ["arn:aws:s3:::mlp-test-scores-111122223333"]
    assert policy["ListReadStores"]["Resource"] == read
    assert policy["ReadStores"]["Action"] == ["s3:GetObject"]
    assert policy["ReadStores"]["Resource"] == [f"{bucket}/*" for bucket in read]
    assert {"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"} <= set(policy["WriteStores"]["Action"])
    assert policy["WriteStores"]["Resource"] == [f"{bucket}/*" for bucket in written]
    assert policy["ReadWithKey"]["Action"] == ["kms:Decrypt"]
    assert policy["WriteWithKey"]["Action"] == ["kms:GenerateDataKey"]
    for sid, buckets in (("ReadWithKey", [*read, *written]), ("WriteWithKey", written)):
        assert policy[sid]["Resource"] == [AWS_KEYS["stores"]]
        condition = policy[sid]["Condition"]
        assert condition["StringEquals"] == {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
        objects = [f"{bucket}/*" for bucket in sorted(buckets)]
        assert condition["StringLike"] == {"kms:EncryptionContext:aws:s3:arn": [*sorted(buckets), *objects]}
    assert faults(made.filled) == []


def test_no_token_is_mounted_and_who_uses_the_account_waits_for_the_role(tmp_path: Any) -> None:
    evaluation = evaluate_program(
        tmp_path,
        """
        import pulumi_kubernetes as kubernetes
        from components.aws.workload_identity import AwsWorkloadIdentity

        identity = AwsWorkloadIdentity("it", given["args"])
        kubernetes.core.v1.Pod(
            "pod",
            metadata={"name": "pod", "namespace": "team-churn"},
            spec={"serviceAccountName": identity.facts["service_account"],
                  "containers": [{"name": "main", "image": "registry.example.com/main:1"}]},
        )
        """,
        args=arguments(),
    )
    account = only(evaluation, "ServiceAccount")
    assert account.inputs["automountServiceAccountToken"] is False
    association = only(evaluation, "eks/podIdentityAssociation:PodIdentityAssociation")
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("team-churn", "runner")
    assert only(evaluation, "iam/rolePolicy:RolePolicy").urn in association.dependencies
    pod = only(evaluation, "Pod")
    assert pod.inputs["spec"]["serviceAccountName"] == "runner"
    assert association.urn in pod.dependencies


def test_an_identity_without_stores_has_a_role_without_a_policy(tmp_path: Any) -> None:
    identity = {**arguments()["identity"], "read_stores": [], "write_stores": []}
    evaluation = evaluate_component(tmp_path, COMPONENT, arguments(identity=identity))
    assert of_type(evaluation, "iam/rolePolicy:RolePolicy") == {}
    assert "permissionsBoundary" not in only(evaluation, "iam/role:Role").inputs


def test_a_store_without_a_bucket_and_a_long_name_are_told_together(tmp_path: Any) -> None:
    identity = {**arguments()["identity"], "write_stores": ["score"]}
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, arguments(identity=identity, identity_name="x" * 60))
    assert "identity_name: the role mlp-test-pod-" in str(caught.value)
    assert "would have 73 characters; allowed: 64" in str(caught.value)
    assert "identity.write_stores[0]: got score, which has no bucket; allowed: datasets, models, scores" in str(
        caught.value
    )


def test_the_boundary_gives_the_environments_data_but_not_pulumis_state(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    evaluation = evaluate_component(
        tmp_path_factory.mktemp("boundary"),
        "components.aws.boundary:AwsPermissionsBoundary",
        {"environment": AWS_ENVIRONMENT},
    )
    policy = only(evaluation, "iam/policy:Policy")
    assert policy.inputs["name"] == "mlp-test-boundary"
    found = statements(policy.inputs["policy"])
    assert found["Objects"]["Resource"] == ["arn:aws:s3:::mlp-test-*-111122223333/*"]
    assert found["StateOfPulumi"]["Effect"] == "Deny"
    assert found["StateOfPulumi"]["Resource"] == ["arn:aws:s3:::mlp-test-state-111122223333/*"]
    granted = {action for each in found.values() if each["Effect"] == "Allow" for action in each["Action"]}
    assert [action for action in sorted(granted) if action.startswith(("iam:", "sts:", "ec2:", "eks:"))] == []
    assert faults(evaluation.filled) == []


def test_every_identity_fits_into_the_boundary(made: Evaluation) -> None:
    bounded = {action for each in boundary_statements(AWS_ENVIRONMENT) for action in each["Action"]}
    wanted = statements(only(made, "iam/rolePolicy:RolePolicy").inputs["policy"])
    assert {action for each in wanted.values() for action in each["Action"]} <= bounded
