"""Makes a run of a scoring template and follows it: the Job's progress, and the nodes that appear for it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from components.contracts import POOL_LABEL
from components.labels import COMPONENT
from mlplatform.errors import StoppedError, UserError
from mlplatform.local.deploy.kubectl import Kubectl
from mlplatform.local.deploy.target import Target

_POLL_SECONDS: Final = 1.0
_RUN_SECONDS: Final = 1800.0
_NODES_SECONDS: Final = 180.0
_PROVISIONED: Final = "karpenter.sh/nodepool"
"""Label of the nodes that come and go, as opposed to those that a pool always has."""
_SHARDS_VARIABLE: Final = "MLPLATFORM_SHARDS"
_NAME_LIMIT: Final = 52
"""Characters of a Job's name that leave room for the indexes of its pods."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Moment:
    """The run at one point in time."""

    seconds: float
    """Since the Job was made."""
    nodes: int
    """Nodes that were provided for the pool."""
    ready_nodes: int
    active: int
    """Pods that run or wait for a node."""
    ready: int
    """Pods that run."""
    succeeded: int
    failed: int
    """Indexes that failed for good."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Everything but the time."""
        return (self.nodes, self.ready_nodes, self.active, self.ready, self.succeeded, self.failed)


Watch = Callable[[Moment], None]
"""Is told of every moment, about once a second."""


@dataclass(frozen=True)
class ScoreResult:
    """How a run ended."""

    job: str
    namespace: str
    pool: str
    shards: int
    completed: bool
    """Whether the Job succeeded."""
    reason: str
    """Why the Job failed; empty where it succeeded."""
    succeeded: int
    failed_indexes: str
    """Indexes that failed for good, as the Job writes them: ``1,3-5``."""
    job_seconds: float
    """Until the Job was done."""
    drained_seconds: float | None
    """Until the provided nodes were gone; None where they were not in time."""
    timeline: tuple[Moment, ...] = field(repr=False)
    """The moments at which anything changed."""

    def node_counts(self) -> list[tuple[float, int]]:
        """Return when the number of nodes changed, and to what."""
        changes: list[tuple[float, int]] = []
        for moment in self.timeline:
            if not changes or changes[-1][1] != moment.nodes:
                changes.append((moment.seconds, moment.nodes))
        return changes


def run_template(
    target: Target,
    namespace: str,
    template: str,
    *,
    shards: int | None = None,
    report: Report = lambda _: None,
    watch: Watch = lambda _: None,
    run_seconds: float = _RUN_SECONDS,
    nodes_seconds: float = _NODES_SECONDS,
) -> ScoreResult:
    """Make a Job from a CronJob and follow it until it is done and the nodes that were provided for it are gone.

    ``shards`` replaces the template's number. A run that fails is a result, not an error.

    Raises ``UserError`` where there is no such template, where the API server refuses the Job, or where the run takes
    longer than ``run_seconds``. Interrupted, it leaves the Job running and says how to follow or delete it.
    """
    kubectl = Kubectl(target)
    job = _make(kubectl, namespace, template, shards)
    name, pool = job["metadata"]["name"], _pool(job)
    report(f"run {name} of {job['spec']['completions']} shards started on pool {pool}")
    follower = _Follower(kubectl, namespace, name, pool, watch)
    try:
        ended = follower.until_done(run_seconds)
        done = follower.seconds()
        report(f"run {name} {'completed' if _condition(ended, 'Complete') else 'failed'} after {done:.0f} s")
        drained = follower.until_drained(nodes_seconds)
    except KeyboardInterrupt:
        raise StoppedError(
            f"no longer following run {name}, which goes on",
            "follow it: " + target.command("get", f"job/{name}", "--namespace", namespace, "--watch")
            + "\ndelete it: " + target.command("delete", f"job/{name}", "--namespace", namespace),
        ) from None  # fmt: skip
    failure = _condition(ended, "Failed")
    status = ended.get("status", {})
    return ScoreResult(
        job=name,
        namespace=namespace,
        pool=pool,
        shards=int(ended["spec"]["completions"]),
        completed=_condition(ended, "Complete") is not None,
        reason=str(failure.get("message") or failure.get("reason")) if failure else "",
        succeeded=int(status.get("succeeded", 0)),
        failed_indexes=str(status.get("failedIndexes", "")),
        job_seconds=done,
        drained_seconds=drained,
        timeline=tuple(follower.timeline),
    )


def templates(target: Target) -> list[tuple[str, str]]:
    """Return namespace and name of every scoring template in the cluster, in order of name."""
    found = Kubectl(target).items(["cronjobs.batch"], selector=f"{COMPONENT}=scoring-job")
    return sorted(
        ((each["metadata"]["namespace"], each["metadata"]["name"]) for each in found), key=lambda pair: pair[::-1]
    )


def job_of(cron_job: Mapping[str, Any], name: str, shards: int | None) -> dict[str, Any]:
    """Return the Job that a CronJob would make, by hand and with another number of shards."""
    template = cron_job["spec"]["jobTemplate"]
    spec = json.loads(json.dumps(template["spec"]))
    if shards is not None:
        spec["completions"] = shards
        spec["parallelism"] = min(int(spec.get("parallelism", shards)), shards)
        if "maxFailedIndexes" in spec:
            spec["maxFailedIndexes"] = min(int(spec["maxFailedIndexes"]), shards)
        for variable in _variables(spec):
            if variable["name"] == _SHARDS_VARIABLE:
                variable["value"] = str(shards)
    metadata = template.get("metadata", {})
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron_job["metadata"]["name"],
        "uid": cron_job["metadata"]["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": cron_job["metadata"]["namespace"],
            "labels": metadata.get("labels", {}),
            "annotations": {**metadata.get("annotations", {}), "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [owner],
        },
        "spec": spec,
    }


def run_name(template: str, now: datetime) -> str:
    """Name a run after its template and the time, short enough for the names of its pods."""
    stamp = now.strftime("%Y%m%d-%H%M%S")
    return f"{template[: _NAME_LIMIT - len(stamp) - 1].rstrip('-.')}-{stamp}"


def _variables(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    pod = spec["template"]["spec"]
    for container in [*pod.get("initContainers", ()), *pod["containers"]]:
        yield from container.get("env", ())


def _make(kubectl: Kubectl, namespace: str, template: str, shards: int | None) -> dict[str, Any]:
    if shards is not None and shards < 1:
        raise UserError(f"shards: got {shards}; allowed: a whole number from 1")
    cron_job = kubectl.get("cronjobs.batch", template, namespace)
    if cron_job is None:
        known = [f"{where}/{name}" for where, name in templates(kubectl.target)]
        raise UserError(
            f"there is no scoring template {template} in namespace {namespace}",
            f"there are: {', '.join(known)}"
            if known
            else f"deploy them with: mlplatform up {kubectl.target.environment}",
        )
    job = job_of(cron_job, run_name(template, datetime.now(UTC)), shards)
    made: dict[str, Any] = kubectl.json(["create", "--filename=-"], json.dumps(job))
    return made


def _pool(job: Mapping[str, Any]) -> str:
    selector = job["spec"]["template"]["spec"].get("nodeSelector", {})
    if POOL_LABEL not in selector:
        raise UserError(f"job {job['metadata']['name']} selects no pool: its pods have no node selector {POOL_LABEL}")
    return str(selector[POOL_LABEL])


def _condition(job: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    for condition in job.get("status", {}).get("conditions", ()):
        if condition["type"] == kind and condition["status"] == "True":
            found: Mapping[str, Any] = condition
            return found
    return None


def count_indexes(ranges: str) -> int:
    """Count the indexes in a Job's notation: ``1,3-5`` are four."""
    total = 0
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        total += int(last or first) - int(first) + 1
    return total


class _Follower:
    """Looks at the Job and the pool's nodes about once a second."""

    def __init__(self, kubectl: Kubectl, namespace: str, job: str, pool: str, watch: Watch) -> None:
        self._kubectl = kubectl
        self._namespace = namespace
        self._job = job
        self._pool = pool
        self._watch = watch
        self._start = time.monotonic()
        self.timeline: list[Moment] = []

    def seconds(self) -> float:
        """Return the time since the start."""
        return time.monotonic() - self._start

    def until_done(self, seconds: float) -> dict[str, Any]:
        """Return the Job once it has completed or failed."""
        while True:
            job = self._look()
            if _condition(job, "Complete") is not None or _condition(job, "Failed") is not None:
                return job
            if self.seconds() > seconds:
                raise UserError(
                    f"run {self._job} was not done after {seconds:.0f} s, and goes on",
                    "see why: " + self._kubectl.target.command("describe", f"job/{self._job}", "-n", self._namespace),
                )
            time.sleep(_POLL_SECONDS)

    def until_drained(self, seconds: float) -> float | None:
        """Return when the provided nodes were gone, or None if they are not after so many seconds more."""
        end = self.seconds() + seconds
        while self.timeline[-1].nodes > 0:
            if self.seconds() > end:
                return None
            time.sleep(_POLL_SECONDS)
            self._look()
        return self.timeline[-1].seconds

    def _look(self) -> dict[str, Any]:
        job = self._kubectl.get("jobs.batch", self._job, self._namespace)
        if job is None:
            raise UserError(f"run {self._job} was deleted by someone while it was followed")
        nodes = self._kubectl.items(["nodes"], selector=f"{POOL_LABEL}={self._pool},{_PROVISIONED}")
        status = job.get("status", {})
        moment = Moment(
            seconds=self.seconds(),
            nodes=len(nodes),
            ready_nodes=sum(_is_ready(node) for node in nodes),
            active=int(status.get("active", 0)),
            ready=int(status.get("ready", 0)),
            succeeded=int(status.get("succeeded", 0)),
            failed=count_indexes(str(status.get("failedIndexes", ""))),
        )
        if not self.timeline or self.timeline[-1].counts != moment.counts:
            self.timeline.append(moment)
        self._watch(moment)
        return job


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
