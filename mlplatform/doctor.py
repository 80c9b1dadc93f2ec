"""What ``mlplatform doctor`` finds out: what is installed, what is missing, and how to get it. It changes nothing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import psutil

from mlplatform import engine
from mlplatform.errors import UserError
from mlplatform.local.binaries import SOURCES_VARIABLE, Source, allowed_sources, on_path
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.gobuild import go_problem, required_go
from mlplatform.local.kwokctl import RUNTIMES
from mlplatform.local.paths import CACHE_VARIABLE, STATE_VARIABLE, cache_dir, state_dir
from mlplatform.local.store import Store
from mlplatform.local.tools import TOOLS, Tool

_GIB = 1 << 30
_CACHE_GIB = 8
_STATE_GIB = 1
_MEMORY_GIB = 4
_VERSION = re.compile(r"v?\d+\.\d+\.\d+\S*")
_ASK_SECONDS = 10


class Verdict(StrEnum):
    """What a row says about its subject."""

    OK = "ok"
    """It is there and fits."""
    LATER = "later"
    """It is not there, and is obtained when it is first needed."""
    OPTIONAL = "optional"
    """It is not there, and only some commands need it."""
    MISSING = "missing"
    """It is not there or does not fit, and the local environment cannot run without it."""


@dataclass(frozen=True)
class Row:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do about it; empty if nothing has to be done."""


def examine() -> tuple[Row, ...]:
    """Look at this machine. The contents of every cached program are checked, which takes about a second.

    Raises ``UserError`` if the setting of the programs' sources is wrong.
    """
    sources = allowed_sources()
    go = go_problem({tool.build.module for tool in TOOLS.values()})
    rows = [_python(), _memory(), *_directories()]
    rows += [_program(tool, sources, go) for tool in TOOLS.values()]
    rows += [_go(go), _pulumi(), *_runtimes(), *_clusters()]
    return tuple(rows)


def healthy(rows: tuple[Row, ...]) -> bool:
    """Tell whether nothing is missing."""
    return all(row.verdict is not Verdict.MISSING for row in rows)


def _python() -> Row:
    return Row("python", Verdict.OK, f"{sys.version.split()[0]} at {sys.executable}")


def _memory() -> Row:
    total = psutil.virtual_memory().total / _GIB
    detail = f"{total:.1f} GiB, {os.cpu_count()} CPUs"
    if total >= _MEMORY_GIB:
        return Row("machine", Verdict.OK, detail)
    return Row("machine", Verdict.MISSING, detail, f"the local environment needs {_MEMORY_GIB} GiB of memory")


def _directories() -> Iterator[Row]:
    store = Store(cache_dir())
    # Most of it is Go's own cache, while programs are built.
    filled = all(store.find(tool) for tool in TOOLS.values())
    for subject, variable, path, needed in (
        ("cache directory", CACHE_VARIABLE, cache_dir(), 0 if filled else _CACHE_GIB),
        ("state directory", STATE_VARIABLE, state_dir(), _STATE_GIB),
    ):
        existing = next(parent for parent in (path, *path.parents) if parent.exists())
        free = shutil.disk_usage(existing).free / _GIB
        if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
            remedy = f"make {existing} a directory that you can write to, or set {variable}"
            yield Row(subject, Verdict.MISSING, f"{path} cannot be written", remedy)
        elif free < needed:
            remedy = f"free {needed} GiB, or set {variable} to a larger disk"
            yield Row(subject, Verdict.MISSING, f"{path}: {free:.1f} GiB are free", remedy)
        else:
            yield Row(subject, Verdict.OK, str(path))


def _program(tool: Tool, sources: tuple[Source, ...], go: str | None) -> Row:
    found, reason = on_path(tool) if Source.PATH in sources else (None, "")
    if found is not None:
        return Row(tool.name, Verdict.OK, f"{found.version} at {found.path}")
    store = Store(cache_dir())
    entry = store.find(tool, full=True)
    if entry is not None and entry.source in sources:
        return Row(tool.name, Verdict.OK, f"{tool.version} in the cache, from a {entry.source}")
    damaged = store.directory(tool).exists() and entry is None
    detail = "; ".join(filter(None, [reason, "damaged in the cache" if damaged else "not in the cache"]))
    ways = []
    if Source.DOWNLOAD in sources and tool.release is not None:
        ways.append("downloaded")
    if Source.BUILD in sources and go is None:
        ways.append("built with Go")
    if ways:
        return Row(tool.name, Verdict.LATER, detail, f"it is {' or '.join(ways)} when it is first needed")
    remedies = [f"put {tool.name} {tool.accepted()} on PATH"] if tool.version_args and Source.PATH in sources else []
    if Source.BUILD in sources:
        remedies.append(f"install Go {required_go([tool.build.module])} or later")
    else:
        remedies.append(f"allow more sources than {SOURCES_VARIABLE} does")
    return Row(tool.name, Verdict.MISSING, detail, ", or ".join(remedies))


def _go(problem: str | None) -> Row:
    if problem is None:
        return Row("go", Verdict.OK, _first_version(["go", "version"]) or "installed")
    return Row("go", Verdict.OPTIONAL, problem, "it builds programs that are neither on PATH nor downloaded")


def _pulumi() -> Row:
    found = engine.find()
    if found.command is not None:
        return Row("pulumi", Verdict.OK, f"{found.command.version} at {found.command.path}")
    remedy = "needed to deploy to a cloud; the local environment is deployed with kubectl and helm without it"
    return Row("pulumi", Verdict.OPTIONAL, found.reason, remedy)


def _runtimes() -> Iterator[Row]:
    for program in sorted(set(filter(None, RUNTIMES.values()))):
        path = shutil.which(program)
        if path is not None:
            yield Row(program, Verdict.OK, path)
        else:
            names = ", ".join(name for name, needed in RUNTIMES.items() if needed == program)
            yield Row(program, Verdict.OPTIONAL, "not on PATH", f"only needed for --runtime {names}")


def _clusters() -> Iterator[Row]:
    root = state_dir()
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for name in names:
        subject = f"cluster {name}"
        try:
            rows = ControlPlane(name).status()
        except UserError as error:
            yield Row(subject, Verdict.MISSING, error.message, error.hint or "")
            continue
        bad = [f"{row.component} {row.detail}" for row in rows if not row.healthy]
        if rows and not bad:
            yield Row(subject, Verdict.OK, f"{len(rows)} components are healthy")
        else:
            detail = "; ".join(bad) or "half made"
            yield Row(subject, Verdict.LATER, detail, "`mlplatform up` repairs it, `mlplatform down` removes it")


def _first_version(command: list[str]) -> str | None:
    try:
        told = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ASK_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(told.replace("go1", "1"))
    return match.group() if match else None
