"""What machines log: collected on every machine, written to one place, by pods that may do nothing else."""

import json

import pytest

from components.aws.node_logs import chart_values
from mlplatform.graph import Evaluation
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_KEYS, evaluate_component, only
from tests.support.iam import faults
from tests.support.order import before

BUCKET = "mlp-test-audit-logs-111122223333"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = {
        "environment": AWS_ENVIRONMENT,
        "cluster": AWS_CLUSTER,
        "bucket": BUCKET,
        "key_arn": AWS_KEYS["logs"],
        "ready_to_run": "mlp-test",
    }
    return evaluate_component(tmp_path_factory.mktemp("logs"), "components.aws.node_logs:AwsNodeLogs", args)


def test_its_pods_write_below_one_prefix_and_do_nothing_else(made: Evaluation) -> None:
    statements = json.loads(only(made, "iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert {each["Sid"]: (each["Action"], each["Resource"]) for each in statements} == {
        "Write": (["s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/nodes/*"]),
        "Encrypt": (["kms:GenerateDataKey"], [AWS_KEYS["logs"]]),
    }
    assert faults(made.filled) == []


def test_it_starts_once_its_pods_have_their_role(made: Evaluation) -> None:
    release = only(made, "helm.sh/v3:Release")
    association = only(made, "eks/podIdentityAssociation:PodIdentityAssociation")
    assert association.name in before(made.filled, release)
    assert release.inputs["values"]["serviceAccount"]["name"] == association.inputs["serviceAccount"]
    assert only(made, "index:AwsNodeLogs").outputs["prefix"] == f"s3://{BUCKET}/nodes"


def test_it_runs_on_every_machine_and_names_the_machine_in_the_key() -> None:
    values = chart_values(BUCKET, "eu-west-1", AWS_ENVIRONMENT["labels"])
    assert values["tolerations"] == [{"operator": "Exists"}]
    assert "_SYSTEMD_UNIT=kubelet.service" in values["config"]["inputs"]
    outputs = values["config"]["outputs"].splitlines()
    assert outputs[0] == "[OUTPUT]"
    assert f"    bucket {BUCKET}" in outputs
    assert "    s3_key_format /nodes/%Y/%m/%d/%H/${NODE_NAME}-$UUID.gz" in outputs
