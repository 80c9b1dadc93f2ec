"""Results of the commands as tables."""

from collections.abc import Iterable, Sequence

from rich.markup import escape

from mlplatform.commands.up import Deployed, Seen, kubectl_lines
from mlplatform.console import out
from mlplatform.doctor import Row, Verdict
from mlplatform.environments import Environment
from mlplatform.local.deploy.components import ComponentRow
from mlplatform.local.deploy.health import State
from mlplatform.local.deploy.simulated import Simulated
from mlplatform.local.score import ScoreResult
from mlplatform.tables import plain_table

_STATES = {
    State.HEALTHY.value: "green",
    State.SIMULATED.value: "cyan",
    State.PROGRESSING.value: "yellow",
    State.DRIFTED.value: "yellow",
    State.FAILED.value: "red",
    State.MISSING.value: "red",
}
_VERDICTS = {
    Verdict.OK.value: "green",
    Verdict.LATER.value: "cyan",
    Verdict.OPTIONAL.value: "dim",
    Verdict.MISSING.value: "red",
}


def show_deployed(environment: Environment, deployed: Deployed, seconds: float) -> None:
    """Print what ``up`` made."""
    _show_rows(environment.name, deployed.rows)
    _show_simulated(deployed.simulated)
    for note in deployed.notes:
        out.print(f"[yellow]note:[/yellow] {escape(note)}", soft_wrap=True)
    how = f"deployed with {deployed.engine}" + (f" ({deployed.reason})" if deployed.reason else "")
    changed = "" if deployed.changes is None else f", {deployed.changes} changes"
    out.print(f"\n{escape(environment.name)} is up after {seconds:.1f} s: {escape(how)}{changed}", soft_wrap=True)
    out.print("Reach it with:")
    for line in kubectl_lines(deployed.target):
        out.print(f"  {line}", markup=False, soft_wrap=True)


def show_seen(environment: Environment, seen: Seen) -> None:
    """Print what ``status`` found."""
    if not seen.cluster:
        out.print(f"{escape(environment.name)} is not up; bring it up with: mlplatform up {escape(environment.name)}")
        return
    out.print(
        plain_table(
            "control plane",
            ("component", "state", "pid", "detail"),
            (
                (row.component, "healthy" if row.healthy else "failed", str(row.pid or ""), row.detail)
                for row in seen.cluster
            ),
            _STATES,
        )
    )
    if seen.platform is None:
        out.print(f"repair it with: mlplatform up {escape(environment.name)}")
        return
    _show_rows(environment.name, seen.platform.rows)
    _show_simulated(seen.platform.simulated)
    for kept in seen.platform.kept:
        out.print(f"[yellow]kept:[/yellow] {escape(kept)}", soft_wrap=True)
    out.print(f"deployed with: {seen.platform.engine or 'nothing yet'}")


def _show_rows(name: str, rows: Iterable[ComponentRow]) -> None:
    out.print(
        plain_table(
            f"platform {name}",
            ("component", "objects", "health", "detail"),
            ((row.component, str(row.objects), row.state.value, "\n".join(row.details)) for row in rows),
            _STATES,
        )
    )


def _show_simulated(simulated: Sequence[Simulated]) -> None:
    for each in simulated:
        out.print(f"[cyan]simulated:[/cyan] {escape(each.label)}: {escape(each.reason)}", soft_wrap=True)


def show_score(environment: Environment, result: ScoreResult) -> None:
    """Print how a run went: the timeline of its nodes, and how it ended."""
    rows = [
        (f"{moment.seconds:.0f} s", str(moment.nodes), str(moment.ready), str(moment.succeeded), str(moment.failed))
        for moment in result.timeline
    ]
    out.print()
    title = f"run {result.job} in {result.namespace} on pool {result.pool}"
    out.print(plain_table(title, ("time", "nodes", "pods running", "shards done", "shards failed"), rows, {}))
    nodes = " -> ".join(str(count) for _, count in result.node_counts())
    ended = "completed" if result.completed else f"failed: {result.reason}"
    out.print(f"{result.succeeded} of {result.shards} shards in {result.job_seconds:.0f} s: {escape(ended)}")
    if result.drained_seconds is None:
        out.print(f"nodes: {nodes}; some are still there: mlplatform status {escape(environment.name)}")
    else:
        out.print(f"nodes: {nodes}, gone {result.drained_seconds - result.job_seconds:.0f} s after the last shard")


def show_doctor(rows: Iterable[Row]) -> None:
    """Print what ``doctor`` found."""
    table = [(row.subject, row.verdict.value, row.detail, row.remedy) for row in rows]
    out.print(plain_table("this machine", ("subject", "verdict", "found", "what to do"), table, _VERDICTS))
