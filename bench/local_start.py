"""How long a laptop waits: the control plane, the platform on it, the sample scoring job, and its nodes' end.

Runs `mlplatform up local --then-score` with state of its own, and watches the cluster from outside while it does. All
programs are in the cache by then (obtaining them is timed apart), so this is a warm start. Prints a table, writes
results/local_start.json, and exits with 1 where a target is missed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import requests
from rich.console import Console
from rich.table import Table

from components.contracts import POOL_LABEL
from mlplatform.local import processes
from mlplatform.local.binaries import resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.paths import STATE_VARIABLE
from mlplatform.local.tools import TOOLS
from stacks.settings import Settings, load_file

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "bench" / "results" / "local_start.json"
TEMPLATE = "churn-daily"
POLL_SECONDS = 0.1
GIVE_UP_SECONDS = 600


@dataclass(frozen=True)
class Measure:
    """One measured value and the most that it may be; none where it is only recorded."""

    name: str
    value: float
    unit: str
    target: float | None

    @property
    def met(self) -> bool:
        return self.target is None or self.value <= self.target


class Watcher:
    """Looks at the cluster from outside, without the command line's own words."""

    def __init__(self, plane: ControlPlane, settings: Settings) -> None:
        self._plane = plane
        self._root = plane.access.kubeconfig.parent
        scoring = settings.scoring[TEMPLATE]
        self._jobs = f"/apis/batch/v1/namespaces/team-{scoring.team}/jobs"
        self._nodes = f"/api/v1/nodes?labelSelector={POOL_LABEL}%3D{scoring.pool}"
        self._session = requests.Session()
        self._session.trust_env = False

    def exists(self) -> bool:
        return self._root.exists()

    def connect(self) -> bool:
        """Tell whether the cluster is complete, and remember where it is."""
        rows = self._plane.status()
        if not rows:
            return False
        self._server = next(row.detail for row in rows if row.component == "kube-apiserver")
        pki = self._root / "pki"
        self._session.verify = str(pki / "ca.crt")
        self._session.cert = (str(pki / "admin.crt"), str(pki / "admin.key"))
        return True

    def jobs(self) -> list[dict]:
        return self._get(self._jobs)

    def node_count(self) -> int:
        return len(self._get(self._nodes))

    def memory_mib(self) -> float:
        return sum(each.process.memory_info().rss for each in processes.find(self._root)) / (1 << 20)

    def cpu_seconds(self) -> float:
        return sum(sum(each.process.cpu_times()[:2]) for each in processes.find(self._root))

    def _get(self, path: str) -> list[dict]:
        answer = self._session.get(f"{self._server}{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()["items"]


def complete(jobs: list[dict]) -> bool:
    return bool(jobs) and all(
        any(
            each["type"] == "Complete" and each["status"] == "True"
            for each in job.get("status", {}).get("conditions", [])
        )
        for job in jobs
    )


@contextmanager
def polling(what: str, command: subprocess.Popen) -> Iterator[Iterator[None]]:
    def ticks() -> Iterator[None]:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            yield
            if command.poll() not in {None, 0}:
                sys.exit(f"the command failed before this was seen: {what}")
            time.sleep(POLL_SECONDS)
        sys.exit(f"not seen in {GIVE_UP_SECONDS} s: {what}")

    yield ticks()


def wait(what: str, command: subprocess.Popen, seen: object) -> float:
    """Wait until ``seen()`` is true, and return the moment."""
    with polling(what, command) as ticks:
        for _ in ticks:
            if seen():
                break
    return time.monotonic()


def measure(log: Path) -> list[Measure]:
    settings = load_file(PROJECT / "stacks" / "Pulumi.local.yaml")
    plane = ControlPlane.for_settings(settings)
    watcher = Watcher(plane, settings)
    program = [str(Path(sys.executable).with_name("mlplatform"))]
    began = time.monotonic()
    peak = 0
    with log.open("w", encoding="utf-8") as out:
        command = subprocess.Popen(
            [*program, "up", "local", "--then-score", TEMPLATE], stdout=out, stderr=subprocess.STDOUT, cwd=PROJECT
        )
        try:
            begun = wait("the control plane is being started", command, watcher.exists)
            started = wait("the control plane is complete", command, watcher.connect)
            deployed = wait("the scoring job exists", command, watcher.jobs)

            def done() -> bool:
                nonlocal peak
                peak = max(peak, watcher.node_count())
                return complete(watcher.jobs())

            scored = wait("the scoring job is complete", command, done)
            memory = watcher.memory_mib()
            emptied = wait("no node of the pool is left", command, lambda: watcher.node_count() == 0)
            code = command.wait(GIVE_UP_SECONDS)
            if code != 0:
                sys.exit(f"the command ended with {code}")
            spent, since = watcher.cpu_seconds(), time.monotonic()
            time.sleep(10)
            idle = (watcher.cpu_seconds() - spent) / (time.monotonic() - since)
            again = time.monotonic()
            subprocess.run([*program, "up", "local"], stdout=out, stderr=subprocess.STDOUT, cwd=PROJECT, check=True)
            second = time.monotonic() - again
        finally:
            command.kill()
            going = time.monotonic()
            subprocess.run([*program, "down", "local"], stdout=out, stderr=subprocess.STDOUT, cwd=PROJECT, check=False)
            down = time.monotonic() - going
    left = processes.find(plane.access.kubeconfig.parent)
    return [
        Measure("evaluation before the control plane", begun - began, "s", None),
        Measure("control plane started", started - begun, "s", 8),
        Measure("platform up, all of that included", deployed - began, "s", 30),
        Measure("job of 100 shards done after that", scored - deployed, "s", 30),
        Measure("nodes at zero after the job", emptied - scored, "s", 60),
        Measure("most nodes of the pool", peak, "nodes", None),
        Measure("memory of the control plane after the job", memory, "MiB", None),
        Measure("CPUs in use when idle", idle, "CPUs", None),
        Measure("second up, nothing to change", second, "s", None),
        Measure("down", down, "s", None),
        Measure("processes left after down", len(left), "processes", 0),
    ]


def show(measures: list[Measure]) -> None:
    table = Table(title="mlplatform up local --then-score, warm", title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("at most", justify="right")
    table.add_column("")
    for each in measures:
        number = f"{each.value:.0f}" if each.value == int(each.value) else f"{each.value:.2f}"
        target = "" if each.target is None else f"{each.target:g} {each.unit}"
        table.add_row(each.name, f"{number} {each.unit}", target, "" if each.met else "[red]missed[/red]")
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="file to write (default: %(default)s)")
    options = parser.parse_args()
    began = time.monotonic()
    programs = resolve(TOOLS, print)
    obtaining = time.monotonic() - began
    with tempfile.TemporaryDirectory(prefix="mlplatform-bench-") as directory:
        os.environ[STATE_VARIABLE] = f"{directory}/state"
        log = Path(directory) / "log"
        try:
            measures = measure(log)
        except SystemExit:
            sys.stderr.write(log.read_text(encoding="utf-8", errors="replace"))
            raise
    measures.insert(0, Measure("programs obtained or checked", obtaining, "s", None))
    show(measures)
    result = {
        "machine": {
            "cpus": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "programs": {name: programs.binary(name).version for name in programs},
        "measures": [{**asdict(each), "value": round(each.value, 3), "met": each.met} for each in measures],
    }
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if all(each.met for each in measures) else 1


if __name__ == "__main__":
    sys.exit(main())
