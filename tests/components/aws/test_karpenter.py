"""Karpenter: its rights, what it hears of, where it runs, and when."""

import json
from typing import Any

import pytest

from mlplatform.graph import Evaluation
from tests.components.aws.eks import evaluate_all, named, policies, statements, whole
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_KEYS, AWS_NETWORK, of_type, only
from tests.support.iam import documents
from tests.support.order import before

OWNED = "kubernetes.io/cluster/mlp-test"
POOL = "karpenter.sh/nodepool"


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


@pytest.fixture(scope="module")
def allowed(made: Evaluation) -> dict[str, Any]:
    return policies(made, "mlp-test-karpenter")


def test_machines_start_for_this_cluster_in_its_network_only(allowed: dict[str, Any], made: Evaluation) -> None:
    start = allowed["StartMachines"]["Condition"]
    assert start["StringEquals"] == {
        f"aws:RequestTag/{OWNED}": "owned",
        "aws:RequestTag/eks:eks-cluster-name": "mlp-test",
    }
    assert start["StringLike"] == {f"aws:RequestTag/{POOL}": "*"}
    places = {each.rpartition("/")[2] for each in allowed["UseTheNetwork"]["Resource"]}
    assert set(AWS_NETWORK["private_subnets"].values()) < places
    assert len(places) == len(AWS_NETWORK["private_subnets"]) + 1


@pytest.mark.parametrize("sid", ["DeleteOwn", "TagOwnMachines", "UseOwnTemplates"])
def test_only_machines_that_it_made_are_changed_or_deleted(allowed: dict[str, Any], sid: str) -> None:
    condition = allowed[sid]["Condition"]
    assert condition["StringEquals"] == {f"aws:ResourceTag/{OWNED}": "owned"}
    assert condition["StringLike"] == {f"aws:ResourceTag/{POOL}": "*"}


def test_in_iam_it_may_pass_on_the_machines_role_and_nothing_else(allowed: dict[str, Any]) -> None:
    writes = {
        action: each
        for each in allowed.values()
        for action in each["Action"]
        if action.startswith("iam:") and not action.startswith(("iam:Get", "iam:List"))
    }
    assert set(writes) == {"iam:PassRole"}
    assert writes["iam:PassRole"]["Resource"] == ["arn:aws:iam::111122223333:role/mlp-test-node"]
    assert writes["iam:PassRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_policies_fit_an_environment_with_the_longest_name() -> None:
    source = """
from components.aws.karpenter import AwsKarpenter

AwsKarpenter("it", given["args"])
"""
    name = "p" * 40
    made = evaluate_all(
        source,
        args={
            "environment": {**AWS_ENVIRONMENT, "name": name, "region": "ap-southeast-2"},
            "network": AWS_NETWORK,
            "keys": AWS_KEYS,
            "cluster": {**AWS_CLUSTER, "arn": f"arn:aws:eks:ap-southeast-2:111122223333:cluster/{name}"},
            "ready_to_run": name,
        },
    )
    sizes = {each.place: each.characters for each in documents(made.filled) if "policy:Policy" in each.resource.type}
    assert len(sizes) == 3
    assert max(sizes.values()) <= 6144
    rules = of_type(made, "eventRule:EventRule").values()
    assert all(len(each.inputs["name"]) <= 64 for each in rules)
    assert all(len(each.inputs["name"]) <= 64 for each in of_type(made, "iam/role:Role").values())


def test_it_hears_of_every_way_a_machine_ends(made: Evaluation) -> None:
    rules = of_type(made, "eventRule:EventRule")
    heard = {kind for each in rules.values() for kind in json.loads(each.inputs["eventPattern"])["detail-type"]}
    assert heard == {
        "AWS Health Event",
        "EC2 Capacity Reservation Instance Interruption Warning",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Spot Instance Interruption Warning",
    }
    queue = only(made, "sqs/queue:Queue")
    targets = of_type(made, "eventTarget:EventTarget").values()
    assert {each.inputs["rule"] for each in targets} == {each.inputs["name"] for each in rules.values()}
    assert {each.inputs["arn"] for each in targets} == {queue.outputs["arn"]}


def test_the_queue_is_encrypted_and_takes_messages_of_the_rules_over_tls_only(made: Evaluation) -> None:
    queue = only(made, "sqs/queue:Queue").inputs
    assert (queue["name"], queue["kmsMasterKeyId"]) == ("mlp-test-interruptions", AWS_KEYS["logs"])
    policy = statements(only(made, "queuePolicy:QueuePolicy").inputs["policy"])
    sources = policy["AnnounceInterruptions"]["Condition"]["ArnEquals"]["aws:SourceArn"]
    rules = of_type(made, "eventRule:EventRule").values()
    assert sources == [
        f"arn:aws:events:eu-west-1:111122223333:rule/{each}" for each in sorted(rule.inputs["name"] for rule in rules)
    ]
    assert policy["OnlyOverTls"]["Effect"] == "Deny"
    assert policy["OnlyOverTls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "sqs:SendMessage" in policy["OnlyOverTls"]["Action"]


def test_it_runs_twice_on_system_machines_and_is_told_of_its_cluster_and_queue(made: Evaluation) -> None:
    release = named(made, "karpenter-release").inputs
    assert (release["name"], release["namespace"], release["version"]) == ("karpenter", "kube-system", "1.14.1")
    values = release["values"]
    assert values["replicas"] == 2
    assert values["nodeSelector"]["mlplatform/purpose"] == "system"
    assert values["settings"]["clusterName"] == "mlp-test"
    assert values["settings"]["interruptionQueue"] == only(made, "sqs/queue:Queue").inputs["name"]
    # The chart sets these itself, and YAML has no key twice.
    assert not {"app.kubernetes.io/name", "app.kubernetes.io/managed-by"} & set(values["additionalLabels"])
    identity = only(made, "podIdentityAssociation:PodIdentityAssociation").inputs
    assert (identity["namespace"], identity["serviceAccount"]) == ("kube-system", values["serviceAccount"]["name"])


def test_definitions_have_a_release_of_their_own(made: Evaluation) -> None:
    definitions, release = named(made, "karpenter-definitions"), named(made, "karpenter-release")
    assert definitions.inputs["chart"] == "oci://public.ecr.aws/karpenter/karpenter-crd"
    assert definitions.inputs["version"] == release.inputs["version"]
    assert release.inputs["skipCrds"] is True
    assert definitions.urn in release.dependencies


def test_its_machines_join_with_a_role_of_their_own(made: Evaluation) -> None:
    entry = named(made, "karpenter-node-access").inputs
    assert entry["type"] == "EC2_LINUX"
    assert entry["principalArn"].endswith(":role/mlp-test-node")
    assert only(made, "instanceProfile:InstanceProfile").inputs["role"] == "mlp-test-node"


def test_it_starts_after_system_machines_and_add_ons_and_stops_before_them(made: Evaluation) -> None:
    assert {
        "addons-aws-ebs-csi-driver",
        "addons-aws-efs-csi-driver",
        "addons-coredns",
        "cluster-kubernetes",
        "karpenter-controller-machines",
        "karpenter-identity",
        "karpenter-spot-target",
        "system-system-nodes",
    } <= before(made.filled, named(made, "karpenter-release"))
