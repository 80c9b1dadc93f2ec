"""Databases: who reaches them, what protects their data, and which sizes there are."""

import json
from typing import Any

import pytest

from components.aws.database_sizes import CLASSES, DEFAULT_SHAPE, database_class, smallest_with
from components.aws.machines import MIB_PER_GIB, machines
from components.aws.maintenance import airflow_start, backup_window, database_window
from mlplatform.graph import Evaluation, EvaluationError, Secret, reveal
from tests.support.components import (
    AWS_ENVIRONMENT,
    AWS_KEYS,
    AWS_NETWORK,
    evaluate_component,
    evaluate_program,
    of_type,
    only,
)
from tests.support.iam import faults

COMPONENT = "components.aws.database:AwsDatabase"
MAINTENANCE = {"day": "sunday", "start_time": "03:00", "hours": 4}
TOPIC = "arn:aws:sns:eu-west-1:111122223333:mlp-test"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "database_name": "hub",
        "database": {"owner": "hub_owner", "storage_gib": 20},
        "network": AWS_NETWORK,
        "keys": AWS_KEYS,
        "maintenance": MAINTENANCE,
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    from components.aws.database import AwsDatabase

    database = AwsDatabase("it", given["args"])
    pulumi.export("facts", database.facts)
    """
    return evaluate_program(tmp_path_factory.mktemp("database"), program, args=arguments())


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    wanted = {
        "owner": "hub",
        "storage_gib": 60000.0,
        "shape": {"cpu": 8.0, "memory_gib": 64.0},
        "high_availability": True,
        "backup_days": 35.0,
    }
    args = arguments(
        database=wanted,
        environment={**AWS_ENVIRONMENT, "let_go": ["databases.hub"]},
        network={**AWS_NETWORK, "pod_cidr": AWS_NETWORK["vpc_cidr"]},
        events_topic_arn=TOPIC,
    )
    return evaluate_component(tmp_path_factory.mktemp("production"), COMPONENT, args)


def test_the_server_is_reached_by_machines_and_pods_only(made: Evaluation) -> None:
    instance = only(made, "rds/instance:Instance").inputs
    assert instance["publiclyAccessible"] is False
    assert only(made, "SubnetGroup").inputs["subnetIds"] == list(AWS_NETWORK["intra_subnets"].values())
    group = only(made, "ec2/securityGroup:SecurityGroup")
    assert group.inputs.keys().isdisjoint({"ingress", "egress"})
    assert of_type(made, "SecurityGroupEgressRule") == {}
    rules = of_type(made, "SecurityGroupIngressRule").values()
    assert {each.inputs["cidrIpv4"] for each in rules} == {"10.64.0.0/16", "100.64.0.0/16"}
    assert {(each.inputs["fromPort"], each.inputs["toPort"], each.inputs["ipProtocol"]) for each in rules} == {
        (5432, 5432, "tcp"),
    }
    # The server is made, and so its address is known, once both may connect.
    assert {each.urn for each in rules} <= set(only(made, "rds/instance:Instance").dependencies)


def test_connections_are_encrypted_and_what_happens_is_logged(made: Evaluation) -> None:
    group = only(made, "ParameterGroup").inputs
    parameters = {each["name"]: each["value"] for each in group["parameters"]}
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["log_statement"] == "ddl"
    # Version 18 made a list of stages of it; RDS refuses "1".
    assert parameters["log_connections"] == "all"
    assert parameters["log_min_duration_statement"] == "1000"
    instance = only(made, "rds/instance:Instance")
    assert group["family"] == f"postgres{instance.inputs['engineVersion']}"
    assert instance.inputs["parameterGroupName"] == group["name"]
    assert instance.inputs["caCertIdentifier"] == "rds-ca-rsa2048-g1"
    assert instance.inputs["iamDatabaseAuthenticationEnabled"] is True
    groups = of_type(made, "cloudwatch/logGroup:LogGroup")
    exported = {f"/aws/rds/instance/mlp-test-hub/{log}" for log in instance.inputs["enabledCloudwatchLogsExports"]}
    assert {each.inputs["name"] for each in groups.values()} == exported
    for each in groups.values():
        assert each.inputs["kmsKeyId"] == AWS_KEYS["logs"]
        assert each.inputs["retentionInDays"] >= 365
        assert each.urn in instance.dependencies


def test_data_is_encrypted_backed_up_and_survives_the_program(made: Evaluation) -> None:
    instance = only(made, "rds/instance:Instance")
    assert instance.inputs["storageEncrypted"] is True
    assert instance.inputs["kmsKeyId"] == instance.inputs["performanceInsightsKmsKeyId"] == AWS_KEYS["databases"]
    assert instance.inputs["deletionProtection"] is True
    assert instance.inputs["backupRetentionPeriod"] == 7
    assert (instance.inputs["allocatedStorage"], instance.inputs["maxAllocatedStorage"]) == (20, 80)
    assert instance.inputs["copyTagsToSnapshot"] is True
    for each in (instance, only(made, "SubnetGroup")):
        assert each.options.protect
        assert each.options.retain_on_delete
    assert only(made, "RandomPassword").options.retain_on_delete


def test_production_fails_over_and_tells_who_wants_to_know(production: Evaluation) -> None:
    instance = only(production, "rds/instance:Instance").inputs
    assert instance["multiAz"] is True
    assert instance["instanceClass"] == "db.r7g.2xlarge"
    # RDS takes no limit that is less than a tenth above the size, and there is no room for more.
    assert instance["allocatedStorage"] == 60000
    assert "maxAllocatedStorage" not in instance
    assert instance["backupRetentionPeriod"] == 35
    assert not isinstance(instance["backupRetentionPeriod"], float)
    events = only(production, "EventSubscription").inputs
    assert events["snsTopic"] == TOPIC
    assert events["sourceIds"] == ["mlp-test-hub"]
    assert "failover" in events["eventCategories"]
    # Pods that share the machines' addresses need no rule of their own; AWS refuses the same one twice.
    assert [each.inputs["cidrIpv4"] for each in of_type(production, "SecurityGroupIngressRule").values()] == [
        "10.64.0.0/16"
    ]


def test_a_database_that_is_let_go_leaves_a_snapshot_and_its_backups(production: Evaluation) -> None:
    instance = only(production, "rds/instance:Instance")
    assert not instance.options.protect
    assert not instance.options.retain_on_delete
    assert instance.inputs["deletionProtection"] is False
    assert instance.inputs["skipFinalSnapshot"] is False
    assert instance.inputs["deleteAutomatedBackups"] is False
    # A fixed name would be taken after the first deletion, and refuse the second.
    snapshot = only(production, "RandomId")
    assert snapshot.urn in instance.property_dependencies["finalSnapshotIdentifier"]
    assert not snapshot.options.retain_on_delete


def test_the_password_is_a_secret_everywhere_and_kept_by_nobody_twice(made: Evaluation) -> None:
    facts = made.outputs["facts"]
    assert isinstance(facts["dsn"], Secret)
    assert reveal(facts["dsn"]) == (
        f"postgresql://hub_owner:{reveal(facts['password'])}@{facts['host']}:5432/hub?sslmode=require"
    )
    assert isinstance(only(made, "rds/instance:Instance").inputs["password"], Secret)
    assert of_type(made, "secretsmanager/secret:Secret") == {}


def test_only_monitoring_of_that_server_takes_its_role(made: Evaluation) -> None:
    trust = json.loads(only(made, "iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert [each["Condition"] for each in trust] == [
        {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnEquals": {"aws:SourceArn": "arn:aws:rds:eu-west-1:111122223333:db:mlp-test-hub"},
        }
    ]
    attachment = only(made, "RolePolicyAttachment")
    assert attachment.urn in only(made, "rds/instance:Instance").property_dependencies["monitoringRoleArn"]
    assert faults(made.filled) == []


def test_sizes_are_those_of_the_machines_that_the_classes_are_named_after() -> None:
    known = machines()
    for (cpu, memory_gib), name in CLASSES.items():
        machine = known[name.removeprefix("db.")]
        assert (machine.cpu, machine.memory_mib) == (cpu, memory_gib * MIB_PER_GIB), name
    assert database_class(DEFAULT_SHAPE) == "db.m7g.large"
    assert database_class({"cpu": 2, "memory_gib": 3}) is None
    assert smallest_with({"cpu": 3, "memory_gib": 8}) == {"cpu": 4, "memory_gib": 16}
    assert smallest_with({"cpu": 2, "memory_gib": 3}) == {"cpu": 2, "memory_gib": 4}
    assert smallest_with({"cpu": 99, "memory_gib": 1}) == {"cpu": 64, "memory_gib": 512}


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"day": "sunday", "start_time": "03:00", "hours": 4}, ("sun:03:00-sun:07:00", "01:00-02:00", "SUN:03:00")),
        ({"day": "sunday", "start_time": "23:45", "hours": 24}, ("sun:23:45-mon:07:45", "21:45-22:45", "SUN:23:30")),
        ({"day": "monday", "start_time": "00:10", "hours": 1}, ("mon:00:10-mon:01:10", "22:10-23:10", "MON:00:00")),
        ({"day": "tuesday", "start_time": "01:30", "hours": 4}, ("tue:01:30-tue:05:30", "23:30-00:30", "TUE:01:30")),
    ],
)
def test_backups_are_made_before_maintenance(window: Any, expected: tuple[str, str, str]) -> None:
    assert (database_window(window), backup_window(window), airflow_start(window)) == expected


def test_every_problem_of_the_arguments_is_named(tmp_path: Any) -> None:
    args = arguments(
        database_name="template1",
        database={"owner": "pg_admin", "storage_gib": 10, "backup_days": 0, "shape": {"cpu": 3, "memory_gib": 8}},
        network={**AWS_NETWORK, "intra_subnets": {"eu-west-1a": "subnet-1111111111111111a"}},
        maintenance={"day": "Sun", "start_time": "3:00", "hours": 0},
    )
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, args)
    for text in (
        "database template1: database_name: got 'template1'; allowed: letters, digits and underscores",
        "database template1: database.owner: got 'pg_admin'; allowed:",
        "database template1: database.storage_gib: got 10; allowed: from 20 to 65536",
        "database template1: database.backup_days: got 0; allowed: from 1 to 35",
        "database template1: database.shape: got 3 CPUs with 8 GiB, which no class has; the next one is 4 CPUs with 16",
        "database template1: maintenance.day: got 'Sun'; allowed: monday, tuesday",
        "database template1: maintenance.start_time: got '3:00'; allowed: HH:MM in UTC",
        "database template1: maintenance.hours: got 0; allowed: 1 or more",
        "database template1: network.intra_subnets: got subnets in 1 zones; allowed: at least 2",
    ):
        assert text in str(caught.value)
