import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components.contracts import Capacity, PoolPurpose
from components.gcp.compute_class_spec import class_facts, consolidation
from components.gcp.machine_requirements import (
    candidates,
    created_on_demand,
    explicit,
    most_resources,
    problems,
    shares,
)
from components.pools import placement
from mlplatform.graph import Evaluation, EvaluationError, Resource
from tests.components.pool_examples import pool_args
from tests.support.components import GCP_CLUSTER, GCP_ENVIRONMENT, GCP_KEYS, evaluate_program, of_type
from tests.support.schemas import custom_resource_schema, needs_schemas

L4 = {"model": "nvidia-l4", "count": 1}
SMALL, LARGE = {"cpu": 4, "memory_gib": 16}, {"cpu": 8, "memory_gib": 32}

POOLS: dict[str, dict[str, Any]] = {
    "system": {"purpose": "system", "shapes": [SMALL], "capacity": "on-demand", "min_nodes": 3, "max_nodes": 7.0},
    "notebooks": {"purpose": "notebooks", "shapes": [LARGE, SMALL], "capacity": "on-demand", "max_nodes": 9},
    "batch": {"purpose": "workflows", "shapes": [LARGE], "capacity": "spot", "max_nodes": 7, "idle_seconds": 90},
    "serving": {"purpose": "serving", "shapes": [SMALL], "capacity": "on-demand", "min_nodes": 1},
    "training-gpu": {"purpose": "training", "shapes": [LARGE], "capacity": "on-demand", "gpu": L4, "max_nodes": 4},
    "scoring": {"min_nodes": 2},
    "answers": {"purpose": "serving", "shapes": [SMALL]},
    "large": {"purpose": "training", "shapes": [], "families": ["n2-standard", "c3d-standard"]},
    "large-gpu": {"purpose": "training", "shapes": [LARGE], "gpu": L4},
}

PROGRAM = """
from components.contracts import Capacity, PoolPurpose
from components.gcp.compute_class import GcpComputeClass
from components.gcp.default_class import GcpDefaultClass
from components.gcp.machine_requirements import created_on_demand
from components.gcp.node_pool import GcpNodePool

for name, pool in given["pools"].items():
    pool["purpose"], pool["capacity"] = PoolPurpose(pool["purpose"]), Capacity(pool["capacity"])
    component = GcpComputeClass if created_on_demand(pool) else GcpNodePool
    made = component(name, {**given["shared"], "pool_name": name, "pool": pool})
    if name == "system":
        GcpDefaultClass("default", {"environment": given["shared"]["environment"], "node_pools": made.node_pools})
"""
SHARED = {"environment": GCP_ENVIRONMENT, "cluster": GCP_CLUSTER, "keys": GCP_KEYS}


def evaluated(directory: Path, pools: dict[str, dict[str, Any]]) -> Evaluation:
    return evaluate_program(
        directory, PROGRAM, shared=SHARED, pools={name: pool_args(**changes) for name, changes in pools.items()}
    )


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluated(tmp_path_factory.mktemp("pools"), POOLS)


def gke_pools(evaluation: Evaluation, pool: str) -> dict[str, Resource]:
    found = of_type(evaluation, "container/nodePool:NodePool")
    return {
        name: each for name, each in found.items() if each.inputs["nodeConfig"]["labels"]["mlplatform/pool"] == pool
    }


def class_of(evaluation: Evaluation, pool: str) -> dict[str, Any]:
    spec: dict[str, Any] = of_type(evaluation, "cloud.google.com/v1:ComputeClass")[f"{pool}-class"].inputs["spec"]
    return spec


@pytest.mark.parametrize("pool", ["system", "notebooks", "batch", "serving"])
def test_the_nodes_of_all_node_pools_together_keep_the_pools_limits(pools: Evaluation, pool: str) -> None:
    scaling = [each.inputs["autoscaling"] for each in gke_pools(pools, pool).values()]
    wanted = pool_args(**POOLS[pool])
    assert sum(each["totalMaxNodeCount"] for each in scaling) == wanted["max_nodes"]
    assert sum(each["totalMinNodeCount"] for each in scaling) == wanted["min_nodes"]


@pytest.mark.parametrize(
    ("least", "most", "count", "divided"),
    [
        (0, 9, 2, [(0, 5), (0, 4)]),
        (8, 9, 3, [(8, 8), (0, 1)]),
        (0, 1, 4, [(0, 1)]),
        (3, 3, 1, [(3, 3)]),
        (0, 20, 3, [(0, 7), (0, 7), (0, 6)]),
    ],
)
def test_limits_are_divided_without_a_rest(least: int, most: int, count: int, divided: list[tuple[int, int]]) -> None:
    assert shares(least, most, count) == divided


def test_machines_boot_what_is_signed_on_encrypted_disks_and_hide_their_credentials(pools: Evaluation) -> None:
    made = of_type(pools, "container/nodePool:NodePool")
    assert made
    for each in made.values():
        config = each.inputs["nodeConfig"]
        assert config["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
        assert config["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
        assert config["bootDiskKmsKey"] == GCP_KEYS["disks"]
        assert config["serviceAccount"] == GCP_CLUSTER["node_service_account"]
        assert config["resourceLabels"] == GCP_ENVIRONMENT["resource_labels"]
        assert config["gcfsConfig"] == {"enabled": True}
        assert each.inputs["management"] == {"autoRepair": True, "autoUpgrade": True}
        assert each.inputs["networkConfig"] == {"enablePrivateNodes": True}
        assert set(each.options.ignore_changes) == {"initialNodeCount", "nodeCount"}
        assert len(each.inputs["name"]) <= 40


def test_spot_machines_are_of_several_series_and_in_whichever_zone_has_them(pools: Evaluation) -> None:
    made = gke_pools(pools, "batch")
    assert set(made) == {"batch-n2-standard-8", "batch-n2d-standard-8"}
    assert all(each.inputs["nodeConfig"]["spot"] for each in made.values())
    assert {each.inputs["autoscaling"]["locationPolicy"] for each in made.values()} == {"ANY"}
    (system,) = gke_pools(pools, "system").values()
    assert (system.inputs["nodeConfig"]["spot"], system.inputs["autoscaling"]["locationPolicy"]) == (False, "BALANCED")
    assert system.inputs["initialNodeCount"] == 1, "one in each of three zones"


def test_only_pods_of_a_pool_run_on_its_nodes(pools: Evaluation) -> None:
    config = gke_pools(pools, "batch")["batch-n2-standard-8"].inputs["nodeConfig"]
    facts = class_facts("batch", pool_args(**POOLS["batch"]))
    assert facts["node_selector"].items() <= config["labels"].items()
    effects = {"NO_SCHEDULE": "NoSchedule"}
    assert [
        {"key": each["key"], "operator": "Equal", "value": each["value"], "effect": effects[each["effect"]]}
        for each in config["taints"]
    ] == placement(facts)["tolerations"]
    (system,) = gke_pools(pools, "system").values()
    assert system.inputs["nodeConfig"].get("taints", []) == []


def test_gpus_come_with_their_driver_and_are_not_doubled_for_an_upgrade(pools: Evaluation) -> None:
    (made,) = gke_pools(pools, "training-gpu").values()
    assert made.inputs["nodeConfig"]["machineType"] == "g2-standard-8"
    assert made.inputs["nodeConfig"]["guestAccelerators"] == [
        {"type": "nvidia-l4", "count": 1, "gpuDriverInstallationConfig": {"gpuDriverVersion": "DEFAULT"}}
    ]
    assert made.inputs["upgradeSettings"] == {"strategy": "SURGE", "maxSurge": 0, "maxUnavailable": 1}


def test_web_apis_move_to_a_second_set_of_nodes(pools: Evaluation) -> None:
    (made,) = gke_pools(pools, "serving").values()
    assert made.inputs["upgradeSettings"]["strategy"] == "BLUE_GREEN"


def test_a_pool_of_named_machines_is_all_that_its_class_may_use(pools: Evaluation) -> None:
    spec = class_of(pools, "notebooks")
    assert spec["priorities"] == [
        {"nodepools": ["notebooks-n2-standard-4"]},
        {"nodepools": ["notebooks-n2-standard-8"]},
    ]
    assert spec["nodePoolAutoCreation"] == {"enabled": False}
    assert spec["whenUnsatisfiable"] == "DoNotScaleUp"
    assert class_of(pools, "batch")["autoscalingPolicy"] == {"consolidationDelayMinutes": 2}


def test_pods_that_select_nothing_scale_system_pools_only(pools: Evaluation) -> None:
    resource = of_type(pools, "cloud.google.com/v1:ComputeClass")["default-class"]
    assert resource.inputs["metadata"]["name"] == "default"
    assert resource.inputs["spec"]["priorities"] == [{"nodepools": ["system-n2-standard-4"]}]
    assert resource.inputs["spec"]["nodePoolAutoCreation"] == {"enabled": False}
    (system,) = gke_pools(pools, "system").values()
    assert system.inputs["nodeConfig"]["labels"]["cloud.google.com/compute-class"] == "default"


def test_spot_machines_come_first_and_others_where_there_are_none(pools: Evaluation) -> None:
    spec = class_of(pools, "scoring")
    priorities = [(each["machineType"], each["spot"]) for each in spec["priorities"]]
    spot = [name for name, is_spot in priorities if is_spot]
    assert priorities == [(name, True) for name in spot] + [(name, False) for name in spot]
    assert spot[0] == "n2-standard-16"
    assert spot.index("n2d-standard-16") < spot.index("n2-standard-32")
    assert {name.rpartition("-")[2] for name in spot} == {"16", "32"}
    assert spec["nodePoolAutoCreation"] == {"enabled": True}
    assert spec["whenUnsatisfiable"] == "DoNotScaleUp"
    for each in spec["priorities"]:
        assert each["storage"]["bootDiskKMSKey"] == GCP_KEYS["disks"]
        assert each["storage"]["bootDiskSize"] == 100


def test_machines_that_gke_makes_are_like_the_others(pools: Evaluation) -> None:
    config = class_of(pools, "scoring")["nodePoolConfig"]
    facts = class_facts("scoring", pool_args())
    assert config["serviceAccount"] == GCP_CLUSTER["node_service_account"]
    assert config["ipType"] == "private"
    assert config["imageStreaming"] == {"enabled": True}
    assert config["nodeLabels"]["mlplatform/pool"] == facts["node_selector"]["mlplatform/pool"]
    tolerated = [(each["key"], each["value"], each["effect"]) for each in facts["tolerations"]]
    assert [(each["key"], each["value"], each["effect"]) for each in config["taints"]] == tolerated[:-1]
    assert tolerated[-1] == ("cloud.google.com/compute-class", "scoring", "NoSchedule")


def test_only_what_answers_requests_is_moved_back_to_spot(pools: Evaluation) -> None:
    assert class_of(pools, "answers")["activeMigration"] == {"optimizeRulePriority": True}
    assert class_of(pools, "scoring")["activeMigration"] == {"optimizeRulePriority": False}


def test_families_leave_the_size_to_gke(pools: Evaluation) -> None:
    rules = class_of(pools, "large")["priorities"]
    assert [(each["machineFamily"], each["spot"]) for each in rules] == [
        ("n2", True),
        ("c3d", True),
        ("n2", False),
        ("c3d", False),
    ]


def test_gpus_of_a_class_come_with_their_driver(pools: Evaluation) -> None:
    assert class_of(pools, "large-gpu")["priorities"][0]["gpu"] == {
        "type": "nvidia-l4",
        "count": 1,
        "driverVersion": "default",
    }


def test_nodes_that_always_run_are_never_interrupted(pools: Evaluation) -> None:
    (made,) = gke_pools(pools, "scoring").values()
    scaling = made.inputs["autoscaling"]
    assert (scaling["totalMinNodeCount"], scaling["totalMaxNodeCount"]) == (2, 2)
    assert made.inputs["nodeConfig"]["spot"] is False
    assert made.inputs["nodeConfig"]["labels"]["cloud.google.com/compute-class"] == "scoring"


@needs_schemas
def test_classes_are_what_the_api_server_takes(pools: Evaluation) -> None:
    file = custom_resource_schema("cloud.google.com", "ComputeClass", "v1")
    schema = json.loads(file.read_text(encoding="utf-8"))
    classes = of_type(pools, "cloud.google.com/v1:ComputeClass")
    assert len(classes) == len(POOLS), "one per pool but the system's, and the default one"
    for each in classes.values():
        jsonschema.validate(each.inputs, schema)
    broken = {**class_of(pools, "scoring"), "whenUnsatisfiable": "Whatever"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**classes["scoring-class"].inputs, "spec": broken}, schema)


def test_idle_time_is_counted_in_minutes() -> None:
    assert [
        consolidation(pool_args(idle_seconds=each))["consolidationDelayMinutes"] for each in (5, 60, 61, 10**6)
    ] == [
        1,
        1,
        2,
        1440,
    ]


def test_gke_makes_pools_where_there_is_a_choice_to_be_made() -> None:
    assert created_on_demand(pool_args())
    assert created_on_demand(pool_args(capacity=Capacity.ON_DEMAND, shapes=[], families=["n2-standard"]))
    assert not created_on_demand(pool_args(capacity=Capacity.SPOT))
    assert not created_on_demand(pool_args(purpose=PoolPurpose.SYSTEM, shapes=[], families=["n2-standard"]))


def test_a_system_pool_takes_a_machine_that_holds_more_than_add_ons() -> None:
    system = pool_args(purpose=PoolPurpose.SYSTEM, shapes=[], families=["n2-standard"], capacity=Capacity.ON_DEMAND)
    assert [each.name for each in explicit(system)] == ["n2-standard-4"]


def test_limits_are_those_of_the_largest_machines() -> None:
    some = {
        "one": pool_args(max_nodes=10),
        "two": pool_args(max_nodes=2, shapes=[LARGE], gpu=L4),
        "three": pool_args(
            max_nodes=1, shapes=[{"cpu": 12, "memory_gib": 85}], gpu={"model": "nvidia-a100", "count": 1}
        ),
    }
    assert most_resources(some) == {
        "cpu": 10 * 32 + 2 * 8 + 12,
        "memory": 10 * 128 + 2 * 32 + 85,
        "nvidia-l4": 2,
        "nvidia-tesla-a100": 1,
    }
    assert all(each.gpu is None for each in candidates(some["one"]))


def test_all_that_is_wrong_with_a_pool_is_found_at_once() -> None:
    found = problems(
        "gke-x", pool_args(shapes=[{"cpu": 5, "memory_gib": 7}], min_nodes=4, max_nodes=3, capacity=Capacity.SPOT)
    )
    assert {each["property_path"] for each in found} == {"pool_name", "min_nodes", "shapes"}
    assert [each["property_path"] for each in problems("default", pool_args())] == ["pool_name"]
    assert [each["property_path"] for each in problems("ab", pool_args())] == ["pool_name"]
    assert [each["property_path"] for each in problems("abc", pool_args(families=["n2-standard"]))] == ["shapes"]
    unknown = problems("abc", pool_args(shapes=[], families=["m7i", "n2-standard"], gpu=L4))
    assert ["got m7i" in unknown[0]["reason"], "got n2-standard" in unknown[1]["reason"]] == [True, True]
    system = problems("system", pool_args(purpose=PoolPurpose.SYSTEM, capacity=Capacity.SPOT))
    assert [each["property_path"] for each in system] == ["capacity"]
    assert problems("scoring", pool_args()) == []


def test_a_name_that_gke_would_refuse_stops_the_component(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"allowed: 40 characters with it"):
        evaluated(tmp_path, {"n" * 30: {"capacity": "on-demand"}})
