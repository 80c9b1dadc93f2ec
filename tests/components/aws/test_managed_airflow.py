"""Managed Airflow: private, encrypted, logged, and able to do no more than it needs."""

import json
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import (
    AWS_CLUSTER,
    AWS_ENVIRONMENT,
    AWS_KEYS,
    AWS_NETWORK,
    evaluate_component,
    evaluate_program,
    of_type,
    only,
)
from tests.support.iam import faults

COMPONENT = "components.aws.managed_airflow:AwsManagedAirflow"
BUCKET = "mlp-test-airflow-111122223333"
KEY = AWS_KEYS["logs"]


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "size": "medium",
        "min_workers": 1.0,
        "max_workers": 5.0,
        "network": AWS_NETWORK,
        "key_arn": KEY,
        "access_log_bucket": "mlp-test-access-logs-111122223333",
        "maintenance": {"day": "sunday", "start_time": "03:10", "hours": 4},
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    from components.aws.managed_airflow import AwsManagedAirflow

    pulumi.export("facts", AwsManagedAirflow("it", given["args"]).facts)
    """
    args = arguments(cluster=AWS_CLUSTER, requirements=["apache-airflow-providers-slack"])
    return evaluate_program(tmp_path_factory.mktemp("airflow"), program, args=args)


@pytest.fixture(scope="module")
def let_go(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = arguments(environment={**AWS_ENVIRONMENT, "let_go": ["airflow"]})
    return evaluate_component(tmp_path_factory.mktemp("let-go"), COMPONENT, args)


def test_the_environment_is_private_encrypted_and_of_the_size_asked_for(made: Evaluation) -> None:
    environment = only(made, "mwaa/environment:Environment").inputs
    assert environment["webserverAccessMode"] == "PRIVATE_ONLY"
    assert environment["kmsKey"] == KEY
    assert environment["environmentClass"] == "mw1.medium"
    assert (environment["minWorkers"], environment["maxWorkers"]) == (1, 5)
    assert isinstance(environment["maxWorkers"], int)
    assert environment["weeklyMaintenanceWindowStart"] == "SUN:03:00"
    assert environment["networkConfiguration"]["subnetIds"] == [
        AWS_NETWORK["private_subnets"]["eu-west-1a"],
        AWS_NETWORK["private_subnets"]["eu-west-1b"],
    ]


def test_dags_are_in_a_versioned_bucket_with_the_key_of_the_environment(made: Evaluation) -> None:
    environment = only(made, "mwaa/environment:Environment")
    assert environment.inputs["sourceBucketArn"] == f"arn:aws:s3:::{BUCKET}"
    (rule,) = only(made, "BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == KEY
    # MWAA refuses a bucket that has no versions yet, or that is not private yet.
    waited_for = {urn.rpartition("::")[2] for urn in environment.dependencies}
    assert {"it-dags-versioning", "it-dags-policy", "it-run-airflow"} <= waited_for
    assert made.outputs["facts"]["dags_url"] == f"s3://{BUCKET}/dags"


def test_requirements_are_installed_with_the_constraints_of_the_release(made: Evaluation, let_go: Evaluation) -> None:
    environment, requirements = only(made, "mwaa/environment:Environment"), only(made, "BucketObjectv2")
    version = environment.inputs["airflowVersion"]
    constraint, package = requirements.inputs["content"].splitlines()
    assert constraint.startswith("--constraint ")
    assert f"/constraints-{version}/" in constraint
    assert package == "apache-airflow-providers-slack"
    assert requirements.inputs["kmsKeyId"] == KEY
    assert environment.inputs["requirementsS3Path"] == "requirements.txt"
    # A version of its own for each content, or a change would not be installed.
    assert requirements.urn in environment.property_dependencies["requirementsS3ObjectVersion"]
    assert "requirementsS3Path" not in only(let_go, "mwaa/environment:Environment").inputs


def test_all_logs_are_on_and_go_to_encrypted_groups_that_end(made: Evaluation) -> None:
    environment = only(made, "mwaa/environment:Environment")
    logging = environment.inputs["loggingConfiguration"]
    assert len(logging) == 5
    assert all(each == {"enabled": True, "logLevel": "INFO"} for each in logging.values())
    groups = of_type(made, "LogGroup").values()
    names = ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")
    assert {each.inputs["name"] for each in groups} == {f"airflow-mlp-test-{name}" for name in names}
    for each in groups:
        assert each.inputs["kmsKeyId"] == KEY
        assert each.inputs["retentionInDays"] >= 365
        assert each.urn in environment.dependencies


def test_its_parts_talk_to_each_other_and_nobody_talks_to_them(made: Evaluation) -> None:
    group = only(made, "ec2/securityGroup:SecurityGroup").outputs["id"]
    (inside,) = [
        each.inputs
        for each in of_type(made, "SecurityGroupIngressRule").values()
        if each.inputs["securityGroupId"] == group
    ]
    assert inside["securityGroupId"] == inside["referencedSecurityGroupId"] == group
    assert "cidrIpv4" not in inside
    outside = {each.inputs.get("cidrIpv4"): each.inputs for each in of_type(made, "SecurityGroupEgressRule").values()}
    assert outside.keys() == {None, "0.0.0.0/0"}
    assert (outside["0.0.0.0/0"]["fromPort"], outside["0.0.0.0/0"]["toPort"]) == (443, 443)


def test_its_role_is_for_this_environment_and_for_what_airflow_needs(made: Evaluation, let_go: Evaluation) -> None:
    role = only(made, "iam/role:Role").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": ["airflow-env.amazonaws.com", "airflow.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:airflow:eu-west-1:111122223333:environment/mlp-test"},
    }
    policy = {
        each["Sid"]: each for each in json.loads(only(made, "iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    }
    assert policy["ReadDags"]["Resource"] == [f"arn:aws:s3:::{BUCKET}/*"]
    assert not any(action.startswith("s3:Put") for each in policy.values() for action in each["Action"])
    assert policy["UseKey"]["Resource"] == [KEY]
    assert all("Condition" in each for each in policy.values() if each["Resource"] == ["*"])
    written = {each.inputs["name"] for each in of_type(made, "LogGroup").values()}
    for name in written:
        assert f"arn:aws:logs:eu-west-1:111122223333:log-group:{name}:*" in policy["WriteLogs"]["Resource"]
    assert policy["FindCluster"]["Resource"] == [AWS_CLUSTER["arn"]]
    assert "eks:DescribeCluster" not in only(let_go, "iam/rolePolicy:RolePolicy").inputs["policy"]
    assert faults(made.filled) == []


def test_it_is_kept_with_its_dags_until_it_is_let_go(made: Evaluation, let_go: Evaluation) -> None:
    for suffix in ("mwaa/environment:Environment", "s3/bucket:Bucket"):
        assert only(made, suffix).options.protect
        assert only(made, suffix).options.retain_on_delete
        assert not only(let_go, suffix).options.protect
        assert not only(let_go, suffix).options.retain_on_delete
    assert only(let_go, "s3/bucket:Bucket").inputs["forceDestroy"] is True


def test_every_problem_of_the_arguments_is_named(tmp_path: Any) -> None:
    one_zone = {**AWS_NETWORK, "private_subnets": {"eu-west-1a": "subnet-0000000000000000a"}}
    never = {"day": "sunday", "start_time": "24:00", "hours": 4}
    args = arguments(size="huge", min_workers=0, max_workers=26, network=one_zone, maintenance=never)
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, args)
    for text in (
        "managed Airflow: maintenance.start_time: got '24:00'; allowed: HH:MM in UTC",
        "managed Airflow: size: got 'huge'; allowed: small, medium, large",
        "managed Airflow: min_workers: got 0; allowed: 1 or more",
        "managed Airflow: max_workers: got 26; allowed: from min_workers, 0, to 25",
        "managed Airflow: network.private_subnets: got 1 zones; allowed: at least 2",
    ):
        assert text in str(caught.value)


def test_dags_reach_the_cluster_as_a_group_without_rights(made: Evaluation, let_go: Evaluation) -> None:
    entry = only(made, "eks/accessEntry:AccessEntry").inputs
    assert (entry["clusterName"], entry["kubernetesGroups"]) == (AWS_CLUSTER["name"], ["managed-airflow"])
    assert of_type(made, "eks/accessPolicyAssociation:AccessPolicyAssociation") == {}
    rule = of_type(made, "SecurityGroupIngressRule")["it-to-cluster"].inputs
    assert rule["securityGroupId"] == AWS_CLUSTER["security_group_id"]
    assert rule["referencedSecurityGroupId"] == only(made, "ec2/securityGroup:SecurityGroup").outputs["id"]
    assert (rule["fromPort"], rule["toPort"]) == (443, 443)
    # Without a cluster there is nothing to be let into.
    assert of_type(let_go, "eks/accessEntry:AccessEntry") == {}
