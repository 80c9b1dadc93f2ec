"""Environments in networks and clusters that somebody else keeps."""

import json

import pytest

from mlplatform.graph import Evaluation, EvaluationRequest, evaluate
from stacks.settings import pulumi_config
from tests.clouds.conftest import STACKS

NETWORK = {
    "vpcId": "vpc-0a1b2c3d4e5f60718",
    "privateSubnets": {f"eu-west-1{zone}": f"subnet-0000000000000000{zone}" for zone in "ab"},
    "intraSubnets": {f"eu-west-1{zone}": f"subnet-1111111111111111{zone}" for zone in "ab"},
    "podSubnets": {f"eu-west-1{zone}": f"subnet-2222222222222222{zone}" for zone in "ab"},
    "intraCidrs": ["10.16.240.0/24"],
}
CLUSTER = {
    "name": "shared",
    "endpoint": "https://0A1B2C3D4E5F60718293A4B5C6D7E8F9.gr7.eu-west-1.eks.amazonaws.com",
    "certificateAuthority": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
    "securityGroup": "sg-0a1b2c3d4e5f60718",
}


def existing(**cluster: object) -> Evaluation:
    config = pulumi_config(STACKS / "Pulumi.aws-dev.yaml")
    section = json.loads(config["mlplatform:aws"])
    section |= {"apiClientCidrs": [], "existingNetwork": NETWORK, "existingCluster": {**CLUSTER, **cluster}}
    config["mlplatform:aws"] = json.dumps(section)
    evaluation = evaluate(EvaluationRequest("aws-dev", config, STACKS))
    assert [str(each) for each in evaluation.findings if each.severity == "error"] == []
    return evaluation


def addons(evaluation: Evaluation) -> set[str]:
    return {each.inputs["addonName"] for each in evaluation.filled.resources if each.short_type == "Addon"}


@pytest.fixture(scope="module")
def with_addons() -> Evaluation:
    return existing()


def test_an_existing_cluster_keeps_its_addons(with_addons):
    assert addons(with_addons) == set()


def test_pools_do_not_wait_for_addons_that_nobody_here_makes(with_addons):
    pools = [each for each in with_addons.filled.resources if each.type.endswith("karpenter.sh/v1:NodePool")]
    assert len(pools) >= 5
    for pool in pools:
        assert "startupTaints" not in pool.inputs["spec"]["template"]["spec"], pool.name


def test_what_an_existing_cluster_lacks_is_made():
    assert {"coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver"} <= addons(existing(addOns=False))
