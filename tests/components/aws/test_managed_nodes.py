"""System machines: what they are, and that they cannot be bought so that they vanish."""

import base64
import email
import json
from typing import Any

import pytest

from components.aws.names import node_group_name
from mlplatform.graph import Evaluation, EvaluationError
from tests.components.aws.eks import GPU, SYSTEM, evaluate_pools, named, policies, pool, statements, whole
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_KEYS, AWS_NETWORK, only
from tests.support.order import before

COMPONENT = "components.aws.managed_nodes:AwsManagedNodes"


def arguments(pools: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "network": AWS_NETWORK,
        "keys": AWS_KEYS,
        "cluster": AWS_CLUSTER,
        "pools": pools,
        **changes,
    }


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


def test_machines_are_private_on_demand_and_of_the_size_asked_for(made: Evaluation) -> None:
    group = only(made, "eks/nodeGroup:NodeGroup").inputs
    # It is upgraded with the cluster, and only because it says so.
    assert group["version"] == AWS_CLUSTER["kubernetes_version"]
    assert group["subnetIds"] == sorted(AWS_NETWORK["private_subnets"].values())
    assert group["capacityType"] == "ON_DEMAND"
    assert group["amiType"] == "AL2023_x86_64_STANDARD"
    assert "m7i.xlarge" in group["instanceTypes"]
    assert {each.partition(".")[2] for each in group["instanceTypes"]} == {"xlarge"}
    assert group["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 4}
    assert group["labels"] == {"mlplatform/pool": "system", "mlplatform/purpose": "system", "team-tier": "gold"}
    assert group["taints"] == []


def test_somebodys_scaling_by_hand_is_not_undone(made: Evaluation) -> None:
    assert only(made, "eks/nodeGroup:NodeGroup").options.ignore_changes == ("scalingConfig.desiredSize",)


def test_disks_are_encrypted_and_pods_cannot_take_the_machines_role(made: Evaluation) -> None:
    template = only(made, "launchTemplate:LaunchTemplate").inputs
    (disk,) = template["blockDeviceMappings"]
    assert disk["deviceName"] == "/dev/xvda"
    assert (disk["ebs"]["encrypted"], disk["ebs"]["kmsKeyId"]) == ("true", AWS_KEYS["disks"])
    assert (disk["ebs"]["volumeType"], disk["ebs"]["volumeSize"]) == ("gp3", 100)
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert template["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert template["monitoring"] == {"enabled": True}


def test_what_a_machine_consists_of_carries_the_environments_tags(made: Evaluation) -> None:
    template = only(made, "launchTemplate:LaunchTemplate").inputs
    carried = {each["resourceType"]: each["tags"] for each in template["tagSpecifications"]}
    # The network plugin's role may change an instance and its interfaces only where they have the tag.
    assert set(carried) == {"instance", "network-interface", "volume"}
    assert all(each["mlplatform/environment"] == "mlp-test" for each in carried.values())
    assert all(each["costCenter"] == "research" for each in carried.values())


def test_user_data_is_what_eks_merges_its_own_into(made: Evaluation) -> None:
    text = base64.b64decode(only(made, "launchTemplate:LaunchTemplate").inputs["userData"]).decode()
    message = email.message_from_string(text)
    assert message.get_content_type() == "multipart/mixed"
    (part,) = message.get_payload()  # type: ignore[misc]
    assert part.get_content_type() == "application/node.eks.aws"  # type: ignore[union-attr]
    config = json.loads(str(part.get_payload()))  # type: ignore[union-attr]
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    assert config["spec"]["featureGates"] == {"FastImagePull": True}
    assert config["spec"]["kubelet"]["config"]["maxPods"] == 110


def test_the_role_joins_the_cluster_and_pulls_images_and_no_more(made: Evaluation) -> None:
    role = named(made, "system-role")
    (trust,) = statements(role.inputs["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    attached = {
        each.inputs["policyArn"].rpartition("/")[2]
        for each in made.filled.resources
        if each.type.endswith("rolePolicyAttachment:RolePolicyAttachment") and each.inputs["role"] == "mlp-test-system"
    }
    assert attached == {"AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"}
    # A machine waits for its own private name, and never joins where it may not look that up.
    assert policies(made, "mlp-test-system")["DescribeItself"]["Action"] == [
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
    ]


def test_machines_come_after_their_network(made: Evaluation) -> None:
    assert {"cluster-vpc-cni", "cluster-kube-proxy", "cluster-pod-identity-agent"} <= before(
        made.filled, only(made, "eks/nodeGroup:NodeGroup")
    )


def test_a_group_that_cannot_change_in_place_gets_another_name() -> None:
    name = node_group_name("system", "m7i.xlarge")
    assert name == node_group_name("system", "m7i.xlarge")
    assert name.startswith("system-")
    assert name != node_group_name("system", "m6i.xlarge")
    assert len(node_group_name("p" * 40, "m7i.xlarge")) <= 63


def test_options_reach_the_machines() -> None:
    tainted = pool(**{**SYSTEM, "taints": [{"key": "dedicated", "value": "ops", "effect": "PreferNoSchedule"}]})
    gpu = pool(**{**GPU, "purpose": "system", "capacity": "on-demand", "min_nodes": 1, "taints": []})
    made = evaluate_pools(
        COMPONENT,
        arguments({"system": tainted, "system-gpu": gpu}, session_manager=True, release_version="1.35.6-20260714"),
    )
    assert named(made, "it-AmazonSSMManagedInstanceCore").inputs["policyArn"].endswith("AmazonSSMManagedInstanceCore")
    group = named(made, "it-system-nodes").inputs
    assert group["releaseVersion"] == "1.35.6-20260714"
    assert group["taints"] == [{"key": "dedicated", "value": "ops", "effect": "PREFER_NO_SCHEDULE"}]
    with_gpus = named(made, "it-system-gpu-nodes").inputs
    assert (with_gpus["amiType"], with_gpus["instanceTypes"]) == ("AL2023_x86_64_NVIDIA", ["g6.2xlarge"])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"capacity": "spot"}, "pools.system.capacity: got spot; allowed: on-demand"),
        ({"purpose": "scoring"}, "pools.system.purpose: got scoring; allowed: system"),
        ({"min_nodes": 0}, "pools.system.min_nodes: got 0; allowed: at least 1"),
        ({"min_nodes": 9}, "pools.system.min_nodes: got 9; allowed: from 0 to max_nodes, 4"),
        ({"shapes": [{"cpu": 3, "memory_gib": 7}]}, "pools.system.shapes: no instance type has such a size"),
    ],
)
def test_a_pool_that_cannot_be_a_system_pool_is_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate_pools(COMPONENT, arguments({"system": {**SYSTEM, **changes}}))
    assert f"system pools: {text}" in str(raised.value)


def test_there_has_to_be_a_system_pool() -> None:
    with pytest.raises(EvaluationError, match="pools: got none"):
        evaluate_pools(COMPONENT, arguments({}))
