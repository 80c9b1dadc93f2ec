"""Pools of Karpenter: exactly the machines asked for, none when idle, and objects that the cluster takes."""

import json
from typing import Any, cast

import jsonschema
import kubernetes_validate
import pytest

from components.aws.karpenter_objects import machine_types, node_class_spec, node_pool_spec, problems
from components.aws.machines import machines
from components.contracts import Capacity, NodePoolArgs, PoolPurpose
from mlplatform.graph import Evaluation, EvaluationError, Resource
from tests.components.aws.eks import SECURITY_GROUP, evaluate_pools, named, pool, whole
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_KEYS, AWS_NETWORK
from tests.support.order import before
from tests.support.schemas import custom_resource_schema, needs_schemas

COMPONENT = "components.aws.node_pool:AwsNodePool"
POOLS = ("scoring", "serving", "training-gpu")


def typed(**changes: Any) -> NodePoolArgs:
    declared = pool(**changes)
    declared |= {"purpose": PoolPurpose(declared["purpose"]), "capacity": Capacity(declared["capacity"])}
    return cast("NodePoolArgs", declared)


def requirement(spec: dict[str, Any], key: str) -> list[str]:
    return next(each["values"] for each in spec["template"]["spec"]["requirements"] if each["key"] == key)


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


def objects(made: Evaluation) -> list[Resource]:
    return [named(made, f"{name}-{kind}") for name in POOLS for kind in ("node-class", "node-pool")]


@needs_schemas
def test_karpenters_objects_are_valid(made: Evaluation) -> None:
    for resource in objects(made):
        group, version = resource.inputs["apiVersion"].split("/")
        file = custom_resource_schema(group, resource.inputs["kind"], version)
        jsonschema.validate(resource.inputs, json.loads(file.read_text(encoding="utf-8")))


@needs_schemas
def test_the_check_of_karpenters_objects_can_fail(made: Evaluation) -> None:
    spec = {**named(made, "scoring-node-pool").inputs, "spec": {"templates": {}}}
    file = custom_resource_schema("karpenter.sh", "NodePool", "v1")
    schema = json.loads(file.read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spec, schema)


def test_machines_are_members_of_the_clusters_own_security_group(made: Evaluation) -> None:
    spec = named(made, "scoring-node-class").inputs["spec"]
    assert spec["securityGroupSelectorTerms"] == [{"id": SECURITY_GROUP}]
    assert spec["subnetSelectorTerms"] == [{"id": each} for each in sorted(AWS_NETWORK["private_subnets"].values())]
    assert spec["instanceProfile"] == "mlp-test-node"


def test_machines_have_exactly_the_sizes_asked_for() -> None:
    types = machine_types(typed())
    sizes = {(machines()[each].cpu, machines()[each].memory_mib // 1024) for each in types}
    assert sizes == {(8, 32), (16, 64)}
    assert {"m7i.2xlarge", "m7i.4xlarge"} <= set(types)
    assert requirement(node_pool_spec("scoring", typed()), "node.kubernetes.io/instance-type") == sorted(types)


def test_machines_of_families_are_those_of_the_families() -> None:
    args = typed(shapes=[], families=["m7i", "m7a"])
    types = machine_types(args)
    assert {each.partition(".")[0] for each in types} == {"m7a", "m7i"}
    assert not [each for each in types if "metal" in each]
    # Without a size there is none to limit by but the number of machines.
    assert node_pool_spec("training", args)["limits"] == {"nodes": "20"}


def test_limits_count_machines_and_what_they_hold() -> None:
    spec = node_pool_spec("scoring", typed(min_nodes=2, max_nodes=5))
    assert spec["limits"] == {"nodes": "5", "cpu": "80", "memory": "320Gi"}


@pytest.mark.parametrize(
    ("capacity", "types"),
    [("on-demand", ["on-demand"]), ("spot", ["spot"]), ("spot-with-fallback", ["spot", "on-demand"])],
)
def test_capacity_is_bought_as_declared(capacity: str, types: list[str]) -> None:
    assert requirement(node_pool_spec("scoring", typed(capacity=capacity)), "karpenter.sh/capacity-type") == types


def test_a_pool_goes_to_zero_when_idle(made: Evaluation) -> None:
    spec = named(made, "scoring-node-pool").inputs["spec"]
    assert spec["disruption"]["consolidateAfter"] == "60s"
    assert {"nodes": "100%", "reasons": ["Empty"]} in spec["disruption"]["budgets"]
    assert "replicas" not in spec
    assert not [each.name for each in made.filled.resources if each.name == "scoring-minimum"]


def test_machines_are_replaced_in_time_and_wait_for_drivers(made: Evaluation) -> None:
    template = named(made, "scoring-node-pool").inputs["spec"]["template"]["spec"]
    assert (template["expireAfter"], template["terminationGracePeriod"]) == ("720h", "24h")
    assert {each["key"] for each in template["startupTaints"]} == {
        "ebs.csi.aws.com/agent-not-ready",
        "efs.csi.aws.com/agent-not-ready",
    }
    assert template["taints"] == [{"key": "mlplatform/pool", "value": "scoring", "effect": "NoSchedule"}]


def test_machines_are_private_encrypted_and_pinned() -> None:
    spec = node_class_spec(
        AWS_ENVIRONMENT,  # type: ignore[arg-type]
        typed(disk_gib=250.0),
        instance_profile="mlp-test-node",
        subnets=["subnet-1"],
        security_group="sg-1",
        disk_key="arn:key",
    )
    (term,) = spec["amiSelectorTerms"]
    assert term["alias"].startswith("al2023@v20")
    assert spec["associatePublicIPAddress"] is False
    assert spec["metadataOptions"]["httpTokens"] == "required"
    assert spec["metadataOptions"]["httpPutResponseHopLimit"] == 1
    (disk,) = spec["blockDeviceMappings"]
    assert (disk["ebs"]["encrypted"], disk["ebs"]["kmsKeyID"]) == (True, "arn:key")
    assert disk["ebs"]["volumeSize"] == "250Gi"
    # EBS refuses more than a quarter MiB/s for each operation per second.
    assert disk["ebs"]["throughput"] <= disk["ebs"]["iops"] / 4
    assert json.loads(spec["userData"])["spec"]["featureGates"] == {"FastImagePull": True}
    assert spec["tags"]["mlplatform/environment"] == "mlp-test"
    # Karpenter names machines itself, and refuses tags of its own.
    assert "Name" not in spec["tags"]


def test_gpu_pools_take_machines_with_those_gpus_and_say_so() -> None:
    args = typed(shapes=[{"cpu": 8, "memory_gib": 32}], gpu={"model": "nvidia-l4", "count": 1.0})
    spec = node_pool_spec("training-gpu", args)
    assert requirement(spec, "node.kubernetes.io/instance-type") == ["g6.2xlarge"]
    assert spec["limits"]["nvidia.com/gpu"] == "20"
    assert spec["template"]["metadata"]["labels"]["nvidia.com/gpu.present"] == "true"
    assert "nvidia.com/gpu.present" not in node_pool_spec("scoring", typed())["template"]["metadata"]["labels"]


def test_nodes_that_always_run_are_kept_by_a_pod_on_each(made: Evaluation) -> None:
    deployment = named(made, "serving-minimum").inputs
    kubernetes_validate.validate(deployment, "1.35", strict=True)
    assert deployment["spec"]["replicas"] == 2
    pod = deployment["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"mlplatform/pool": "serving"}
    assert pod["tolerations"][0]["key"] == "mlplatform/pool"
    (apart,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    assert apart["labelSelector"] == deployment["spec"]["selector"]
    isolation = named(made, "serving-minimum-isolation").inputs["spec"]
    assert isolation == {"podSelector": deployment["spec"]["selector"], "policyTypes": ["Egress", "Ingress"]}


def test_pools_come_after_karpenter_and_go_before_it(made: Evaluation) -> None:
    for name in POOLS:
        node_pool = named(made, f"{name}-node-pool")
        assert {
            f"{name}-node-class",
            "karpenter-release",
            "karpenter-node-access",
            "system-system-nodes",
            "cluster-cluster",
        } <= before(made.filled, node_pool)
        assert node_pool.options.custom_timeouts["delete"] == "60m"


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"purpose": "system"}, {"purpose"}),
        ({"shapes": [], "families": []}, {"shapes"}),
        ({"families": ["m7i"]}, {"shapes"}),
        ({"shapes": [{"cpu": 8, "memory_gib": 32}, {"cpu": 3, "memory_gib": 5}]}, {"shapes[1]"}),
        ({"shapes": [], "families": ["m7i", "z99"]}, {"families[1]"}),
        ({"min_nodes": 3, "max_nodes": 0}, {"max_nodes", "min_nodes"}),
        ({"gpu": {"model": "nvidia-nothing", "count": 1}}, {"shapes[0]", "shapes[1]"}),
    ],
)
def test_every_problem_of_a_pool_is_found(changes: dict[str, Any], paths: set[str]) -> None:
    assert {each["property_path"] for each in problems(typed(**changes))} == paths


def test_a_pool_that_cannot_be_is_refused_by_its_name() -> None:
    args = {
        "environment": AWS_ENVIRONMENT,
        "network": AWS_NETWORK,
        "keys": AWS_KEYS,
        "cluster": AWS_CLUSTER,
        "karpenter": {"instance_profile": "mlp-test-node", "role_arn": "arn:aws:iam::111122223333:role/mlp-test-node"},
        "pool_name": "odd",
        "pool": pool(shapes=[{"cpu": 3, "memory_gib": 5}]),
    }
    with pytest.raises(EvaluationError, match=r"node pool odd: shapes\[0\]: got 3 CPUs and 5 GiB"):
        evaluate_pools(COMPONENT, args)
