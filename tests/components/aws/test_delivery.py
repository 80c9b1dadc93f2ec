"""Roles of CI, and the runner that reaches a private endpoint: who gets them, and what they may do."""

import json
from typing import Any

import pytest

from components.aws.delivery_policies import deploy_policies, preview_policies
from components.aws.names import connection_name
from components.aws.runner import repository_url
from mlplatform.graph import Evaluation, EvaluationError, Resource
from tests.support.components import (
    AWS_CLUSTER,
    AWS_ENVIRONMENT,
    AWS_KEYS,
    AWS_NETWORK,
    evaluate_component,
    of_type,
    only,
)
from tests.support.iam import MANAGED_POLICIES_OF_A_ROLE, documents, faults

DELIVERY = "components.aws.delivery:AwsDelivery"
RUNNER = "components.aws.runner:AwsRunner"
PROVIDER = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
CONNECTION = "arn:aws:codeconnections:eu-west-1:111122223333:connection/11111111-2222-4333-8444-555555555555"

CLUSTER = "mlp-test"

DELETES_DATA = {
    "backup:DeleteRecoveryPoint",
    "ec2:DeleteVolume",
    "ec2:DeleteVpc",
    "ecr:BatchDeleteImage",
    "ecr:DeleteRepository",
    "eks:DeleteCluster",
    "elasticfilesystem:DeleteFileSystem",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "logs:DeleteLogGroup",
    "rds:DeleteDBInstance",
    "rds:DeleteDBSnapshot",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:DeleteObjectVersion",
    "secretsmanager:DeleteSecret",
}


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "repository": "example/platform",
        "branch": "main",
        "cluster": AWS_CLUSTER,
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("delivery"), DELIVERY, arguments())


def role(evaluation: Evaluation, which: str) -> Resource:
    return of_type(evaluation, "iam/role:Role")[f"it-{which}"]


def subject(evaluation: Evaluation, which: str) -> str:
    (trust,) = json.loads(role(evaluation, which).inputs["assumeRolePolicy"])["Statement"]
    assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert trust["Principal"] == {"Federated": PROVIDER}
    condition = trust["Condition"].pop("StringEquals")
    assert trust["Condition"] == {}
    assert condition["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    return str(condition["token.actions.githubusercontent.com:sub"])


def statements(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    return {
        each["Sid"]: each
        for policy in of_type(evaluation, "iam/policy:Policy").values()
        for each in json.loads(policy.inputs["policy"])["Statement"]
    }


def granted(policies: dict[str, Any]) -> set[str]:
    return {
        action
        for policy in policies.values()
        for statement in policy
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }


def test_each_role_trusts_the_jobs_of_one_subject(made: Evaluation) -> None:
    assert subject(made, "deploy") == "repo:example/platform:ref:refs/heads/main"
    assert subject(made, "preview") == "repo:example/platform:pull_request"
    provider = only(made, "iam/openIdConnectProvider:OpenIdConnectProvider")
    assert provider.inputs["url"] == "https://token.actions.githubusercontent.com"
    assert provider.inputs["clientIdLists"] == ["sts.amazonaws.com"]
    assert provider.urn in role(made, "deploy").dependencies


def test_a_second_environment_of_the_account_uses_the_provider_that_is_there(tmp_path: Any) -> None:
    evaluation = evaluate_component(
        tmp_path,
        DELIVERY,
        arguments(
            identity_provider_arn=PROVIDER,
            repository="example@123456/platform@456789",
            github_environment="production",
        ),
    )
    assert of_type(evaluation, "OpenIdConnectProvider") == {}
    assert subject(evaluation, "deploy") == "repo:example@123456/platform@456789:environment:production"
    assert subject(evaluation, "preview") == "repo:example@123456/platform@456789:pull_request"
    first = arguments()["environment"]
    assert only_retained(tmp_path / "first", first)


def only_retained(directory: Any, environment: dict[str, Any]) -> bool:
    """Tell whether the environment that made the provider leaves it to the others."""
    directory.mkdir()
    evaluation = evaluate_component(directory, DELIVERY, arguments(environment=environment))
    return only(evaluation, "OpenIdConnectProvider").options.retain_on_delete


def test_policies_are_spelled_out_and_fit(made: Evaluation) -> None:
    assert faults(made.filled) == []
    longest = {**AWS_ENVIRONMENT, "name": "a" * 20 + "-" + "b" * 30, "region": "ap-southeast-2"}
    sizes = {
        name: len(json.dumps(policy, separators=(",", ":")))
        for name, policy in deploy_policies(longest, CLUSTER).items()
    }  # type: ignore[arg-type]
    assert max(sizes.values()) + len('{"Version":"2012-10-17","Statement":}') <= 6144, sizes
    assert len(sizes) <= MANAGED_POLICIES_OF_A_ROLE
    # As many as are made, so that a policy that is attached to nobody shows.
    assert len(of_type(made, "iam/policy:Policy")) == len(
        {**deploy_policies(longest, CLUSTER), **preview_policies(longest, CLUSTER)}
    )  # type: ignore[arg-type]


def test_neither_role_deletes_data_or_makes_what_people_make() -> None:
    deploy = granted(deploy_policies(AWS_ENVIRONMENT, CLUSTER))  # type: ignore[arg-type]
    assert deploy & DELETES_DATA == set()
    assert deploy & {"ec2:CreateVpc", "eks:CreateCluster", "kms:CreateKey", "iam:CreatePolicy"} == set()
    assert {action for action in deploy if action.startswith("s3:") and "Object" in action} == {
        "s3:DeleteObject",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetObject",
        "s3:PutObject",
    }


def test_objects_can_be_reached_in_the_bucket_of_the_state_only(made: Evaluation) -> None:
    reaching = [
        statement["Resource"]
        for statement in statements(made).values()
        if {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} & set(statement["Action"])
    ]
    assert reaching
    assert {resource for resources in reaching for resource in resources} == {
        "arn:aws:s3:::mlp-test-state-111122223333/*"
    }
    assert statements(made)["UseStateKey"]["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mlp-test-state"}
    }


def test_the_deploy_role_makes_bounded_roles_of_pods_and_cannot_change_itself(made: Evaluation) -> None:
    found = statements(made)
    boundary = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/mlp-test-boundary"}}
    assert found["MakeBoundedRoles"]["Condition"] == boundary
    assert {"iam:CreateRole", "iam:PutRolePolicy"} <= set(found["MakeBoundedRoles"]["Action"])
    changing = {
        resource
        for statement in found.values()
        for resource in statement["Resource"]
        if statement["Effect"] == "Allow"
        and any(
            action.startswith("iam:") and not action.startswith(("iam:Get", "iam:List", "iam:PassRole"))
            for action in statement["Action"]
        )
    }
    assert changing == {"arn:aws:iam::111122223333:role/mlp-test-pod-*"}
    granting = {action for each in found.values() if each["Effect"] == "Allow" for action in each["Action"]}
    assert granting & {"iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion"} == set()


def test_the_preview_role_changes_nothing_and_reads_no_secret() -> None:
    actions = granted(preview_policies(AWS_ENVIRONMENT, CLUSTER))  # type: ignore[arg-type]
    verbs = {action.partition(":")[2] for action in actions}
    assert [
        verb for verb in verbs if not verb.startswith(("Batch", "Decrypt", "Describe", "Get", "List", "View"))
    ] == []
    assert "secretsmanager:GetSecretValue" not in actions


def test_both_are_let_into_the_cluster_and_only_one_as_an_administrator(made: Evaluation) -> None:
    associations = of_type(made, "eks/accessPolicyAssociation:AccessPolicyAssociation")
    policies = {name: each.inputs["policyArn"].rpartition("/")[2] for name, each in associations.items()}
    assert policies == {
        "it-deploy-access-policy": "AmazonEKSClusterAdminPolicy",
        "it-preview-access-policy": "AmazonEKSViewPolicy",
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"repository": "platform"}, "repository: got 'platform'; allowed: owner/repository, or owner@<id>"),
        ({"repository": "example/*"}, "repository: got 'example/*'"),
        ({"repository": "example@1/platform"}, "repository: got 'example@1/platform'"),
        ({"branch": "*"}, "branch: got '*'; allowed: one name, without wildcards"),
        ({"github_environment": "prod*"}, "github_environment: got 'prod*'"),
    ],
)
def test_a_trust_in_more_than_one_repository_is_refused(tmp_path: Any, change: dict[str, Any], told: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, DELIVERY, arguments(**change))
    assert told in str(caught.value)


def runner_arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "repository": "example@123456/platform@456789",
        "network": AWS_NETWORK,
        "cluster_security_group_id": AWS_CLUSTER["security_group_id"],
        "logs_key_arn": AWS_KEYS["logs"],
        "connected": True,
        **changes,
    }


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("runner"), RUNNER, runner_arguments(connection_arn=CONNECTION))


def test_jobs_run_in_private_subnets_and_reach_the_api_server(runner: Evaluation) -> None:
    project = only(runner, "codebuild/project:Project")
    group = only(runner, "ec2/securityGroup:SecurityGroup")
    assert project.inputs["vpcConfig"]["vpcId"] == AWS_NETWORK["vpc_id"]
    assert project.inputs["vpcConfig"]["subnets"] == list(AWS_NETWORK["private_subnets"].values())
    assert group.urn in project.property_dependencies["vpcConfig"]
    assert project.inputs["source"]["location"] == "https://github.com/example/platform.git"
    assert project.inputs["source"]["auth"] == {"type": "CODECONNECTIONS", "resource": CONNECTION}
    assert project.inputs["environment"]["privilegedMode"] is False
    assert project.inputs["encryptionKey"] == AWS_KEYS["logs"]
    ingress = only(runner, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert ingress.inputs["securityGroupId"] == AWS_CLUSTER["security_group_id"]
    assert ingress.property_dependencies["referencedSecurityGroupId"] == (group.urn,)
    assert (ingress.inputs["fromPort"], ingress.inputs["toPort"]) == (443, 443)
    # A job starts when it has its rights and its way to the API server.
    assert {ingress.urn, only(runner, "iam/rolePolicy:RolePolicy").urn} <= set(project.dependencies)
    webhook = only(runner, "codebuild/webhook:Webhook")
    assert webhook.inputs["filterGroups"] == [{"filters": [{"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}]}]


def test_the_runner_has_no_rights_of_its_own_but_to_run(runner: Evaluation) -> None:
    assert faults(runner.filled) == []
    (policy,) = [each for each in documents(runner.filled) if each.path == "policy"]
    actions = {action for statement in policy.statements for action in statement["Action"]}
    assert {action.partition(":")[0] for action in actions} == {"codeconnections", "ec2", "logs"}
    logs = only(runner, "cloudwatch/logGroup:LogGroup")
    assert logs.inputs["kmsKeyId"] == AWS_KEYS["logs"]
    assert logs.options.protect is True


def test_until_the_connection_is_completed_there_is_nothing_else(tmp_path: Any) -> None:
    evaluation = evaluate_component(tmp_path, RUNNER, runner_arguments(connected=False))
    connection = only(evaluation, "codeconnections/connection:Connection")
    assert connection.inputs["providerType"] == "GitHub"
    # Once its ARN is given in place of it, the program makes it no more, and it must not go.
    assert connection.options.retain_on_delete is True
    assert [each.short_type for each in evaluation.filled.resources if each.type.startswith("aws:")] == ["Connection"]


def test_names_of_connections_fit_and_differ() -> None:
    names = ["mlp-test", "a" * 20 + "-" + "b" * 30, "a" * 20 + "-" + "b" * 29]
    assert connection_name(names[0]) == "mlp-test"
    assert all(len(connection_name(name)) <= 32 for name in names)
    assert len({connection_name(name) for name in names}) == 3


def test_the_address_of_a_repository_has_no_ids() -> None:
    assert repository_url("example@1/platform@2") == repository_url("example/platform")
