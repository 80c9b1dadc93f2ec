import json

import pytest

from components.contracts import GPU_RESOURCE, Capacity, PoolPurpose
from components.local import machines
from components.local.karpenter import limits, node_pool_spec, problems, requirements, static_nodes
from tests.components.pool_examples import pool_args

L4 = {"model": "nvidia-l4", "count": 2}


def _values(key: str, **changes: object) -> list[str]:
    return next(each["values"] for each in requirements(pool_args(**changes)) if each["key"] == key)


def test_a_machine_type_is_named_after_what_it_holds() -> None:
    shape = {"cpu": 8, "memory_gib": 32}
    assert machines.type_name(shape) == "local-8x32"
    assert machines.type_name(shape, L4) == "local-8x32-nvidia-l4-2"
    assert machines.capacity(shape, L4) == {"cpu": "8", "memory": "32Gi", "pods": "110", GPU_RESOURCE: "2"}


def test_karpenter_may_choose_the_pools_machine_types_and_no_others() -> None:
    assert _values("node.kubernetes.io/instance-type") == ["local-16x64", "local-32x128"]
    assert _values("node.kubernetes.io/instance-type", gpu=L4) == [
        "local-16x64-nvidia-l4-2",
        "local-32x128-nvidia-l4-2",
    ]


@pytest.mark.parametrize(
    ("capacity", "types"),
    [
        (Capacity.ON_DEMAND, ["on-demand"]),
        (Capacity.SPOT, ["spot"]),
        (Capacity.SPOT_WITH_FALLBACK, ["spot", "on-demand"]),
    ],
)
def test_capacity_is_bought_as_declared(capacity: Capacity, types: list[str]) -> None:
    assert _values("karpenter.sh/capacity-type", capacity=capacity) == types


def test_limits_leave_room_for_the_largest_machines_but_not_for_the_nodes_that_always_run() -> None:
    assert limits(pool_args(min_nodes=2, max_nodes=5, gpu=L4)) == {
        "nodes": "3",
        "cpu": "96",
        "memory": "384Gi",
        GPU_RESOURCE: "6",
    }


def test_empty_nodes_go_at_once_and_others_a_tenth_at_a_time() -> None:
    disruption = node_pool_spec("scoring", pool_args(idle_seconds=90.0), "scoring")["disruption"]
    assert disruption == {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "90s",
        "budgets": [
            {"nodes": "100%", "reasons": ["Empty"]},
            {"nodes": "10%", "reasons": ["Underutilized", "Drifted"]},
        ],
    }


def test_a_system_pool_is_made_without_taints() -> None:
    spec = node_pool_spec("system", pool_args(purpose=PoolPurpose.SYSTEM), "system")["template"]["spec"]
    assert "taints" not in spec


def test_nodes_that_always_run_are_spread_over_the_zones() -> None:
    nodes = static_nodes("scoring", pool_args(min_nodes=4), {})
    assert [node["metadata"]["name"] for node in nodes] == ["scoring-0", "scoring-1", "scoring-2", "scoring-3"]
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes]
    assert zones == ["local-a", "local-b", "local-c", "local-a"]


def test_a_node_that_always_runs_is_simulated_with_the_smallest_shape_and_the_pools_taint() -> None:
    (node,) = static_nodes("scoring", pool_args(min_nodes=1, gpu=L4), {"owner": "us"})
    annotations, labels = node["metadata"]["annotations"], node["metadata"]["labels"]
    assert annotations["kwok.x-k8s.io/node"] == "fake"
    assert json.loads(annotations[machines.CAPACITY_ANNOTATION]) == {
        "cpu": "16",
        "memory": "64Gi",
        "pods": "110",
        GPU_RESOURCE: "2",
    }
    assert labels["node.kubernetes.io/instance-type"] == "local-16x64-nvidia-l4-2"
    assert labels["kubernetes.io/hostname"] == "scoring-0"
    assert (labels["owner"], labels["team-tier"]) == ("us", "gold")
    assert node["spec"]["taints"] == [{"key": "mlplatform/pool", "value": "scoring", "effect": "NoSchedule"}]


def test_every_problem_of_a_pool_is_found_at_once() -> None:
    found = problems(pool_args(families=["m7i"], shapes=[], min_nodes=3, max_nodes=0))
    assert {each["property_path"]: each["reason"] for each in found} == {
        "families": "got ['m7i']; allowed: none, machine families are a cloud's",
        "shapes": "got none; allowed: at least one",
        "max_nodes": "got 0; allowed: at least 1",
        "min_nodes": "got 3; allowed: from 0 to max_nodes, 0",
    }
    assert problems(pool_args()) == []
