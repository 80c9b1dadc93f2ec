"""Deploys a graph to the local cluster with kubectl and helm."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import filelock

from mlplatform.errors import UserError
from mlplatform.graph.model import ResourceGraph
from mlplatform.local.deploy import components, generated, ownership, plan
from mlplatform.local.deploy.apply import Applied, apply_definitions, apply_first, apply_set
from mlplatform.local.deploy.applyset import ApplySet
from mlplatform.local.deploy.charts import ChartSources
from mlplatform.local.deploy.components import ComponentRow
from mlplatform.local.deploy.health import Health, State, wait
from mlplatform.local.deploy.helm import Helm, ReleaseResult
from mlplatform.local.deploy.kubectl import Key, Kubectl
from mlplatform.local.deploy.simulated import Simulated
from mlplatform.local.deploy.target import Target

WAIT_SECONDS: Final = 120.0
"""How long a deployment waits for its objects to become healthy, unless told otherwise."""

Evaluate = Callable[[Mapping[str, Mapping[str, Any]]], ResourceGraph]
"""Evaluates the environment with these known outputs, and returns the filled graph."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Deployment:
    """What a deployment did, and how the platform fares after it."""

    applied: Applied
    releases: tuple[ReleaseResult, ...]
    rows: tuple[ComponentRow, ...]
    simulated: tuple[Simulated, ...]
    notes: tuple[str, ...]
    """What a user has to know: objects that were kept, charts that cannot be reached."""

    @property
    def changes(self) -> int:
        """Number of objects and releases that were created, changed or deleted."""
        return self.applied.changes + sum(each.action not in ("unchanged", "kept", "failed") for each in self.releases)

    @property
    def healthy(self) -> bool:
        """Whether everything is what it was asked to be."""
        return all(row.state in (State.HEALTHY, State.SIMULATED) for row in self.rows)


def deploy(
    target: Target,
    evaluate: Evaluate,
    report: Report,
    *,
    charts: ChartSources | None = None,
    wait_seconds: float = WAIT_SECONDS,
    force: bool = False,
) -> Deployment:
    """Make the cluster be what the graph says, and wait until it is healthy.

    It can be interrupted at any point: the next call does the rest. ``force`` takes over fields that others changed.
    A chart that cannot be installed is told in the result, and everything that does not need it goes up.

    Raises ``UserError`` where another engine owns the cluster, another deployment is under way, or the API server
    refuses objects; it then names all of them.
    """
    kubectl = Kubectl(target)
    with _alone(target):
        graph, records = _graph(kubectl, evaluate)
        planned = plan.make(graph, kubectl)
        helm = Helm(target, charts or ChartSources())
        kubectl.scrub = helm.scrub = planned.scrubber()
        ownership.claim(kubectl, ownership.Engine.KUBECTL, [each.manifest for each in planned.objects])
        if records is not None:
            report("keeping newly generated values in the cluster")
            generated.save(kubectl, records)
        return _apply(kubectl, planned, helm, report, wait_seconds, force=force)


def _graph(kubectl: Kubectl, evaluate: Evaluate) -> tuple[ResourceGraph, generated.Records | None]:
    """Evaluate with the generated values; return the records too where new ones were made, which have to be saved."""
    known = generated.read(kubectl)
    graph = evaluate(generated.known_outputs(known))
    records = generated.complete(graph, known)
    if records is known:
        return graph, None
    return evaluate(generated.known_outputs(records)), records


def _apply(
    kubectl: Kubectl, planned: plan.Plan, helm: Helm, report: Report, wait_seconds: float, *, force: bool
) -> Deployment:
    applyset = ApplySet(kubectl.target.environment)
    applyset.prepare(kubectl)
    definitions = apply_definitions(kubectl, planned.definitions())
    releases = _install(kubectl, planned, applyset, helm, report, force=force)
    members = planned.members(kubectl)
    report(f"applying {len(members)} objects")
    applied = _join(definitions, apply_set(kubectl, applyset, [each.manifest for each in members], force=force))
    releases += helm.prune(planned.releases, report)
    found = wait(kubectl, [each.manifest for each in members], report, wait_seconds)
    healths = _healths(kubectl, planned, found, {each.label: each for each in releases})
    notes = [each.describe(kubectl.target, kubectl.resource(each.key)) for each in applied.kept]
    notes += [f"{each.label}: {each.detail}" for each in releases if each.action in ("failed", "kept")]
    return Deployment(
        applied=applied,
        releases=tuple(releases),
        rows=tuple(components.rows(healths)),
        simulated=tuple(each for _, each in planned.simulated),
        notes=tuple(notes),
    )


def _install(
    kubectl: Kubectl, planned: plan.Plan, applyset: ApplySet, helm: Helm, report: Report, *, force: bool
) -> list[ReleaseResult]:
    """Install the releases, after the objects that do not depend on any."""
    if not planned.releases:
        return []
    first = [each.manifest for each in planned.members(kubectl) if not each.source.after_release]
    report(f"applying {len(first)} objects that come before charts")
    apply_first(kubectl, applyset, first, force=force)
    results = [helm.install(release, report) for release in planned.releases]
    kubectl.forget_kinds()
    return results


def _healths(
    kubectl: Kubectl, planned: plan.Plan, found: Mapping[Key, Health], releases: Mapping[str, ReleaseResult]
) -> list[tuple[str, Health]]:
    definitions = wait(kubectl, planned.definitions(), lambda _: None, 0)
    healths = []
    for each in planned.objects:
        health = found.get(each.key) or definitions.get(each.key)
        unserved = Health(each.source.label, State.MISSING, f"the cluster does not know kind {each.source.kind}")
        healths.append((each.source.component, health or unserved))
    for component, left_out in planned.simulated:
        healths.append((component, Health(left_out.label, State.SIMULATED, left_out.reason)))
    for release in planned.releases:
        result = releases[release.label]
        failed = result.action == "failed"
        state = State.FAILED if failed else State.HEALTHY
        healths.append((release.component, Health(release.label, state, result.detail if failed else "")))
    return healths


def _join(first: Applied, second: Applied) -> Applied:
    return Applied(
        created=first.created + second.created,
        changed=first.changed + second.changed,
        unchanged=first.unchanged + second.unchanged,
        pruned=second.pruned,
        kept=second.kept,
    )


@contextmanager
def _alone(target: Target) -> Iterator[None]:
    """Hold the environment's lock, which the system releases even when the process is killed."""
    lock = filelock.FileLock(target.scratch / "deploy.lock")
    try:
        with lock.acquire(timeout=0):
            yield
    except filelock.Timeout:
        raise UserError(
            f"another deployment of {target.environment} is under way", "wait for it to end, and run this again"
        ) from None
