"""Obtains the programs that the local environment runs.

Each comes from PATH if a fitting version is there, else from the project's official release, else from a build of its
Go module. Downloads and builds are kept in the cache.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import filelock

from mlplatform.errors import UserError
from mlplatform.local.downloads import BASES, Downloader, DownloadError
from mlplatform.local.gobuild import BuildError, build, go_problem, required_go
from mlplatform.local.paths import cache_dir
from mlplatform.local.store import Store
from mlplatform.local.tools import TOOLS, Tool

SOURCES_VARIABLE = "MLPLATFORM_BINARIES"
"""Environment variable that restricts and orders the sources, such as ``path,build``."""

Report = Callable[[str], None]

_VERSION = re.compile(r"\bv?(\d+)\.(\d+)(?:\.\d+)?")
_ASK_SECONDS = 10.0


class Source(StrEnum):
    """Where a program may come from."""

    PATH = "path"
    """A program of a fitting version on PATH."""
    DOWNLOAD = "download"
    """The official release."""
    BUILD = "build"
    """A build of the Go module."""


@dataclass(frozen=True)
class Binary:
    """A program that can be run."""

    name: str
    path: Path
    version: str
    """The pinned version, or what the one on PATH says."""
    source: Source


class Binaries(Mapping[str, Path]):
    """Paths of programs by name."""

    def __init__(self, found: Iterable[Binary]) -> None:
        self._found = {binary.name: binary for binary in found}

    def __getitem__(self, name: str) -> Path:
        return self._found[name].path

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def binary(self, name: str) -> Binary:
        """Return the program with its version and source."""
        return self._found[name]


def resolve(names: Iterable[str], report: Report, *, bases: Mapping[str, str] = BASES) -> Binaries:
    """Obtain the named programs.

    Takes minutes where they have to be built. ``bases`` replaces the addresses of the official downloads.
    Raises ``UserError`` that names each program that cannot be had, and every way that was tried.
    """
    wanted = [TOOLS[name] for name in TOOLS if name in set(names)]
    sources = allowed_sources()
    store = Store(cache_dir())
    found, reasons = {}, {}
    for tool in wanted:
        binary, reason = _present(tool, sources, store)
        if binary is not None:
            found[tool.name] = binary
        reasons[tool.name] = reason
    absent = [tool for tool in wanted if tool.name not in found]
    if absent:
        found |= _obtain(absent, sources, store, report, bases, reasons)
    return Binaries(found[tool.name] for tool in wanted)


def allowed_sources() -> tuple[Source, ...]:
    """Return the sources to try, in order.

    Raises ``UserError`` if the environment variable names anything else.
    """
    chosen = os.environ.get(SOURCES_VARIABLE)
    if not chosen:
        return tuple(Source)
    words = [word.strip() for word in chosen.split(",")]
    unknown = [word for word in words if word not in set(Source)]
    if unknown:
        raise UserError(
            f"{SOURCES_VARIABLE}: got {chosen!r}; allowed: a comma-separated list of {', '.join(Source)}",
        )
    return tuple(Source(word) for word in words)


def on_path(tool: Tool) -> tuple[Binary | None, str]:
    """Look for the tool on PATH: return it if its version fits, and otherwise the reason why not."""
    if not tool.version_args:
        return None, "one on PATH is not used, because it does not tell its version"
    path = shutil.which(tool.name)
    if path is None:
        return None, "not on PATH"
    try:
        told = subprocess.run(
            [path, *tool.version_args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"{path} does not tell its version within {_ASK_SECONDS:.0f} s"
    except OSError as error:
        return None, f"{path} cannot be run: {error.strerror}"
    match = _VERSION.search(told.stdout) or _VERSION.search(told.stderr)
    if told.returncode != 0 or match is None:
        return None, f"{path} does not tell its version"
    if not tool.accepts((int(match.group(1)), int(match.group(2)))):
        return None, f"{path} is version {match.group().removeprefix('v')}, but {tool.accepted()} is needed"
    return Binary(tool.name, Path(path), match.group(), Source.PATH), ""


def _present(tool: Tool, sources: tuple[Source, ...], store: Store) -> tuple[Binary | None, list[str]]:
    reasons = []
    if Source.PATH in sources:
        binary, reason = on_path(tool)
        if binary is not None:
            return binary, []
        reasons.append(reason)
    entry = store.find(tool)
    if entry is not None and entry.source in sources:
        return Binary(tool.name, entry.path, tool.version, Source(entry.source)), []
    return None, reasons


def _obtain(
    tools: list[Tool],
    sources: tuple[Source, ...],
    store: Store,
    report: Report,
    bases: Mapping[str, str],
    reasons: dict[str, list[str]],
) -> dict[str, Binary]:
    root = cache_dir()
    root.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(root / "bin.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        report("waiting for another mlplatform that is obtaining programs")
        lock.acquire()
    try:
        store.sweep()
        downloader = Downloader(bases)
        found = {}
        for number, tool in enumerate(tools, start=1):
            # Another process may have obtained it while this one waited.
            entry = store.find(tool)
            if entry is None or entry.source not in sources:
                progress = f"{tool.name} {tool.version} ({number} of {len(tools)})"
                source = _from_sources(tool, sources, store, downloader, report, progress, reasons[tool.name])
                if source is None:
                    continue
                entry = store.find(tool)
            if entry is not None:
                found[tool.name] = Binary(tool.name, entry.path, tool.version, Source(entry.source))
    finally:
        lock.release()
    missing = [tool for tool in tools if tool.name not in found]
    if missing:
        raise _missing_error(missing, reasons)
    return found


def _from_sources(
    tool: Tool,
    sources: tuple[Source, ...],
    store: Store,
    downloader: Downloader,
    report: Report,
    progress: str,
    reasons: list[str],
) -> Source | None:
    """Put the tool into the store from the first source that has it; add to ``reasons`` why others do not."""
    for source in sources:
        began = time.monotonic()
        try:
            with store.staging() as staged:
                if source is Source.DOWNLOAD:
                    downloader.fetch(tool, staged)
                elif source is Source.BUILD:
                    problem = go_problem([tool.build.module])
                    if problem is not None:
                        raise BuildError(problem)
                    report(f"{progress}: building it from its Go module, which can take some minutes")
                    build(tool, staged, cache_dir() / "logs" / f"build-{tool.name}.log")
                else:
                    continue
                store.put(tool, staged, source)
        except (DownloadError, BuildError) as error:
            reasons.append(f"{source}: {error}")
            continue
        except OSError as error:
            raise UserError(f"cannot write {error.filename or cache_dir()}: {error.strerror}") from error
        verb = "downloaded and verified" if source is Source.DOWNLOAD else "built"
        report(f"{progress}: {verb} in {time.monotonic() - began:.0f} s")
        return source
    return None


def _missing_error(missing: list[Tool], reasons: Mapping[str, list[str]]) -> UserError:
    lines = [f"cannot obtain {len(missing)} of the programs that the local environment runs:"]
    for tool in missing:
        lines.append(f"  {tool.name} {tool.version}")
        lines.extend(f"    {line}" for reason in reasons[tool.name] for line in reason.splitlines())
    needed = required_go({tool.build.module for tool in missing})
    hint = (
        f"put them on PATH, or run again with a network connection, or install Go {needed} or later "
        f"(sources in use: {', '.join(allowed_sources())}; {SOURCES_VARIABLE} restricts them)"
    )
    return UserError("\n".join(lines), hint)
