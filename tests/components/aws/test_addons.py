"""Add-ons on system machines: their settings, and how little their roles may do."""

import json
from typing import Any

import pytest

from components.aws.addons import coredns_configuration
from mlplatform.graph import Evaluation, EvaluationError
from tests.components.aws.eks import named, policies, statements, whole
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_KEYS, evaluate_component
from tests.support.order import before

ADDONS = {"coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver", "metrics-server", "snapshot-controller"}


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


def test_every_add_on_is_pinned_and_comes_after_the_system_machines(made: Evaluation) -> None:
    for addon in sorted(ADDONS):
        resource = named(made, f"addons-{addon}")
        assert resource.inputs["addonName"] == addon
        assert "-eksbuild." in resource.inputs["addonVersion"]
        assert "system-system-nodes" in before(made.filled, resource)


def test_name_resolution_survives_a_machine_and_a_zone() -> None:
    values = coredns_configuration()
    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    spread = {each["topologyKey"]: each["whenUnsatisfiable"] for each in values["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname": "DoNotSchedule", "topology.kubernetes.io/zone": "ScheduleAnyway"}


@pytest.mark.parametrize(
    ("addon", "service_account", "role"),
    [
        ("aws-ebs-csi-driver", "ebs-csi-controller-sa", "ebs-csi"),
        ("aws-efs-csi-driver", "efs-csi-controller-sa", "efs-csi"),
        ("aws-efs-csi-driver", "efs-csi-node-sa", "efs-mount"),
    ],
)
def test_each_driver_part_has_a_role_that_only_it_can_take(
    made: Evaluation, addon: str, service_account: str, role: str
) -> None:
    associations = {
        each["serviceAccount"]: each["roleArn"]
        for each in named(made, f"addons-{addon}").inputs["podIdentityAssociations"]
    }
    assert associations[service_account].endswith(f":role/mlp-test-{role}")
    (trust,) = statements(named(made, f"addons-{role}-role").inputs["assumeRolePolicy"]).values()
    assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == service_account
    assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-namespace"] == "kube-system"


def test_volumes_of_other_environments_are_out_of_reach(made: Evaluation) -> None:
    configuration = json.loads(named(made, "addons-aws-ebs-csi-driver").inputs["configurationValues"])
    tags = configuration["controller"]["extraVolumeTags"]
    assert tags["mlplatform/environment"] == "mlp-test"
    allowed = policies(made, "mlp-test-ebs-csi")
    for sid, statement in allowed.items():
        actions = set(statement["Action"])
        if actions & {"ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DeleteSnapshot", "ec2:ModifyVolume"}:
            assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/mlplatform/environment": "mlp-test"}}, (
                sid
            )
        if sid.startswith("Make") and sid != "MakeVolumesFromOwnSnapshots":
            asked_for = {"aws:RequestTag/mlplatform/environment": "mlp-test"}
            assert statement["Condition"] == {"StringEquals": asked_for}, sid


def test_volumes_are_encrypted_with_the_disks_key_and_only_through_ec2(made: Evaluation) -> None:
    allowed = policies(made, "mlp-test-ebs-csi")
    key = [each for each in allowed.values() if any(action.startswith("kms:") for action in each["Action"])]
    assert {resource for each in key for resource in each["Resource"]} == {AWS_KEYS["disks"]}
    assert {each["Condition"]["StringEquals"]["kms:ViaService"] for each in key} == {"ec2.eu-west-1.amazonaws.com"}
    assert allowed["LetEc2UseTheKey"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_snapshots_work_from_the_drivers_start(made: Evaluation) -> None:
    assert "addons-snapshot-controller" in before(made.filled, named(made, "addons-aws-ebs-csi-driver"))


def test_a_version_of_kubernetes_without_add_ons_is_refused(tmp_path: Any) -> None:
    args = {
        "environment": AWS_ENVIRONMENT,
        "keys": AWS_KEYS,
        "cluster": {**AWS_CLUSTER, "kubernetes_version": "1.30"},
        "nodes_ready": "mlp-test",
    }
    with pytest.raises(EvaluationError, match=r"cluster.kubernetes_version: got 1.30; allowed: 1.34, 1.35, 1.36"):
        evaluate_component(tmp_path, "components.aws.addons:AwsAddons", args)
