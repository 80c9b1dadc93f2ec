"""``mlplatform up``, ``down`` and ``status``: an environment deployed, removed and looked at."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlplatform import engine
from mlplatform.commands.preview import evaluate_strictly
from mlplatform.environments import Environment
from mlplatform.errors import UserError
from mlplatform.graph import ResourceGraph, evaluate
from mlplatform.local.binaries import resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.deploy import ownership
from mlplatform.local.deploy.charts import ChartSources
from mlplatform.local.deploy.components import ComponentRow
from mlplatform.local.deploy.kubectl import Kubectl
from mlplatform.local.deploy.ownership import Engine
from mlplatform.local.deploy.run import deploy
from mlplatform.local.deploy.simulated import Simulated
from mlplatform.local.deploy.status import Status, status
from mlplatform.local.deploy.target import Target
from mlplatform.local.health import ComponentStatus
from mlplatform.local.kwokctl import BINARY
from stacks.settings import CloudKind, pulumi_config

Report = Callable[[str], None]


@dataclass(frozen=True)
class Deployed:
    """A local environment after ``up``."""

    engine: Engine
    reason: str
    """Why kubectl deployed it, where it did."""
    rows: Sequence[ComponentRow]
    simulated: Sequence[Simulated]
    notes: Sequence[str]
    changes: int | None
    """Objects and releases that were changed; None where the Pulumi CLI has told."""
    healthy: bool
    target: Target


def up(environment: Environment, report: Report, *, runtime: str = BINARY, force: bool = False) -> Deployed | None:
    """Deploy an environment; return what there is to tell of a local one.

    Raises ``UserError`` before anything is changed where the program has findings, or where a cloud's environment
    lacks the CLI, credentials or a backend.
    """
    local = environment.settings.cloud is CloudKind.LOCAL
    if not local and (force or runtime != BINARY):
        raise UserError(f"{environment.name} runs on {environment.settings.cloud}: --force and --runtime are for local")
    control_plane = ControlPlane.for_settings(environment.settings, runtime) if local else None
    report(f"evaluating {environment.name}")
    evaluate_strictly(environment)
    if control_plane is None:
        _cloud_stack(environment, report).up()
        return None
    control_plane.start(report)
    target = local_target(environment, control_plane, report)
    found = _engine(target, report)
    if found.command is None:
        return _up_with_kubectl(environment, target, report, found.reason, force=force)
    ownership.claim(Kubectl(target), Engine.PULUMI)
    report(f"deploying with the Pulumi CLI {found.command.version}")
    engine.local_stack(environment.name, environment.file, found.command, target.scratch, target.kubeconfig).up()
    seen = status(target, filled(environment))
    return Deployed(Engine.PULUMI, "", seen.rows, seen.simulated, seen.kept, None, seen.healthy, target)


def _engine(target: Target, report: Report) -> engine.Found:
    """Return the Pulumi CLI, unless kubectl deployed the cluster and the user has not asked for another engine."""
    if not engine.is_chosen() and ownership.owner(Kubectl(target)) is Engine.KUBECTL:
        return engine.Found(None, "as before")
    return engine.obtain(report)


def _up_with_kubectl(environment: Environment, target: Target, report: Report, reason: str, *, force: bool) -> Deployed:
    report(f"deploying with kubectl and helm: {reason}")
    charts = environment.settings.charts
    sources = ChartSources(charts.mirror, charts.repositories)
    done = deploy(target, filled(environment), report, charts=sources, force=force)
    return Deployed(Engine.KUBECTL, reason, done.rows, done.simulated, done.notes, done.changes, done.healthy, target)


def _cloud_stack(environment: Environment, report: Report) -> engine.PulumiStack:
    return engine.cloud_stack(
        environment.name,
        environment.file,
        environment.settings.cloud,
        pulumi_config(environment.file),
        engine.obtain(report),
    )


def filled(environment: Environment) -> Callable[[Mapping[str, Mapping[str, Any]]], ResourceGraph]:
    """Return what evaluates the environment with known outputs."""
    return lambda known: evaluate(environment.request(known)).filled


def local_target(environment: Environment, control_plane: ControlPlane, report: Report) -> Target:
    """Return how to deploy to a control plane that runs."""
    programs = resolve(("kubectl", "helm"), report)
    access = control_plane.access
    return Target(environment.name, access.kubeconfig, access.context, programs["kubectl"], programs["helm"])


def _local_control_plane(environment: Environment) -> ControlPlane:
    if environment.settings.cloud is not CloudKind.LOCAL:
        raise UserError(
            f"{environment.name} runs on {environment.settings.cloud}; this command knows local environments only"
        )
    return ControlPlane.for_settings(environment.settings)


def running(environment: Environment, report: Report) -> Target:
    """Return how to reach the cluster of a local environment that is up.

    Raises ``UserError`` where it is not local, or not up.
    """
    control_plane = _local_control_plane(environment)
    rows = control_plane.status()
    if not rows:
        raise UserError(f"{environment.name} is not up", f"bring it up with: mlplatform up {environment.name}")
    sick = [f"{row.component} {row.detail}" for row in rows if not row.healthy]
    if sick:
        raise UserError(
            f"{environment.name} is not well: {', '.join(sick)}", f"repair it with: mlplatform up {environment.name}"
        )
    return local_target(environment, control_plane, report)


@dataclass(frozen=True)
class Seen:
    """A local environment as it is: the cluster's own components, and the platform on it where that can be asked."""

    cluster: Sequence[ComponentStatus]
    platform: Status | None

    @property
    def healthy(self) -> bool:
        """Whether there is nothing wrong."""
        return (
            bool(self.cluster)
            and all(row.healthy for row in self.cluster)
            and self.platform is not None
            and self.platform.healthy
        )


def look(environment: Environment, report: Report) -> Seen:
    """Look at a local environment; changes nothing. Raises ``UserError`` where it is not local."""
    control_plane = _local_control_plane(environment)
    cluster = control_plane.status()
    if not cluster or not all(row.healthy for row in cluster):
        return Seen(cluster, None)
    target = local_target(environment, control_plane, report)
    return Seen(cluster, status(target, filled(environment)))


def down(environment: Environment, report: Report, *, yes: bool) -> None:
    """Remove an environment: locally the cluster with all that is in it; in a cloud what Pulumi deployed."""
    if environment.settings.cloud is not CloudKind.LOCAL:
        if not yes:
            raise UserError(
                f"down would destroy {environment.name}, which runs on {environment.settings.cloud}",
                f"if that is what you want: mlplatform down {environment.name} --yes",
            )
        _cloud_stack(environment, report).destroy()
        return
    control_plane = ControlPlane.for_settings(environment.settings)
    _forget(environment, control_plane, report)
    control_plane.stop(report)


def _forget(environment: Environment, control_plane: ControlPlane, report: Report) -> None:
    """Empty the stack in a backend that outlives the cluster."""
    if engine.named_backend() is None or not control_plane.exists():
        return
    command = engine.find().command
    if command is None:
        report(f"leaving what Pulumi's backend may know of {environment.name}: there is no Pulumi CLI to remove it")
        return
    kubeconfig = control_plane.access.kubeconfig
    stack = engine.local_stack(environment.name, environment.file, command, kubeconfig.parent, kubeconfig)
    if stack.exists():
        report(f"destroying the stack {environment.name} in {stack.backend.description}")
        stack.destroy()


def kubectl_lines(target: Target) -> list[str]:
    """Return the commands with which a user reaches the cluster."""
    return [
        f"export KUBECONFIG={shlex.quote(str(target.kubeconfig))}",
        f"{shlex.quote(str(target.kubectl))} get nodes",
    ]
