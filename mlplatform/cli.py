"""The command line: arguments in, exit codes out. What a command does is in ``mlplatform.commands``."""

import atexit
import contextlib
import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mlplatform import doctor as examination
from mlplatform.commands import bootstrap as bootstrapping
from mlplatform.commands import check as checking
from mlplatform.commands import preview as previewing
from mlplatform.commands import score as scoring
from mlplatform.commands import up as deploying
from mlplatform.commands.show import show_deployed, show_doctor, show_score, show_seen
from mlplatform.console import Reporter, err, out, show_error
from mlplatform.environments import PROGRAM, Environment, load
from mlplatform.errors import StoppedError, UserError
from mlplatform.local.binaries import resolve
from mlplatform.local.kwokctl import BINARY, RUNTIMES
from mlplatform.local.tools import TOOLS
from stacks.settings import SettingsError, environments

_INTERRUPTED = 130


class _Group(TyperGroup):
    """Shows errors without a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  click's signature
        try:
            return super().invoke(ctx)
        except (UserError, SettingsError) as error:
            show_error(error)
            raise typer.Exit(_INTERRUPTED if isinstance(error, StoppedError) else 1) from error
        except KeyboardInterrupt as interrupt:
            err.print("[yellow]interrupted[/yellow]; mlplatform up goes on from here")
            raise typer.Exit(_INTERRUPTED) from interrupt


app = typer.Typer(
    cls=_Group,
    name="mlplatform",
    help="Preview, render, deploy and use the environments of an ML platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Name = Annotated[str, typer.Argument(metavar="ENV", help="Name of the environment, as in Pulumi.<ENV>.yaml.")]
Stacks = Annotated[
    Path,
    typer.Option(
        "--stacks", metavar="DIR", help="Directory of the environment files.", exists=True, file_okay=False,
        show_default=False,
    ),
]  # fmt: skip


def _one(stacks: Path, name: str) -> Environment:
    return load(stacks, [name])[0]


@app.command()
def preview(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ENV", help="Names of environments; all where none is given.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Preview every environment.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the resource graphs as JSON; - for the output.")
    ] = None,
    stacks: Stacks = PROGRAM,
) -> None:
    """Show what environments would deploy, and what is wrong with them, without an account."""
    if all_ and names:
        raise typer.BadParameter("give names or --all, not both", param_hint="--all")
    if not previewing.preview(load(stacks, names or ()), json_file):
        raise typer.Exit(1)


@app.command()
def render(
    name: Name,
    directory: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Directory for the Kubernetes objects.")
    ] = None,
    plan_file: Annotated[
        Path | None,
        typer.Option(
            "--terraform-plan",
            metavar="FILE",
            help="Write what it has of AWS and GCP as a Terraform plan in JSON; - for the output.",
        ),
    ] = None,
    stacks: Stacks = PROGRAM,
) -> None:
    """Write an environment's Kubernetes objects as YAML, one file each, or its cloud as a plan; secrets are masked."""
    if directory is None and plan_file is None:
        raise typer.BadParameter("give --out, --terraform-plan or both", param_hint="--out")
    written = previewing.render(_one(stacks, name), directory, plan_file)
    if written is not None:
        (err if plan_file == Path("-") else out).print(written.summary(), soft_wrap=True)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"got {text!r}; allowed: a date, such as 2027-06-30") from None


@app.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ENV", help="Names of environments; all where none is given.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Check every environment.")] = False,
    as_of: Annotated[
        dt.date | None,
        typer.Option(metavar="DATE", parser=_date, help="Day on which waivers have to hold; today by default."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the findings as JSON; - for the output.")
    ] = None,
    waivers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File of waivers; policies/waivers.yaml by default.", show_default=False),
    ] = None,
    stacks: Stacks = PROGRAM,
) -> None:
    """Look for what is wrong with environments: rules of Kubernetes, AWS and GCP, without an account."""
    if all_ and names:
        raise typer.BadParameter("give names or --all, not both", param_hint="--all")
    day = as_of or dt.datetime.now(tz=dt.UTC).date()
    if not checking.check(load(stacks, names or ()), environments(stacks), waivers, day, json_file):
        raise typer.Exit(1)


@app.command()
def bootstrap(
    name: Name,
    print_only: Annotated[bool, typer.Option("--print", help="Only print the commands; look at nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Make what is missing without asking.")] = False,
    stacks: Stacks = PROGRAM,
) -> None:
    """Make the bucket and the key of an environment's state, once, before its first deployment."""
    environment = _one(stacks, name)
    if print_only:
        bootstrapping.print_script(environment)
    else:
        bootstrapping.bootstrap(environment, Reporter(), yes=yes)


@app.command()
def up(
    name: Name,
    then_score: Annotated[
        str | None, typer.Option(metavar="TEMPLATE", help="Afterwards run this scoring template, and follow it.")
    ] = None,
    runtime: Annotated[str, typer.Option(help=f"What runs a local control plane: {', '.join(RUNTIMES)}.")] = BINARY,
    force: Annotated[bool, typer.Option("--force", help="Take over fields that others changed.")] = False,
    stacks: Stacks = PROGRAM,
) -> None:
    """Deploy an environment: with Pulumi, or locally with kubectl and helm where there is no Pulumi."""
    environment = _one(stacks, name)
    if then_score is not None:
        scoring.choose(environment, then_score)
    with Reporter().running() as report:
        deployed = deploying.up(environment, report, runtime=runtime, force=force)
        seconds = report.seconds
    if deployed is not None:
        show_deployed(environment, deployed, seconds)
        if not deployed.healthy:
            raise typer.Exit(1)
    if then_score is not None:
        _score(environment, then_score, None)


@app.command()
def down(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Needed to destroy an environment that runs in a cloud.")] = False,
    stacks: Stacks = PROGRAM,
) -> None:
    """Remove an environment. Of a local one nothing is left but the cache of programs."""
    environment = _one(stacks, name)
    with Reporter().running() as report:
        deploying.down(environment, report, yes=yes)
    out.print(f"{name} is down")


@app.command()
def status(name: Name, stacks: Stacks = PROGRAM) -> None:
    """Compare a local environment with what it should be; changes nothing."""
    environment = _one(stacks, name)
    with Reporter().running() as report:
        seen = deploying.look(environment, report)
    show_seen(environment, seen)
    if not seen.healthy:
        raise typer.Exit(1)


@app.command()
def score(
    name: Name,
    template: Annotated[
        str | None, typer.Argument(metavar="TEMPLATE", help="Scoring template; may be left out where there is one.")
    ] = None,
    shards: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Shards of this run, in place of the template's.")
    ] = None,
    stacks: Stacks = PROGRAM,
) -> None:
    """Run a scoring template and follow it until its nodes are gone."""
    _score(_one(stacks, name), template, shards)


def _score(environment: Environment, template: str | None, shards: int | None) -> None:
    with Reporter().running() as report:
        result = scoring.score(environment, template, shards, report)
    show_score(environment, result)
    if not result.completed or result.drained_seconds is None:
        raise typer.Exit(1)


@app.command()
def doctor(
    install: Annotated[
        bool, typer.Option("--install", help="Download or build now what the local environment would need later.")
    ] = False,
) -> None:
    """Say what is installed, what is missing, and how to get it."""
    if install:
        with Reporter().running() as report:
            resolve(TOOLS, report)
    rows = examination.examine()
    show_doctor(rows)
    if not examination.healthy(rows):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line, and end the process without taking apart what it has loaded.

    The SDKs of the clouds are so large that Python would take most of a second to forget them.
    """
    status: str | int | None = 0
    try:
        app()
    except SystemExit as end:
        status = end.code
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))
