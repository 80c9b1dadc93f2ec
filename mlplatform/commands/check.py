"""``mlplatform check``: what is wrong with environments, before they are deployed."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table

from mlplatform import check as checks
from mlplatform.commands.preview import write_text
from mlplatform.console import Reporter, out
from mlplatform.environments import PROGRAM, Environment
from mlplatform.errors import UserError
from mlplatform.graph import evaluate_all
from mlplatform.local.paths import cache_dir

WAIVERS: Final = PROGRAM.parent / "policies" / "waivers.yaml"
"""The project's waivers."""


def check(
    environments: Sequence[Environment],
    known: Collection[str],
    waivers_file: Path | None,
    as_of: dt.date,
    json_file: Path | None,
) -> bool:
    """Check environments, show what was found, and tell whether there is nothing to do.

    ``known`` names every environment that there is. With ``json_file`` the verdict is written there as JSON; ``-``
    writes it to standard output in place of the report.
    """
    waivers = _waivers(waivers_file)
    if misnamed := sorted({name for each in waivers for name in each.environments} - set(known)):
        file = waivers_file or WAIVERS
        raise UserError(
            f"{file}: got the environments {', '.join(misnamed)}; allowed: {', '.join(sorted(known))}",
        )
    with Reporter().running() as report:
        report(f"evaluating {', '.join(each.name for each in environments)}")
        evaluations = evaluate_all([each.request() for each in environments])
        jobs = [checks.Job(name, evaluation) for name, evaluation in evaluations.items()]
        checked = checks.check(jobs, cache_dir(), report)
    verdict = checks.judge(checked, waivers, as_of, known)
    if json_file is not None:
        write_text(json.dumps(verdict.to_dict(), indent=2, ensure_ascii=False) + "\n", json_file)
    if json_file != Path("-"):
        _show(verdict, waivers_file or WAIVERS)
    return verdict.passed


def _waivers(file: Path | None) -> tuple[checks.Waiver, ...]:
    if file is None and not WAIVERS.is_file():
        return ()  # the package by itself, without the project
    return checks.load_waivers(file or WAIVERS)


def _show(verdict: checks.Verdict, file: Path) -> None:
    out.print(_counts(verdict))
    for judged in verdict.environments:
        for line in _failures(judged.environment, judged.failed):
            out.print(line, soft_wrap=True)
        for note in judged.notes:
            name, message = escape(note.resource), escape(note.message)
            out.print(f"[dim]not looked into[/dim] {escape(judged.environment)}: {name}: {message}", soft_wrap=True)
    for word, waivers in (("has ended", verdict.expired), ("is not needed", verdict.unused)):
        for line in _waiver_lines(word, waivers, file):
            out.print(line, soft_wrap=True)


def _counts(verdict: checks.Verdict) -> Table:
    table = Table(title=f"Checked as of {verdict.as_of.isoformat()}", title_justify="left", title_style="bold")
    table.add_column("environment")
    for name in ("passed", "failed", "waived", "not looked into"):
        table.add_column(name, justify="right")
    for each in verdict.environments:
        failed = f"[red]{len(each.failed)}[/]" if each.failed else "0"
        passed, waived, notes = (str(n) for n in (sum(each.passed.values()), len(each.waived), len(each.notes)))
        table.add_row(escape(each.environment), passed, failed, waived, notes)
    return table


def _failures(environment: str, findings: Iterable[checks.Finding]) -> Iterator[str]:
    for each in findings:
        subject = f" {each.resource}" if each.resource else ""
        yield f"[red]failed[/red] {escape(environment)}: [bold]{escape(each.rule)}[/bold]{escape(subject)}"
        yield escape(f"  {each.message}")
        if each.source:
            yield escape(f"  at {each.source}")
        if each.urn:
            yield escape(f"  {each.urn}")
        yield escape(f"  to do: {each.remedy}")


def _waiver_lines(word: str, waivers: Iterable[checks.Waiver], file: Path) -> Iterator[str]:
    for each in waivers:
        ended = f" on {each.expires.isoformat()}" if word == "has ended" else ""
        what = f"the waiver of {each.id} for {each.resource}, owned by {each.owner}, {word}{ended}"
        yield f"[red]failed[/red] {escape(f'{file}:{each.line}')}: {escape(what)}"
        yield "  to do: remove it" + (", or decide again until when it holds" if ended else "")
