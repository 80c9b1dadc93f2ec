"""Finds the Pulumi CLI on PATH or in the cache, or installs it there."""

import importlib.metadata
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlplatform.errors import UserError
from mlplatform.local.binaries import SOURCES_VARIABLE
from mlplatform.local.paths import cache_dir

ENGINE_VARIABLE: Final = "MLPLATFORM_ENGINE"
"""Environment variable that chooses what deploys the local environment: ``auto``, ``pulumi`` or ``kubectl``."""

_CHOICES: Final = ("auto", "pulumi", "kubectl")
_HOST: Final = ("get.pulumi.com", 443)
_CONNECT_SECONDS: Final = 3.0
_INSTALL_SECONDS: Final = 180.0
_ASK_SECONDS: Final = 20.0
_INSTALL: Final = (
    "import sys; from pulumi.automation import PulumiCommand; from semver import VersionInfo; "
    "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))"
)

Report = Callable[[str], None]


@dataclass(frozen=True)
class Command:
    """A Pulumi CLI that works with this project's SDK."""

    path: Path
    version: str


@dataclass(frozen=True)
class Found:
    """The CLI, or why there is none."""

    command: Command | None
    reason: str = ""


def is_chosen(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the user has chosen an engine."""
    return (environ.get(ENGINE_VARIABLE) or "auto") != "auto"


def find(environ: Mapping[str, str] = os.environ) -> Found:
    """Look for the CLI on PATH, then in the cache."""
    reasons = []
    on_path = shutil.which("pulumi", path=environ.get("PATH"))
    for candidate in filter(None, [on_path, str(_root() / "bin" / "pulumi")]):
        if Path(candidate).exists():
            command, reason = _examine(Path(candidate))
            if command is not None:
                return Found(command)
            reasons.append(reason)
    return Found(None, "; ".join(reasons) or "pulumi is not on PATH")


def obtain(report: Report, environ: Mapping[str, str] = os.environ) -> Found:
    """Find the CLI or install it, unless ``MLPLATFORM_ENGINE`` is ``kubectl`` or downloads are switched off.

    Raises ``UserError`` where ``MLPLATFORM_ENGINE`` is ``pulumi`` and there is no CLI, or it is none of the choices.
    """
    choice = environ.get(ENGINE_VARIABLE) or "auto"
    if choice not in _CHOICES:
        raise UserError(f"{ENGINE_VARIABLE}: got {choice!r}; allowed: {', '.join(_CHOICES)}")
    if choice == "kubectl":
        return Found(None, f"{ENGINE_VARIABLE} is kubectl")
    found = find(environ)
    if found.command is None:
        found = _install(report, environ, found.reason)
    if found.command is None and choice == "pulumi":
        raise UserError(f"{ENGINE_VARIABLE} is pulumi, and there is no Pulumi CLI: {found.reason}", _HINT)
    return found


_HINT: Final = "install the Pulumi CLI and put it on PATH"


def sdk_version() -> str:
    """Return the version of the SDK, which the CLI must not be older than."""
    return importlib.metadata.version("pulumi")


def _root() -> Path:
    return cache_dir() / "pulumi" / sdk_version()


def _examine(path: Path) -> tuple[Command | None, str]:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [str(path), "version"], capture_output=True, text=True, env=environment, timeout=_ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None, f"{path} cannot be run"
    version = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", done.stdout)
    if done.returncode != 0 or version is None:
        return None, f"{path} does not tell its version"
    major, minor = int(version[1]), int(version[2])
    wanted_major, wanted_minor = (int(part) for part in sdk_version().split(".")[:2])
    if major != wanted_major or minor < wanted_minor:
        found = version[0].removeprefix("v")
        return None, f"{path} is version {found}; wanted: {wanted_major}.{wanted_minor} or a later {wanted_major}.x"
    return Command(path, version[0].removeprefix("v")), ""


def _install(report: Report, environ: Mapping[str, str], reason: str) -> Found:
    sources = environ.get(SOURCES_VARIABLE)
    if sources and "download" not in sources.split(","):
        return Found(None, f"{reason}, and {SOURCES_VARIABLE} allows no download")
    proxied = any(environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
    if not proxied and not _reachable():
        return Found(None, f"{reason}, and it cannot be installed: {_HOST[0]} cannot be reached")
    report(f"installing Pulumi {sdk_version()}")
    problem = _run_installer()
    if problem:
        return Found(None, f"{reason}, and it cannot be installed: {problem}")
    command, problem = _examine(_root() / "bin" / "pulumi")
    return Found(command, problem)


def _reachable() -> bool:
    with suppress(OSError), socket.create_connection(_HOST, timeout=_CONNECT_SECONDS):
        return True
    return False


def _run_installer() -> str:
    """Install in a process of its own, as the SDK's installer has no time limit; return what went wrong."""
    command = [sys.executable, "-c", _INSTALL, str(_root()), sdk_version()]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=_INSTALL_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"it took longer than {_INSTALL_SECONDS:.0f} s"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        lines = output.strip().splitlines()
        return lines[-1] if lines else f"the installer ended with {process.returncode}"
    return ""
