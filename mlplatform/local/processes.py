"""Finds and ends the processes of one cluster.

A process belongs to a cluster if it works inside the cluster's directory under the name of one of the programs that
run there. Process ids on disk are not trusted: after a reboot they may belong to anything.
"""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

COMPONENTS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")
"""What kwokctl runs, under the names that it gives to their executables."""

KARPENTER: Final = "karpenter"
"""What this package runs beside them."""

_PROGRAMS: Final = frozenset({*COMPONENTS, KARPENTER, "kwokctl"})
_END_SECONDS = 10.0
_SWEEPS = 20


@dataclass(frozen=True)
class Running:
    """A live process of a cluster."""

    name: str
    """Name of the component."""
    process: psutil.Process


def find(directory: Path) -> tuple[Running, ...]:
    """Return the cluster's live processes, in order of process id. ``directory`` is the cluster's state directory."""
    found = []
    for process in psutil.process_iter():
        try:
            working = Path(process.cwd())
            if working != directory and directory not in working.parents:
                continue
            arguments = process.cmdline()
        except (psutil.Error, OSError):
            # Gone, a zombie, or another user's: none of them is a running component of ours.
            continue
        name = Path(arguments[0]).name if arguments else ""
        if name in _PROGRAMS:
            found.append(Running(name, process))
    return tuple(sorted(found, key=lambda running: running.process.pid))


def end(directory: Path, names: Iterable[str] = _PROGRAMS) -> None:
    """Kill the cluster's processes of these names and wait until they are gone.

    They are killed outright, as kwokctl does: etcd's log survives that, and nothing else of them holds state.
    Raises ``TimeoutError`` if one does not go away.
    """
    wanted = set(names)
    # Swept again and again, because a kwokctl that is still at work starts further processes until it is gone itself.
    for _ in range(_SWEEPS):
        doomed = [running.process for running in find(directory) if running.name in wanted]
        if not doomed:
            return
        for process in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        deadline = time.monotonic() + _END_SECONDS
        while any(_alive(process) for process in doomed):
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes {sorted(p.pid for p in doomed if _alive(p))} cannot be ended")
            time.sleep(0.02)
    raise TimeoutError(f"processes are started again and again in {directory}")


def _alive(process: psutil.Process) -> bool:
    # Not psutil's wait(): a process whose parent never asks for it stays a zombie, which holds nothing any more.
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
