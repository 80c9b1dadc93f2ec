import json
from pathlib import Path
from typing import Any

import pytest

from mlplatform.graph import UNKNOWN, EvaluationRequest, ResourceGraph, Secret, evaluate
from mlplatform.render.terraform import Plan, plan
from tests.support.graphs import Program
from tests.support.terraform import configuration

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
KEY = "aws:kms/key:Key"
CLUSTER = "gcp:container/cluster:Cluster"


def planned(made: Plan, address: str) -> dict[str, Any]:
    resources = made.document["planned_values"]["root_module"]["resources"]
    (found,) = [each for each in resources if each["address"] == address]
    return dict(found["values"])


def change(made: Plan, address: str) -> dict[str, Any]:
    (found,) = [each["change"] for each in made.document["resource_changes"] if each["address"] == address]
    return dict(found)


def configured(made: Plan, address: str) -> dict[str, Any]:
    resources = made.document["configuration"]["root_module"]["resources"]
    (found,) = [each for each in resources if each["address"] == address]
    return dict(found)


def of_one(token: str, inputs: dict[str, Any]) -> tuple[Plan, str]:
    program = Program("aws-dev")
    program.other(token, "it", inputs)
    made = plan(program.graph())
    (address,) = made.urns
    return made, address


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("aws:s3/bucket:Bucket", "aws_s3_bucket"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:ec2/instance:Instance", "aws_instance"),
        ("aws:ec2/flowLog:FlowLog", "aws_flow_log"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "aws_vpc_endpoint"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:cloudwatch/eventRule:EventRule", "aws_cloudwatch_event_rule"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:cfg/recorder:Recorder", "aws_config_configuration_recorder"),
        ("gcp:organizations/project:Project", "google_project"),
        ("gcp:storage/bucketIAMMember:BucketIAMMember", "google_storage_bucket_iam_member"),
        ("gcp:serviceaccount/iAMMember:IAMMember", "google_service_account_iam_member"),
        ("gcp:projects/iAMMember:IAMMember", "google_project_iam_member"),
        ("gcp:sql/databaseInstance:DatabaseInstance", "google_sql_database_instance"),
    ],
)
def test_types_have_terraforms_names(token: str, name: str):
    _, address = of_one(token, {})
    assert address == f"{name}.it"


def test_arguments_take_terraforms_names_and_nesting():
    made, address = of_one(
        CLUSTER,
        {
            "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods"},
            "masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "10.0.0.0/8"}]},
            "maintenancePolicy": {"maintenanceExclusions": [{"exclusionName": "freeze"}]},
            "nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4"}], "taints": [{"key": "a"}]},
            "resourceLabels": {"costCenter": "research"},
            "enableK8sBetaApis": {"enabledApis": ["a"]},
        },
    )
    assert made.strange == ()
    assert planned(made, address) == {
        "ip_allocation_policy": [{"cluster_secondary_range_name": "pods"}],
        "master_authorized_networks_config": [{"cidr_blocks": [{"cidr_block": "10.0.0.0/8"}]}],
        "maintenance_policy": [{"maintenance_exclusion": [{"exclusion_name": "freeze"}]}],
        "node_config": [{"guest_accelerator": [{"type": "nvidia-l4"}], "taint": [{"key": "a"}]}],
        "resource_labels": {"costCenter": "research"},
        "enable_k8s_beta_apis": [{"enabled_apis": ["a"]}],
    }


def test_a_single_object_of_terraform_stays_one():
    made, address = of_one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {
        "rules": [{"id": "a", "transitions": [{"days": 30}]}], "timeouts": {"create": "5m"},
    })  # fmt: skip
    assert planned(made, address) == {
        "rule": [{"id": "a", "transition": [{"days": 30}]}],
        "timeouts": {"create": "5m"},
    }


def test_a_document_given_as_an_object_becomes_text():
    document = {"Version": "2012-10-17", "Statement": []}
    made, address = of_one(ROLE, {"assumeRolePolicy": document})
    assert json.loads(planned(made, address)["assume_role_policy"]) == document


def test_what_is_unknown_is_left_out_and_said():
    made, address = of_one(
        "aws:eks/cluster:Cluster",
        {"roleArn": UNKNOWN, "vpcConfig": {"subnetIds": [UNKNOWN, "subnet-1"], "endpointPrivateAccess": True}},
    )
    assert change(made, address)["after"] == {
        "vpc_config": [{"endpoint_private_access": True, "subnet_ids": [None, "subnet-1"]}]
    }
    assert change(made, address)["after_unknown"] == {
        "id": True,
        "role_arn": True,
        "vpc_config": [{"subnet_ids": [True, False]}],
    }


def test_secrets_are_masked_everywhere():
    made, address = of_one(
        "aws:rds/instance:Instance", {"password": Secret("hunter22"), "tags": Secret({"a": "hunter22"}), "port": 5432}
    )
    assert change(made, address)["after"] == {"password": "[secret]", "tags": {"a": "[secret]"}, "port": 5432}
    assert change(made, address)["after_sensitive"] == {"password": True, "tags": {"a": True}}
    assert "hunter22" not in made.to_json()


def test_what_cannot_be_mapped_is_reported():
    program = Program("aws-dev")
    program.other("aws:quantum/leap:Leap", "leap", {})
    program.other("aws:sqs/queue:Queue", "queue", {"wishes": 3, "__internal": True})
    program.other("random:index/randomPassword:RandomPassword", "password", {"length": 8})
    program.config_map("settings")
    made = plan(program.graph())
    assert [each.name for each in made.unmapped] == ["leap"]
    assert made.document["complete"] is False
    assert made.strange == ("aws_sqs_queue.queue: wishes",)
    assert planned(made, "aws_sqs_queue.queue") == {"wishes": 3}
    assert made.others == {"random": 1}
    assert list(made.urns) == ["aws_sqs_queue.queue"]


def test_existing_resources_that_are_only_read_are_not_in_the_plan():
    program = Program("aws-dev")
    program.other("aws:ec2/vpc:Vpc", "adopted", {}, read="vpc-1")
    assert plan(program.graph()).urns == {}


def test_addresses_are_unique_and_valid():
    program = Program("aws-dev")
    for name in ("2 things", "logs/a", "logs.a", "plain"):
        program.other(BUCKET, name, {})
    addresses = sorted(plan(program.graph()).urns)
    assert addresses[0] == "aws_s3_bucket._2_things"
    assert addresses[-1] == "aws_s3_bucket.plain"
    assert all(each.startswith("aws_s3_bucket.logs_a_") for each in addresses[1:3])
    assert len(set(addresses)) == 4


def test_references_come_from_dependencies_and_values():
    program = Program("aws-dev")
    first = program.other("aws:ec2/securityGroup:SecurityGroup", "a", {}, outputs={"id": "sg-1", "arn": "arn:a"})
    second = program.other("aws:ec2/securityGroup:SecurityGroup", "b", {}, outputs={"id": "sg-2"})
    route = program.other("aws:ec2/route:Route", "route", {}, outputs={"id": "r-1"})
    program.other(
        "aws:eks/cluster:Cluster",
        "cluster",
        {"name": "it", "vpcConfig": {"securityGroupIds": ["sg-2", "sg-1"], "subnetIds": ["subnet-1"]}},
        property_dependencies={"vpcConfig": (first, second, route)},
        depends_on=[first, second, route],
    )
    configuration = configured(plan(program.graph()), "aws_eks_cluster.cluster")
    (vpc,) = configuration["expressions"]["vpc_config"]
    assert vpc == {
        "security_group_ids": {
            "references": [
                "aws_security_group.b.id", "aws_security_group.b", "aws_security_group.a.id", "aws_security_group.a",
            ]
        }
    }  # fmt: skip
    assert configuration["depends_on"] == ["aws_route.route"]


def test_providers_are_configured_without_their_credentials():
    program = Program("aws-dev")
    inputs = {"region": "eu-west-1", "secretKey": Secret("hunter22"), "accessKey": "AKIAEXAMPLE"}
    program.other("pulumi:providers:aws", "ireland", inputs)
    america = program.other("pulumi:providers:aws", "virginia", {"region": "us-east-1"})
    program.other(BUCKET, "there", {}, provider=america)
    program.other(BUCKET, "here", {})
    made = plan(program.graph())
    config = made.document["configuration"]["provider_config"]
    assert {key: each["expressions"]["region"]["constant_value"] for key, each in config.items()} == {
        "aws": "eu-west-1",
        "aws.virginia": "us-east-1",
    }
    assert "AKIAEXAMPLE" not in made.to_json()
    assert configured(made, "aws_s3_bucket.there")["provider_config_key"] == "aws.virginia"
    assert configured(made, "aws_s3_bucket.here")["provider_config_key"] == "aws"


def test_the_same_graph_gives_the_same_bytes():
    program = Program("aws-dev")
    for name in ("b", "a", "c"):
        program.other(BUCKET, name, {"tags": {"z": "1", "a": "2"}})
    graph = program.graph()
    turned = ResourceGraph(graph.environment, tuple(reversed(graph.resources)))
    assert plan(graph).to_json() == plan(turned).to_json()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    directory = tmp_path_factory.mktemp("program")
    source = Path(__file__).with_name("program.py").read_text(encoding="utf-8")
    (directory / "__main__.py").write_text(source, encoding="utf-8")
    evaluation = evaluate(EvaluationRequest("aws-dev", {}, directory))
    assert evaluation.findings == ()
    return plan(evaluation.filled, evaluation.preview)


def test_what_a_provider_would_tell_is_unknown_though_there_are_stand_ins(evaluated: Plan):
    encryption = change(evaluated, "aws_s3_bucket_server_side_encryption_configuration.encryption")
    (rule,) = encryption["after"]["rule"]
    assert rule["apply_server_side_encryption_by_default"] == [{"sse_algorithm": "aws:kms"}]
    configuration = configured(evaluated, "aws_s3_bucket_server_side_encryption_configuration.encryption")
    (expression,) = configuration["expressions"]["rule"]
    assert expression["apply_server_side_encryption_by_default"] == [
        {"kms_master_key_id": {"references": ["aws_kms_key.key.arn", "aws_kms_key.key"]}}
    ]


def test_documents_keep_stand_ins_so_that_rules_can_read_them(evaluated: Plan):
    policy = json.loads(planned(evaluated, "aws_s3_bucket_policy.policy")["policy"])
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"].startswith("arn:aws:s3:::")
    configuration = configured(evaluated, "aws_s3_bucket_policy.policy")
    assert configuration["expressions"]["policy"]["references"][-1] == "aws_s3_bucket.data"


def test_a_configuration_can_be_made_of_a_plan(evaluated: Plan):
    written = configuration(evaluated)
    assert written["terraform"] == {"required_providers": {"aws": {"source": "hashicorp/aws"}}}
    (rule,) = written["resource"]["aws_s3_bucket_server_side_encryption_configuration"]["encryption"]["rule"]
    assert rule["apply_server_side_encryption_by_default"] == [
        {"sse_algorithm": "aws:kms", "kms_master_key_id": "${aws_kms_key.key.arn}"}
    ]
