from components.contracts import GPU_RESOURCE
from components.workloads.priorities import PRIORITIES, PRIORITY_OF_PURPOSE
from components.workloads.team_limits import limit_range, resource_quota

HIGHEST_USER_PRIORITY = 1_000_000_000


def test_the_quota_bounds_requests_and_limits() -> None:
    assert resource_quota({"cpu": 100, "memory_gib": 400, "gpus": 4, "pods": 200})["hard"] == {
        "requests.cpu": "100",
        "limits.cpu": "200",
        "requests.memory": "400Gi",
        "limits.memory": "800Gi",
        f"requests.{GPU_RESOURCE}": "4",
        "pods": "200",
        "persistentvolumeclaims": "50",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def test_a_team_without_gpus_gets_none() -> None:
    hard = resource_quota({"cpu": 1, "memory_gib": 1, "gpus": 0, "pods": 1})["hard"]
    assert hard[f"requests.{GPU_RESOURCE}"] == "0"


def test_what_a_container_gets_by_default_is_within_its_burst() -> None:
    (container,) = limit_range()["limits"]
    assert container["defaultRequest"] == {"cpu": "500m", "memory": "1Gi"}
    assert container["default"] == {"cpu": "1", "memory": "2Gi"}
    assert container["maxLimitRequestRatio"] == {"cpu": "2", "memory": "2"}


def test_priorities_are_distinct_ordered_and_below_kubernetes_own() -> None:
    values = [priority.value for priority in PRIORITIES]
    assert values == sorted(set(values), reverse=True)
    assert values[-1] > 0
    assert values[0] < HIGHEST_USER_PRIORITY


def test_batch_work_never_evicts() -> None:
    preempting = {priority.name for priority in PRIORITIES if priority.preempts}
    assert preempting == {"mlplatform-serving", "mlplatform-interactive", "mlplatform-workflows"}


def test_every_purpose_but_system_has_a_priority_that_exists() -> None:
    assert len(PRIORITY_OF_PURPOSE) == 5
    assert {*PRIORITY_OF_PURPOSE.values()} == {priority.name for priority in PRIORITIES}
