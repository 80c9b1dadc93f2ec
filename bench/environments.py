"""Measure the commands that look at all committed environments, run as a user runs them.

Prints a table and writes ``bench/results/environments.json``; ``bench/README.md`` says how to read it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from machine import machine
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "environments.json"
PROGRAM = HERE.parent / ".venv" / "bin" / "mlplatform"
PACKAGES = ("pulumi", "pulumi-aws", "pulumi-gcp", "pulumi-kubernetes")
COMMANDS = {
    "preview --all": (("preview", "--all"), 6.0),
    "preview local": (("preview", "local"), None),
    "check --all": (("check", "--all"), None),
}
"""Arguments of each command, and the most seconds that it may take."""


@dataclass(frozen=True)
class Measurement:
    """The best of several runs of one command."""

    command: str
    wall_seconds: float
    cpu_seconds: float
    within_budget: bool | None


def measure(command: str, runs: int) -> Measurement:
    """Run a command several times; the first run is not counted, as it warms the disk's cache."""
    arguments, budget = COMMANDS[command]
    taken = []
    for _ in range(runs + 1):
        before, started = os.times(), time.perf_counter()
        done = subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, check=False)
        wall, after = time.perf_counter() - started, os.times()
        if done.returncode:
            sys.exit(f"mlplatform {command}: {done.stderr[-2000:]}")
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        taken.append((wall, cpu))
    wall, cpu = min(taken[1:])
    within = None if budget is None else wall <= budget
    return Measurement(command, round(wall, 2), round(cpu, 2), within)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, of which the best counts")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a budget is exceeded")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    facts = machine(PACKAGES)
    measured = [measure(command, arguments.runs) for command in COMMANDS]
    table = Table("command", "wall s", "cpu s", "budget")
    for item in measured:
        budget = {True: "within", False: "OVER", None: ""}[item.within_budget]
        table.add_row(item.command, f"{item.wall_seconds:.2f}", f"{item.cpu_seconds:.2f}", budget)
    Console(width=100).print(table)
    result = {"machine": facts, "measurements": [asdict(item) for item in measured]}
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if arguments.check and any(item.within_budget is False for item in measured):
        sys.exit(1)


if __name__ == "__main__":
    main()
