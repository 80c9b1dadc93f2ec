"""checkov's own virtual environment, made from its lock when it is first needed and kept in the cache."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Final

import filelock

from mlplatform.errors import UserError

Report = Callable[[str], None]

_MARKER: Final = "complete"
"""Written last of all: an environment without it was not finished."""

_TOLD_LINES: Final = 8
"""Lines of a failed installation that are shown."""


@dataclass(frozen=True)
class Checkov:
    """A checkov that can be run."""

    python: Path
    """The interpreter of its environment."""
    version: str


def lock_text() -> str:
    """Return the lock: every package with its version and the hashes of its files."""
    return (resources.files("mlplatform.check.checkov") / "requirements.lock").read_text(encoding="utf-8")


def version() -> str:
    """Return the version of checkov that is locked."""
    found = re.search(r"^checkov==(\S+)", lock_text(), re.MULTILINE)
    if found is None:
        raise ValueError("requirements.lock has no checkov")
    return found[1]


def obtain(cache: Path, report: Report) -> Checkov:
    """Return the locked checkov; install it into ``cache`` where it is not there, which takes up to a minute.

    Two processes that need it at once install it once. Every file is verified by its hash. Raises ``UserError`` that
    says why it cannot be installed.
    """
    lock = lock_text()
    home = cache / "checkov" / f"{version()}-{_key(lock)}"
    if not (home / _MARKER).is_file():
        try:
            with _locked(cache / "checkov.lock", report):
                if not (home / _MARKER).is_file():
                    _install(home, lock, report)
        except OSError as error:
            raise UserError(f"cannot write {error.filename or home}: {error.strerror}") from error
    return Checkov(_python(home), version())


def _key(lock: str) -> str:
    """Name what an environment is for: this lock, on this interpreter."""
    parts = (lock, sys.version.partition(" ")[0], sysconfig.get_platform(), sys.base_prefix)
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


def _python(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextlib.contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        report("waiting for another mlplatform that installs checkov")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _install(home: Path, lock: str, report: Report) -> None:
    began = time.monotonic()
    count = len(re.findall(r"^\S+==", lock, re.MULTILINE))
    report(f"installing checkov {version()} once, {count} packages in an environment of its own")
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    requirements = home.parent / f"{home.name}.lock"
    requirements.write_text(lock, encoding="utf-8")
    try:
        for command in _commands(home, requirements):
            _run(command)
        (home / _MARKER).touch()
    finally:
        requirements.unlink(missing_ok=True)
        if not (home / _MARKER).is_file():
            shutil.rmtree(home, ignore_errors=True)
    report(f"installed checkov {version()} in {time.monotonic() - began:.0f} s, hashes verified")


def _commands(home: Path, requirements: Path) -> Iterator[Sequence[str]]:
    """Give the commands that make the environment: with uv, which is faster, or with Python alone.

    Packages come built: the code of a package that builds itself would run before anything is verified.
    """
    python = str(_python(home))
    wanted = ("--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements))
    if uv := shutil.which("uv"):
        yield (uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(home))
        yield (uv, "pip", "install", "--quiet", "--python", python, *wanted)
    else:
        yield (sys.executable, "-m", "venv", str(home))
        yield (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)


def _run(command: Sequence[str]) -> None:
    # The machine's own certificates: a company's proxy signs with one that uv's built-in list does not know.
    environment = {"UV_SYSTEM_CERTS": "true", **os.environ}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        told = "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-_TOLD_LINES:])
        raise UserError(
            f"checkov {version()} cannot be installed: {Path(command[0]).name} failed\n{told}",
            "run again with a connection to a package index; pip's and uv's own settings name another one",
        )
