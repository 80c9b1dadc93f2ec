"""``mlplatform bootstrap``: the bucket and the key of an environment's state, before there is any stack."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

import typer
import yaml
from rich.markup import escape
from rich.table import Table

from mlplatform.bootstrap import AwsTarget, Bootstrap, GcpTarget, Plan, Row, State, aws_plan, gcp_plan, script
from mlplatform.console import err, out
from mlplatform.environments import Environment
from mlplatform.errors import UserError
from stacks.settings import pulumi_config

Report = Callable[[str], None]

_STYLES = {State.DONE: "green", State.MISSING: "yellow", State.DIFFERENT: "red"}


def print_script(environment: Environment) -> None:
    """Print the commands that make everything, without running any or looking at what is there."""
    for line in script(plan(environment)):
        out.print(line, markup=False, soft_wrap=True)


def bootstrap(environment: Environment, report: Report, *, yes: bool) -> int:
    """Show what is there and what is not, make the rest, and return how many steps that took.

    The user is asked first, unless ``yes``. Raises ``UserError`` where there is nobody to ask, and where the cloud's
    command line is missing, acts in another account, or fails.
    """
    chosen = plan(environment)
    run = Bootstrap(chosen)
    err.print(f"acting as {escape(run.identify())}", soft_wrap=True)
    report(f"looking at what {environment.name} has")
    rows = run.examine()
    out.print(steps_table(environment.name, rows))
    changed = 0
    left = [row for row in rows if row.found.state is not State.DONE]
    if left:
        if not yes:
            _ask(environment, len(left))
        changed = run.carry_out(rows, report)
    out.print(f"{escape(environment.name)} has its state and key; take them into use with")
    for line in chosen.afterwards:
        out.print(f"  {line}", markup=False, soft_wrap=True)
    return changed


def _ask(environment: Environment, count: int) -> None:
    if not sys.stdin.isatty():
        raise UserError(
            f"{count} steps are left, and there is nobody to ask; nothing was changed",
            f"if that is what you want: mlplatform bootstrap {environment.name} --yes",
        )
    if not typer.confirm(f"Make what is missing ({count} steps)?"):
        raise UserError("nothing was changed")


def plan(environment: Environment) -> Plan:
    """Return what the environment's state needs; raise ``UserError`` where it runs on this machine.

    Raises ``UserError`` as well where the environment's file names another key than the one that would be made.
    """
    settings = environment.settings
    if settings.aws is not None:
        profile = pulumi_config(environment.file).get("aws:profile", "")
        aws = AwsTarget(
            stack=environment.name,
            name=settings.name,
            account_id=settings.aws.account_id,
            region=settings.region,
            tags=settings.tags,
            profile=profile,
        )
        _check_key(environment, aws.secrets_provider)
        return aws_plan(aws)
    if settings.gcp is not None:
        gcp = GcpTarget(
            stack=environment.name,
            name=settings.name,
            project=settings.gcp.project,
            project_number=settings.gcp.project_number,
            region=settings.region,
            tags=settings.tags,
            datasets=bool(settings.gcp.datasets),
            managed_airflow=settings.services.managed_airflow.enabled,
        )
        _check_key(environment, gcp.secrets_provider)
        return gcp_plan(gcp, datetime.now(UTC))
    raise UserError(
        f"{environment.name} runs on {settings.cloud}, and keeps its state beside its cluster",
        f"bring it up with: mlplatform up {environment.name}",
    )


def _check_key(environment: Environment, secrets_provider: str) -> None:
    """Refuse a file that has its secrets encrypted with another key."""
    content = yaml.safe_load(environment.file.read_text(encoding="utf-8"))
    named = content.get("secretsprovider")
    if named is not None and _plain(named) != _plain(secrets_provider):
        raise UserError(
            f"{environment.file}: secretsprovider is {named}; the key of this environment is {secrets_provider}",
            "write that into the file, or make the key that it names by hand",
        )


def _plain(address: str) -> str:
    """Return an address of a key in one spelling: a path may have a slash before it, or none."""
    return address.replace(":///", "://")


def steps_table(name: str, rows: list[Row]) -> Table:
    """Return one row per step: what it is, how it stands, and what it is for."""
    table = Table(title=f"{name}: state and key", title_justify="left", title_style="bold")
    for column in ("step", "state", "what for"):
        table.add_column(column, overflow="fold")
    for row in rows:
        state = row.found.state
        text = escape(f"{row.found.detail}; {row.step.why}" if row.found.detail else row.step.why)
        table.add_row(escape(row.step.what), f"[{_STYLES[state]}]{state}[/]", text)
    return table
