"""Looks at what is there, and makes what is not: never deletes, and stops at whatever it cannot tell."""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mlplatform.bootstrap.plan import Check, Command, Found, Identity, Place, Plan, State, Step, missing
from mlplatform.errors import UserError

Report = Callable[[str], None]

COMMAND_SECONDS: Final = 600.0
"""The longest that one command takes: switching on APIs does take minutes."""

SETTLING_SECONDS: Final = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Pauses before looking whether what was made is there: the clouds are not consistent at once."""


@dataclass(frozen=True)
class Row:
    """One step, and how it stands."""

    step: Step
    found: Found


@dataclass
class Bootstrap:
    """One run of a plan."""

    plan: Plan
    pause: Callable[[float], None] = time.sleep
    _variables: dict[str, str] = field(default_factory=dict)

    def identify(self) -> str:
        """Return who the command line acts as; raise ``UserError`` where that is the wrong one, or nobody."""
        return ", ".join([self._identify(each) for each in self.plan.identities])

    def _identify(self, identity: Identity) -> str:
        done = self._run(identity.check.command)
        if done.returncode != 0:
            raise UserError(
                f"{identity.check.command.program} cannot tell who it acts as: {_reason(done)}",
                f"log in with: {identity.log_in}",
            )
        found = identity.check.judge(_answer(done.stdout))
        if found.state is not State.DONE:
            raise UserError(
                f"{identity.check.command.program} acts in {found.detail}; wanted: {identity.wanted}; "
                "nothing was changed",
                f"log in with: {identity.log_in}",
            )
        return found.value

    def examine(self) -> list[Row]:
        """Look at every step; changes nothing. Raises ``UserError`` where it cannot be told how one stands."""
        return [Row(step, self._look(step)) for step in self.plan.steps]

    def carry_out(self, rows: Sequence[Row], report: Report) -> int:
        """Do every step that is not done, in order; return how many were.

        Raises ``UserError`` at the first that cannot be done. What was done before stays, and the next run goes on.
        """
        _refuse_conflicts(rows)
        changed = 0
        for row in rows:
            # An earlier step may have brought it along.
            if row.found.state is State.DONE or self._look(row.step).state is State.DONE:
                continue
            report(row.step.what)
            self._make(row.step)
            changed += 1
        return changed

    def _make(self, step: Step) -> None:
        for command in step.commands:
            done = self._run(command)
            if done.returncode != 0:
                raise UserError(
                    f"{step.what}: {_reason(done)}\n  {command.shell()}",
                    "what was done before stays; run the same command again when that is mended",
                )
            if command.keeps:
                self._variables[command.keeps] = done.stdout.strip()
        found = missing()
        for seconds in SETTLING_SECONDS:
            self.pause(seconds)
            found = self._look(step)
            if found.state is State.DONE:
                return
        raise UserError(
            f"{step.what}: it was made, and still is {found.state}{f' ({found.detail})' if found.detail else ''}",
            "run the same command again in a minute",
        )

    def _look(self, step: Step) -> Found:
        found = missing()
        for check in step.checks:
            found = self._check(step, check)
            if found.state is not State.MISSING:
                break
        if found.state is State.DONE and step.keeps:
            self._variables.setdefault(step.keeps, found.value)
        return found

    def _check(self, step: Step, check: Check) -> Found:
        if check.command.unknown(self._variables):
            return missing()
        done = self._run(check.command)
        if done.returncode == 0:
            return check.judge(_answer(done.stdout))
        if any(part in _errors(done) for part in check.absent):
            return missing()
        raise UserError(
            f"{step.what}: it cannot be told whether it is there: {_reason(done)}\n  {check.command.shell()}",
            "nothing was changed by that",
        )

    def _run(self, command: Command) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                command.resolve(self._variables),
                input=command.stdin,
                capture_output=True,
                text=True,
                env={**os.environ, **self.plan.environment},
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise UserError(f"{command.program} is not on PATH", self.plan.install) from None
        except OSError as error:
            raise UserError(f"{command.program} cannot be run: {error.strerror}", self.plan.install) from None
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{command.program} took longer than {COMMAND_SECONDS:.0f} s\n  {command.shell()}",
                "look whether the cloud can be reached, and run the same command again",
            ) from None


def _refuse_conflicts(rows: Sequence[Row]) -> None:
    conflicts = [row for row in rows if row.found.state is State.DIFFERENT and row.found.by_hand]
    if conflicts:
        raise UserError(
            "what is there differs from what is needed, and is not overwritten; nothing was changed\n"
            + "\n".join(f"  {row.step.what}: {row.found.detail}" for row in conflicts),
            "see to it by hand; --print shows what would be set",
        )


def script(plan: Plan) -> Iterator[str]:
    """Return the lines of a shell script that makes everything, for whoever wants to read or run it.

    It looks at nothing but where it acts, and at what other environments may have made: it stops at the first command
    that fails, and at any account or project but the environment's.
    """
    yield "#!/bin/sh"
    yield "# Stops at the first command that fails, so at the first thing that is there already."
    yield "set -eu"
    yield from (f"export {name}={shlex.quote(value)}" for name, value in plan.environment.items())
    for identity in plan.identities:
        if identity.place is not None:
            yield from _stop_elsewhere(identity, identity.place)
    for step in plan.steps:
        yield f"# {step.what}: {step.why}"
        commands = [command.shell() for command in step.commands]
        if step.shared:
            looks = " && ".join(f"{check.command.shell()} >/dev/null 2>&1" for check in step.checks)
            yield from (f"if ! {{ {looks}; }}; then", *commands, "fi")
        else:
            yield from commands
    yield "# afterwards"
    yield from plan.afterwards


def _stop_elsewhere(identity: Identity, place: Place) -> Iterator[str]:
    program = place.shown_by.program
    yield f"# Acts in {identity.wanted}, or not at all."
    yield replace(place.shown_by, keeps="place").shell()
    yield f'if [ "$place" != {shlex.quote(place.id)} ]; then'
    complaint = f"wanted: {identity.wanted}; nothing was changed"
    yield f"  printf '%s\\n' \"{program} acts in $place; \"{shlex.quote(complaint)} >&2"
    yield "  exit 1"
    yield "fi"


def _answer(output: str) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(output) if output.strip() else {}
    except ValueError:
        raise UserError(f"an answer is not JSON: {output.strip()[:200]}") from None


def _errors(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what a program that failed said; ``bq`` says it on its standard output."""
    return done.stderr if done.stderr.strip() else done.stdout


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    lines = [line.strip() for line in _errors(done).splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ") if lines else f"exit code {done.returncode}"
