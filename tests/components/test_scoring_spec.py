from typing import Any, cast

import pytest

from components.contracts import GPU_RESOURCE, PoolPurpose
from components.pools import pool_facts
from components.workloads.scoring_spec import (
    SCRATCH_PATH,
    ScoringJobTemplateArgs,
    cron_job_spec,
    job_spec,
    pod_template,
    problems,
)
from tests.components.pool_examples import pool_args

L4 = {"model": "nvidia-l4", "count": 2}


def _args(pool: dict[str, Any] | None = None, **changes: Any) -> ScoringJobTemplateArgs:
    args: dict[str, Any] = {
        "template": "daily",
        "namespace": "team-churn",
        "service_account": "runner",
        "pool": pool_facts("scoring", pool_args(**(pool or {}))),
        "image": "registry.local/mlplatform/churn/score:1.0.0",
        "input_url": "s3://datasets/customers",
        "output_url": "s3://scores",
        "shards": 100,
        "parallelism": 50,
        "cpu": 1.5,
        "memory_gib": 2,
        "retries_per_shard": 3,
        "max_failed_shards": 5,
        "deadline_seconds": 3600,
        "ttl_seconds": 600,
        "labels": {"owner": "us"},
        **changes,
    }
    return cast("ScoringJobTemplateArgs", args)


def _pod(**changes: Any) -> dict[str, Any]:
    return pod_template(_args(**changes))["spec"]


def _environment(**changes: Any) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in _pod(**changes)["containers"][0]["env"]}


def test_a_run_is_one_indexed_job() -> None:
    spec = job_spec(_args())
    assert {key: value for key, value in spec.items() if key not in ("template", "podFailurePolicy")} == {
        "completionMode": "Indexed",
        "completions": 100,
        "parallelism": 50,
        "backoffLimitPerIndex": 3,
        "maxFailedIndexes": 5,
        "podReplacementPolicy": "Failed",
        "activeDeadlineSeconds": 3600,
        "ttlSecondsAfterFinished": 600,
        "suspend": False,
    }


def test_an_interruption_is_ignored_before_any_exit_code_is_looked_at() -> None:
    first, second = job_spec(_args())["podFailurePolicy"]["rules"]
    assert first == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    assert second == {
        "action": "FailIndex",
        "onExitCodes": {"containerName": "score", "operator": "In", "values": [64]},
    }
    assert _pod()["restartPolicy"] == "Never"


def test_more_failed_shards_than_there_are_is_not_asked_of_kubernetes() -> None:
    assert job_spec(_args(shards=3, parallelism=3))["maxFailedIndexes"] == 3


def test_numbers_that_come_over_the_wire_as_floats_become_whole() -> None:
    spec = job_spec(_args(shards=100.0, parallelism=50.0, retries_per_shard=3.0, ttl_seconds=600.0))
    numbers = [spec[key] for key in ("completions", "parallelism", "backoffLimitPerIndex", "ttlSecondsAfterFinished")]
    assert all(isinstance(number, int) for number in numbers)
    assert _environment(shards=100.0)["MLPLATFORM_SHARDS"] == "100"


def test_without_a_schedule_the_template_starts_nothing() -> None:
    spec = cron_job_spec(_args())
    assert (spec["suspend"], spec["schedule"]) == (True, "0 0 31 2 *")


def test_with_a_schedule_runs_start_one_at_a_time() -> None:
    spec = cron_job_spec(_args(schedule="0 3 * * *"))
    assert (spec["suspend"], spec["schedule"], spec["timeZone"]) == (False, "0 3 * * *", "Etc/UTC")
    assert spec["concurrencyPolicy"] == "Forbid"


def test_a_queue_starts_the_run_and_the_job_waits_for_it() -> None:
    template = cron_job_spec(_args(queue="default"))["jobTemplate"]
    assert template["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "default"
    assert template["spec"]["suspend"] is True


def test_memory_is_promised_once_and_cpu_may_burst_within_the_teams_ratio() -> None:
    assert _pod()["containers"][0]["resources"] == {
        "requests": {"cpu": "1500m", "memory": "2Gi"},
        "limits": {"cpu": "3", "memory": "2Gi"},
    }


@pytest.mark.parametrize(("asked", "gpus"), [({}, "1"), ({"gpus": 2}, "2")], ids=["by default", "asked"])
def test_a_pod_on_a_pool_with_gpus_gets_some(asked: dict[str, int], gpus: str) -> None:
    resources = _pod(pool={"gpu": L4}, **asked)["containers"][0]["resources"]
    assert resources["requests"][GPU_RESOURCE] == resources["limits"][GPU_RESOURCE] == gpus


def test_a_pod_may_go_without_the_gpus_of_its_pool() -> None:
    assert GPU_RESOURCE not in _pod(pool={"gpu": L4}, gpus=0)["containers"][0]["resources"]["requests"]


def test_the_pod_is_restricted() -> None:
    pod = _pod()
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 10_000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    assert pod["automountServiceAccountToken"] is False
    assert container["volumeMounts"] == [{"name": "scratch", "mountPath": SCRATCH_PATH}]
    assert pod["volumes"] == [{"name": "scratch", "emptyDir": {"sizeLimit": "10Gi"}}]


def test_the_pod_goes_to_its_pool_with_the_priority_of_its_work() -> None:
    pod = _pod()
    assert pod["nodeSelector"] == {"mlplatform/pool": "scoring"}
    assert [toleration["value"] for toleration in pod["tolerations"]] == ["scoring"]
    assert pod["priorityClassName"] == "mlplatform-scoring"
    training = _pod(pool={"purpose": PoolPurpose.TRAINING})
    assert training["priorityClassName"] == "mlplatform-training"


def test_shards_prefer_other_nodes_but_fill_one_before_a_new_one_is_asked_for() -> None:
    (spread,) = _pod()["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["maxSkew"] > 1
    selected = spread["labelSelector"]["matchLabels"].items()
    assert selected <= pod_template(_args())["metadata"]["labels"].items()


def test_a_running_shard_is_not_moved_for_the_sake_of_cost() -> None:
    assert pod_template(_args())["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"


def test_the_program_is_told_its_part() -> None:
    environment = _environment(environment={"MODEL": "churn-3"})
    assert environment["MLPLATFORM_INPUT"] == "s3://datasets/customers"
    assert environment["MLPLATFORM_OUTPUT"] == "s3://scores"
    assert environment["MLPLATFORM_SHARDS"] == "100"
    assert environment["MLPLATFORM_THREADS"] == environment["OMP_NUM_THREADS"] == "1"
    assert environment["MODEL"] == "churn-3"
    path = environment["MLPLATFORM_SHARD"]["fieldRef"]["fieldPath"]
    assert path == "metadata.labels['batch.kubernetes.io/job-completion-index']"


@pytest.mark.parametrize(("cores", "threads"), [(0.5, "1"), (1, "1"), (3.9, "3"), (8, "8")])
def test_threads_are_as_many_as_whole_cpus_and_at_least_one(cores: float, threads: str) -> None:
    assert _environment(cpu=cores)["MLPLATFORM_THREADS"] == threads


def test_every_problem_of_a_template_is_found_at_once() -> None:
    found = problems(_args(shards=0, parallelism=9, gpus=1, environment={"MLPLATFORM_INPUT": "x", "OK": "y"}))
    assert {each["property_path"]: each["reason"] for each in found} == {
        "shards": "got 0; allowed: at least 1",
        "parallelism": "got 9; allowed: from 1 to shards, 0",
        "gpus": "got 1; allowed: at most 0, the GPUs of a node of the pool scoring",
        "environment.MLPLATFORM_INPUT": "allowed: names that do not begin with MLPLATFORM_",
    }
    assert problems(_args()) == []
