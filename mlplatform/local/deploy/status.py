"""Compares a graph with the live cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from mlplatform.graph.markers import Plain
from mlplatform.local.deploy import components, generated, plan, retention
from mlplatform.local.deploy.apply import asked_for
from mlplatform.local.deploy.applyset import ApplySet, labelled
from mlplatform.local.deploy.charts import ChartSources
from mlplatform.local.deploy.components import ComponentRow
from mlplatform.local.deploy.health import Health, State, health
from mlplatform.local.deploy.helm import Helm, Installed
from mlplatform.local.deploy.kubectl import Key, Kubectl, key_of, label_of, stream
from mlplatform.local.deploy.ownership import Engine, owner
from mlplatform.local.deploy.post_renderer import SIMULATED_LABEL
from mlplatform.local.deploy.run import Evaluate
from mlplatform.local.deploy.simulated import Simulated
from mlplatform.local.deploy.target import FIELD_MANAGER, Target
from mlplatform.render.values import join

_PATHS_SHOWN: Final = 3


@dataclass(frozen=True)
class Status:
    """The platform as it is."""

    engine: Engine | None
    """What deployed it; None where nothing did."""
    rows: tuple[ComponentRow, ...]
    simulated: tuple[Simulated, ...]
    kept: tuple[str, ...]
    """Objects that left the graph and were kept, with the commands that delete them."""

    @property
    def healthy(self) -> bool:
        """Whether everything is what the graph asks for."""
        return all(row.state in (State.HEALTHY, State.SIMULATED) for row in self.rows)


def status(target: Target, evaluate: Evaluate) -> Status:
    """Compare the environment with the live cluster; changes nothing."""
    kubectl = Kubectl(target)
    engine = owner(kubectl)
    records = generated.read(kubectl) if engine is Engine.KUBECTL else {}
    planned = plan.make(evaluate(generated.known_outputs(records)), kubectl)
    kubectl.scrub = planned.scrubber()
    served = [each for each in planned.objects if kubectl.serves(each.manifest)]
    live = kubectl.live([each.manifest for each in served])
    drifted = drift(kubectl, planned, live) if engine is Engine.KUBECTL else {}
    healths = [(each.source.component, _health(each.key, live, drifted)) for each in planned.objects]
    left_out = list(planned.simulated)
    if planned.releases:
        helm = Helm(target, ChartSources())
        helm.scrub = kubectl.scrub
        installed = helm.every_release()
        for release in planned.releases:
            found = installed.get((release.namespace, release.name))
            healths.append((release.component, _release_health(kubectl, helm, release.label, found)))
        left_out += [(planned.releases[0].component, each) for each in _left_out_of_charts(kubectl)]
    healths += [(name, Health(each.label, State.SIMULATED, each.reason)) for name, each in left_out]
    return Status(
        engine=engine,
        rows=tuple(components.rows(healths)),
        simulated=tuple(each for _, each in left_out),
        kept=tuple(_kept(kubectl)),
    )


def drift(kubectl: Kubectl, planned: plan.Plan, live: Mapping[Key, Mapping[str, Any]]) -> dict[Key, list[str]]:
    """Return the paths at which live objects differ from what is planned, by object.

    The API server computes them: it is asked to apply, but to change nothing. Nothing is written to a file.
    """
    label = ApplySet(kubectl.target.environment).label
    present = [each for each in planned.objects if each.key in live]
    if not present:
        return {}
    asked = [each.manifest if each.is_definition else labelled(each.manifest, label) for each in present]
    args = [
        "apply", "--server-side", "--dry-run=server", "--force-conflicts", f"--field-manager={FIELD_MANAGER}",
        "--filename=-",
    ]  # fmt: skip
    answer = kubectl.json(args, stream(asked))
    wanted = answer["items"] if answer.get("kind") == "List" else [answer]
    found = {key_of(each): list(differences(asked_for(live[key_of(each)]), asked_for(each))) for each in wanted}
    return {key: paths for key, paths in found.items() if paths}


def differences(live: Plain, wanted: Plain, path: str = "") -> Iterator[str]:
    """Yield the paths at which two values differ; the values themselves may be secrets and are not told."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for key in sorted(live.keys() | wanted.keys()):
            yield from differences(live.get(key), wanted.get(key), join(path, key))
    elif isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        for index, (one, other) in enumerate(zip(live, wanted, strict=True)):
            yield from differences(one, other, join(path, index))
    elif live != wanted:
        yield path


def _health(key: Key, live: Mapping[Key, Mapping[str, Any]], drifted: Mapping[Key, Sequence[str]]) -> Health:
    if key not in live:
        return Health(label_of(key), State.MISSING, "does not exist")
    paths = drifted.get(key, [])
    if paths:
        more = f" and {len(paths) - _PATHS_SHOWN} more" if len(paths) > _PATHS_SHOWN else ""
        text = f"changed since it was applied: {', '.join(paths[:_PATHS_SHOWN])}{more}"
        return Health(label_of(key), State.DRIFTED, text)
    return health(live[key])


def _release_health(kubectl: Kubectl, helm: Helm, label: str, installed: Installed | None) -> Health:
    if installed is None:
        return Health(label, State.MISSING, "is not installed")
    if installed.status != "deployed":
        return Health(label, State.FAILED, f"its status is {installed.status}")
    manifests = [
        {**each, "metadata": {"namespace": installed.namespace, **each["metadata"]}}
        for each in yaml.safe_load_all(helm.manifest(installed))
        if isinstance(each, dict)
    ]
    served = [each for each in manifests if kubectl.serves(each)]
    kinds = {key: kubectl.kinds[key_of(each)[:2]] for key, each in enumerate(served)}
    placed = [each if kinds[key].namespaced else _unplaced(each) for key, each in enumerate(served)]
    live = kubectl.live(placed)
    found = [_health(key_of(each), live, {}) for each in placed]
    worst = max(found, key=lambda each: each.state.severity, default=Health(label, State.HEALTHY))
    return Health(label, worst.state, f"{worst.label}: {worst.detail}" if worst.detail else "")


def _unplaced(manifest: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    return {**manifest, "metadata": metadata}


def _left_out_of_charts(kubectl: Kubectl) -> list[Simulated]:
    found = []
    for each in kubectl.items(["configmaps"], selector=f"{SIMULATED_LABEL}=true"):
        for line in each.get("data", {}).get("left-out", "").splitlines():
            label, _, reason = line.partition(": ")
            found.append(Simulated(label, reason))
    return found


def _kept(kubectl: Kubectl) -> Iterator[str]:
    for key in retention.kept(kubectl):
        kept = retention.Kept(key, "it is no longer in the graph")
        yield kept.describe(kubectl.target, kubectl.resource(key))
