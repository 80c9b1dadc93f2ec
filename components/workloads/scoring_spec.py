"""The Indexed Job that scores one run, and the CronJob that is its template, as plain data.

One index is one shard of the input. A pod ends with 0 when its shard is done, with ``PERMANENT_FAILURE`` when trying
again cannot help, and with anything else to be tried again.
"""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi.errors import InputPropertyErrorDetails

from components.contracts import GPU_RESOURCE, NodePool
from components.errors import problem
from components.pools import placement
from components.quantities import cpu, memory
from components.workloads.pods import container_security_context, from_label, literals, pod_security_context
from components.workloads.priorities import PRIORITY_OF_PURPOSE
from components.workloads.team_limits import BURST

CONTAINER: Final = "score"

PERMANENT_FAILURE: Final = 64
"""Exit code of a shard that no retry can save, as ``EX_USAGE`` of sysexits: it fails the shard at once."""

NEVER: Final = "0 0 31 2 *"
"""A schedule that no calendar meets: the 31st of February. A CronJob must have one even when it is suspended."""

MISSED_START_SECONDS: Final = 600
"""How late a scheduled run may start, such as after an outage of the control plane; later ones are skipped."""

RUNS_KEPT: Final = 3
"""Runs of each outcome that stay to be looked at, unless their time to live ends first."""

SCRATCH_PATH: Final = "/tmp"  # noqa: S108  inside the container, whose file system is read-only but for this
SCRATCH_GIB: Final = 10

SHARDS_PER_NODE: Final = 16
"""Pods by which one node may be ahead of another before the other is preferred.

Spread evenly without this allowance, each pod would ask Karpenter for a node of its own before it shared one.
"""

RESERVED_ENVIRONMENT: Final = "MLPLATFORM_"
"""What the names of the variables that the template sets begin with."""

QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"


class ScoringJobTemplateArgs(TypedDict):
    """What is scored, by what, where and in how many parts."""

    template: str
    """Name of the CronJob that is the template; at most 52 characters."""
    namespace: pulumi.Input[str]
    """The team's namespace."""
    service_account: pulumi.Input[str]
    """Service account of the pods, whose cloud identity reads the input and writes the output."""
    pool: NodePool
    """Pool that the pods run on."""
    image: pulumi.Input[str]
    """Image with its tag or digest."""
    input_url: pulumi.Input[str]
    """Address of the input, without a trailing slash."""
    output_url: pulumi.Input[str]
    """Address of the output, without a trailing slash."""
    shards: int
    """Parts of the input; each is scored by one pod."""
    parallelism: int
    """The most pods at one time."""
    cpu: float
    """Virtual CPUs of one pod, requested; it may burst to twice as many."""
    memory_gib: float
    """Memory of one pod, in GiB, requested and limited."""
    retries_per_shard: int
    """How often a shard is tried again after a failure; interruptions of machines are not counted."""
    max_failed_shards: int
    """Failed shards above which the whole run is given up."""
    deadline_seconds: int
    """The longest that a run may take."""
    ttl_seconds: int
    """How long a finished run is kept."""
    gpus: NotRequired[int]
    """GPUs of one pod; one on a pool whose machines have any, where it is left out."""
    schedule: NotRequired[str]
    """Cron schedule in UTC on which runs start by themselves; none where it is left out."""
    environment: NotRequired[Mapping[str, str]]
    """More environment variables of the container; none may begin with ``MLPLATFORM_``."""
    queue: NotRequired[str]
    """Kueue queue in the namespace that admits the runs; none where it is left out."""
    labels: Mapping[str, str]
    """Labels of the template, its runs and their pods."""


def problems(args: ScoringJobTemplateArgs) -> list[InputPropertyErrorDetails]:
    """Return why the template cannot be made; empty where it can."""
    found = []
    shards, parallelism, pool, gpus = int(args["shards"]), int(args["parallelism"]), args["pool"], _gpus(args)
    if shards < 1:
        found.append(problem("shards", f"got {shards}; allowed: at least 1"))
    if not 1 <= parallelism <= shards:
        found.append(problem("parallelism", f"got {parallelism}; allowed: from 1 to shards, {shards}"))
    if gpus > pool["gpus_per_node"]:
        most = f"at most {int(pool['gpus_per_node'])}, the GPUs of a node of the pool {pool['name']}"
        found.append(problem("gpus", f"got {gpus}; allowed: {most}"))
    found.extend(
        problem(f"environment.{name}", f"allowed: names that do not begin with {RESERVED_ENVIRONMENT}")
        for name in sorted(args.get("environment", {}))
        if name.startswith(RESERVED_ENVIRONMENT)
    )
    return found


def _gpus(args: ScoringJobTemplateArgs) -> int:
    return int(args.get("gpus", min(1, args["pool"]["gpus_per_node"])))


def _resources(args: ScoringJobTemplateArgs) -> dict[str, dict[str, str]]:
    gpus = {GPU_RESOURCE: str(count)} if (count := _gpus(args)) else {}
    # Memory is not overcommitted: a shard that took more than it asked for would be killed when its neighbours do too.
    amount = memory(args["memory_gib"])
    return {
        "requests": {"cpu": cpu(args["cpu"]), "memory": amount, **gpus},
        "limits": {"cpu": cpu(BURST * args["cpu"]), "memory": amount, **gpus},
    }


def _environment(args: ScoringJobTemplateArgs) -> list[dict[str, Any]]:
    threads = str(max(1, int(args["cpu"])))
    values = {
        "HOME": SCRATCH_PATH,
        "OMP_NUM_THREADS": threads,
        **args.get("environment", {}),
        "MLPLATFORM_INPUT": args["input_url"],
        "MLPLATFORM_OUTPUT": args["output_url"],
        "MLPLATFORM_SHARDS": str(int(args["shards"])),
        "MLPLATFORM_THREADS": threads,
    }
    # Kubernetes itself sets JOB_COMPLETION_INDEX, but after these, where no other variable could refer to it.
    return [
        from_label("MLPLATFORM_RUN", "batch.kubernetes.io/job-name"),
        from_label("MLPLATFORM_SHARD", "batch.kubernetes.io/job-completion-index"),
        *literals(values),
    ]


def pod_template(args: ScoringJobTemplateArgs) -> dict[str, Any]:
    """Return the template of the pods, each of which scores one shard."""
    container = {
        "name": CONTAINER,
        "image": args["image"],
        "imagePullPolicy": "Always",
        "env": _environment(args),
        "resources": _resources(args),
        "securityContext": container_security_context(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH_PATH}],
    }
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "serviceAccountName": args["service_account"],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security_context(),
        **placement(args["pool"]),
        "topologySpreadConstraints": [
            {
                "topologyKey": "kubernetes.io/hostname",
                "maxSkew": SHARDS_PER_NODE,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"mlplatform/template": args["template"]}},
            }
        ],
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": memory(SCRATCH_GIB)}}],
    }
    if priority := PRIORITY_OF_PURPOSE.get(args["pool"]["purpose"]):
        spec["priorityClassName"] = priority
    return {
        "metadata": {
            "labels": {**args["labels"], "mlplatform/template": args["template"]},
            # A shard that is moved starts again from nothing; its node becomes free soon enough by itself.
            "annotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                "karpenter.sh/do-not-disrupt": "true",
            },
        },
        "spec": spec,
    }


def failure_policy() -> dict[str, Any]:
    """Return what a pod's failure means. The first rule that fits decides, so interruptions come first."""
    return {
        "rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {
                "action": "FailIndex",
                "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": [PERMANENT_FAILURE]},
            },
        ]
    }


def job_spec(args: ScoringJobTemplateArgs) -> dict[str, Any]:
    """Return the specification of the Indexed Job of one run."""
    return {
        "completionMode": "Indexed",
        "completions": int(args["shards"]),
        "parallelism": int(args["parallelism"]),
        "backoffLimitPerIndex": int(args["retries_per_shard"]),
        "maxFailedIndexes": int(min(args["max_failed_shards"], args["shards"])),
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": failure_policy(),
        "activeDeadlineSeconds": int(args["deadline_seconds"]),
        "ttlSecondsAfterFinished": int(args["ttl_seconds"]),
        # A queue lets the run start; without one it starts when it is made.
        "suspend": "queue" in args,
        "template": pod_template(args),
    }


def cron_job_spec(args: ScoringJobTemplateArgs) -> dict[str, Any]:
    """Return the specification of the CronJob, which is suspended where no schedule starts runs by itself."""
    queue = {QUEUE_LABEL: args["queue"]} if "queue" in args else {}
    return {
        "schedule": args.get("schedule", NEVER),
        "timeZone": "Etc/UTC",
        "suspend": "schedule" not in args,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": MISSED_START_SECONDS,
        "successfulJobsHistoryLimit": RUNS_KEPT,
        "failedJobsHistoryLimit": RUNS_KEPT,
        "jobTemplate": {
            "metadata": {"labels": {**args["labels"], **queue, "mlplatform/template": args["template"]}},
            "spec": job_spec(args),
        },
    }
