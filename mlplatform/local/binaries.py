"""Obtains the programs that the local environment runs.

Each comes from PATH if a fitting version is there, else from the project's official release, else from a build of its
Go module. Downloads and builds are kept in the cache.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import filelock

from mlplatform.errors import UserError
from mlplatform.local.downloads import BASES, Downloader, DownloadError
from mlplatform.local.gobuild import BuildError, build, go_problem, required_go
from mlplatform.local.paths import cache_dir
from mlplatform.local.store import Store
from mlplatform.local.tools import TOOLS, Tool, parse_version

SOURCES_VARIABLE = "MLPLATFORM_BINARIES"
"""Environment variable that restricts and orders the sources, such as ``path,build``."""

Report = Callable[[str], None]

_VERSION = re.compile(r"\bv?(\d+\.\d+(?:\.\d+)?)")
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

    def __iter__(self) -> Iterator[str]:
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
    chosen = set(names)
    return _Resolver(allowed_sources(), report, Downloader(bases)).resolve(
        [t for t in TOOLS.values() if t.name in chosen]
    )


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
    path = shutil.which(tool.name)
    if path is None:
        return None, "not on PATH"
    if not tool.version_args:
        return None, f"{path} is not used, because {tool.name} does not tell its version"
    try:
        told = _told([path, *tool.version_args])
    except subprocess.TimeoutExpired:
        told = ""
    except OSError as error:
        return None, f"{path} cannot be run: {error.strerror}"
    match = _VERSION.search(told)
    if match is None:
        return None, f"{path} does not tell its version within {_ASK_SECONDS:.0f} s"
    version = match.group(1)
    if not tool.accepts(parse_version(version)):
        return None, f"{path} is version {version}, but {tool.accepted()} is needed"
    return Binary(tool.name, Path(path), f"v{version}", Source.PATH), ""


def _told(command: list[str]) -> str:
    """Return what a program prints about its version; empty if it fails."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            told, _ = process.communicate(timeout=_ASK_SECONDS)
        except subprocess.TimeoutExpired:
            # All of its session: a wrapper's children would keep the pipe open.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return told if process.returncode == 0 else ""


class _Resolver:
    """Obtains programs, and collects why a source did not have one."""

    def __init__(self, sources: tuple[Source, ...], report: Report, downloader: Downloader) -> None:
        self._sources = sources
        self._report = report
        self._downloader = downloader
        self._cache = cache_dir()
        self._store = Store(self._cache)
        self._reasons: dict[str, list[str]] = {}

    def resolve(self, tools: list[Tool]) -> Binaries:
        """Return all of these programs, or raise ``UserError``."""
        found = {tool.name: binary for tool in tools if (binary := self._present(tool)) is not None}
        absent = [tool for tool in tools if tool.name not in found]
        if absent:
            try:
                with self._locked():
                    found |= self._obtain(absent)
            except OSError as error:
                raise UserError(f"cannot write {error.filename or self._cache}: {error.strerror}") from error
        missing = [tool for tool in tools if tool.name not in found]
        if missing:
            raise self._failure(missing)
        return Binaries(found[tool.name] for tool in tools)

    def _present(self, tool: Tool) -> Binary | None:
        """Return the program if it is on PATH or in the cache."""
        self._reasons[tool.name] = []
        if Source.PATH in self._sources:
            binary, reason = on_path(tool)
            if binary is not None:
                return binary
            self._reasons[tool.name].append(f"{Source.PATH}: {reason}")
        return self._cached(tool)

    def _cached(self, tool: Tool) -> Binary | None:
        entry = self._store.find(tool)
        if entry is None or entry.source not in self._sources:
            return None
        return Binary(tool.name, entry.path, tool.version, Source(entry.source))

    def _obtain(self, tools: list[Tool]) -> dict[str, Binary]:
        """Download or build the programs, one after the other: two builds at once would need too much memory."""
        self._store.sweep()
        found = {}
        for number, tool in enumerate(tools, start=1):
            # Another process may have obtained it while this one waited.
            binary = self._cached(tool) or self._fetch(tool, f"{tool.name} {tool.version} ({number} of {len(tools)})")
            if binary is not None:
                found[tool.name] = binary
        return found

    def _fetch(self, tool: Tool, progress: str) -> Binary | None:
        for source in self._sources:
            began = time.monotonic()
            try:
                if source is Source.DOWNLOAD:
                    with self._store.staging() as staged:
                        self._downloader.fetch(
                            tool, staged, lambda: self._report(f"{progress}: downloading the official release")
                        )
                        self._store.put(tool, staged, source)
                elif source is Source.BUILD:
                    self._build(tool, progress)
                else:
                    continue
            except (DownloadError, BuildError) as error:
                self._reasons[tool.name].append(f"{source}: {error}")
                continue
            done = "downloaded and verified" if source is Source.DOWNLOAD else "built"
            self._report(f"{progress}: {done} in {time.monotonic() - began:.0f} s")
            return self._cached(tool)
        return None

    def _build(self, tool: Tool, progress: str) -> None:
        problem = go_problem([tool.build.module])
        if problem is not None:
            raise BuildError(problem)
        self._report(f"{progress}: building it from its Go module, which can take some minutes")

        def tick(packages: int) -> None:
            self._report(f"{progress}: {packages} packages compiled so far")

        with self._store.staging() as staged:
            build(tool, staged, self._cache / "logs" / f"build-{tool.name}.log", tick)
            self._store.put(tool, staged, Source.BUILD)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._cache.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self._cache / "bin.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            self._report("waiting for another mlplatform that obtains programs")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _failure(self, missing: list[Tool]) -> UserError:
        lines = [f"cannot obtain {len(missing)} of the programs that the local environment runs:"]
        for tool in missing:
            lines.append(f"  {tool.name} {tool.version}")
            lines.extend(f"    {line}" for reason in self._reasons[tool.name] for line in reason.splitlines())
        needed = required_go({tool.build.module for tool in missing})
        return UserError(
            "\n".join(lines),
            f"put them on PATH, or run again with a network connection, or install Go {needed} or later "
            f"(sources in use: {', '.join(self._sources)}; {SOURCES_VARIABLE} chooses them)",
        )
