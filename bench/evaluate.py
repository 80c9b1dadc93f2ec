"""Measure evaluation: time and memory by number of resources, for one pass and for both passes with strict checks.

Prints a table and writes ``bench/results/evaluate.json``; ``bench/README.md`` says how to read them.
"""

import argparse
import gc
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from machine import machine
from rich.console import Console
from rich.table import Table

from mlplatform.graph import Evaluation, EvaluationRequest, PassCost, evaluate_all

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "evaluate.json"
PROGRAMS = ("configmaps", "mixed")
SIZES = (100, 1_000, 3_000, 10_000)
PACKAGES = ("protobuf", "pulumi", "pulumi-kubernetes", "pulumi-random")
BUDGETS = {
    (1_000, "preview"): (2.5, None),
    (1_000, "filled"): (2.5, None),
    (10_000, "preview"): (10.0, 700.0),
    (10_000, "filled"): (10.0, 700.0),
    (10_000, "both"): (18.0, None),
}
"""Most wall seconds and most MiB by number of resources and pass."""


@dataclass(frozen=True)
class Measurement:
    """What one pass, or both together, took."""

    program: str
    resources: int
    kind: str
    """``preview`` or ``filled`` for a pass that runs alone; ``both`` for the whole evaluation."""
    wall_seconds: float
    cpu_seconds: float
    cpu_ms_per_resource: float
    peak_rss_mib: float
    within_budget: bool | None


def measure(program: str, size: int) -> list[Measurement]:
    """Evaluate once with the passes one after the other, and once as a user does."""
    request = EvaluationRequest("bench", {"mlplatform:count": str(size)}, HERE / "programs" / program)
    alone = evaluate_all([request], workers=1)["bench"]
    measured = [measurement(program, size, kind, alone, cost) for kind, cost in alone.costs.items()]
    del alone
    gc.collect()
    started, used = time.perf_counter(), time.process_time()
    both = evaluate_all([request])["bench"]
    wall, own = time.perf_counter() - started, time.process_time() - used
    cpu = own + sum(cost.cpu_seconds for cost in both.costs.values())
    peak = max(cost.peak_rss_mib for cost in both.costs.values())
    measured.append(measurement(program, size, "both", both, PassCost(wall, cpu, peak)))
    return measured


def measurement(program: str, size: int, kind: str, evaluation: Evaluation, cost: PassCost) -> Measurement:
    if evaluation.findings:
        sys.exit(f"{program}: {len(evaluation.findings)} findings, such as {evaluation.findings[0]}")
    count = len(evaluation.filled.resources)
    seconds, mebibytes = BUDGETS.get((size, kind), (None, None))
    within = None
    if seconds is not None:
        within = cost.wall_seconds <= seconds and (mebibytes is None or cost.peak_rss_mib <= mebibytes)
    return Measurement(
        program=program,
        resources=count,
        kind=kind,
        wall_seconds=round(cost.wall_seconds, 2),
        cpu_seconds=round(cost.cpu_seconds, 2),
        cpu_ms_per_resource=round(1000 * cost.cpu_seconds / count, 3),
        peak_rss_mib=round(cost.peak_rss_mib),
        within_budget=within,
    )


def show(measured: list[Measurement]) -> None:
    table = Table("program", "resources", "pass", "wall s", "cpu s", "cpu ms/resource", "peak MiB", "budget")
    for column in table.columns[1:2] + table.columns[3:7]:
        column.justify = "right"
    for item in measured:
        budget = {True: "within", False: "OVER", None: ""}[item.within_budget]
        table.add_row(
            item.program,
            f"{item.resources:,}",
            item.kind,
            f"{item.wall_seconds:.2f}",
            f"{item.cpu_seconds:.2f}",
            f"{item.cpu_ms_per_resource:.3f}",
            f"{item.peak_rss_mib:,.0f}",
            budget,
        )
    Console(width=100).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of resources")
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--date", help="date to record; none is recorded without it, so that results compare")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a budget is exceeded")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()

    facts = machine(PACKAGES)
    measured = [item for program in arguments.programs for size in arguments.sizes for item in measure(program, size)]
    show(measured)
    result = {"machine": facts, "date": arguments.date, "measurements": [asdict(item) for item in measured]}
    if arguments.date is None:
        del result["date"]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if arguments.check and any(item.within_budget is False for item in measured):
        sys.exit(1)


if __name__ == "__main__":
    main()
