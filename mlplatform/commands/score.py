"""``mlplatform score``: a run of a scoring template, followed."""

from collections.abc import Callable

from mlplatform.commands.up import running
from mlplatform.environments import Environment
from mlplatform.errors import UserError
from mlplatform.local.score import Moment, ScoreResult, run_template
from stacks.settings import ScoringSettings

Report = Callable[[str], None]


def score(environment: Environment, template: str | None, shards: int | None, report: Report) -> ScoreResult:
    """Run a template of a local environment, and follow it until the nodes that it brought are gone.

    Raises ``UserError`` where there is no such template, or several and none is named.
    """
    name, settings = choose(environment, template)
    target = running(environment, report)
    return run_template(target, f"team-{settings.team}", name, shards=shards, report=report, watch=_Narrator(report))


def choose(environment: Environment, template: str | None) -> tuple[str, ScoringSettings]:
    """Return the named template of the settings, or the only one."""
    known = environment.settings.scoring
    names = ", ".join(sorted(known)) or "none"
    if template is None:
        if len(known) != 1:
            raise UserError(f"{environment.name} has {len(known)} scoring templates; name one of: {names}")
        template = next(iter(known))
    if template not in known:
        raise UserError(f"scoring template: got {template!r}; allowed: {names}")
    return template, known[template]


class _Narrator:
    """Reports a moment when the nodes or a tenth of the shards have changed."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last: tuple[int, int] | None = None

    def __call__(self, moment: Moment) -> None:
        seen = (moment.nodes, moment.succeeded // 10)
        if seen != self._last:
            self._last = seen
            self._report(f"{moment.nodes} nodes, {moment.ready} pods running, {moment.succeeded} shards done")
