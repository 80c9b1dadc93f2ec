"""Builds programs from the Go modules in ``mlplatform/local/build``."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from mlplatform.local.tools import Build, Tool

MODULES = Path(__file__).with_name("build")
"""Directory of the Go modules, one per project."""

_GO_DIRECTIVE = re.compile(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", re.MULTILINE)
_GO_VERSION = re.compile(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?")
_SELF_UPDATING = (1, 21, 0)
_SHOWN_LINES = 12
_TICK_SECONDS = 15.0


class BuildError(Exception):
    """A program could not be built; the text says why."""


def required_go(modules: Iterable[str]) -> str:
    """Return the lowest Go version that builds all these modules, such as ``1.26.6``."""
    needed = [_directive(module) for module in modules]
    return ".".join(map(str, max(needed)))


def go_problem(modules: Iterable[str]) -> str | None:
    """Say why Go cannot build the modules here; None if it can."""
    needed = required_go(modules)
    go = shutil.which("go")
    if go is None:
        return f"Go is not installed (Go {needed} or later is needed)"
    try:
        told = _run_go(["env", "GOVERSION", "GOTOOLCHAIN"]).splitlines()
    except BuildError as error:
        return str(error)
    match = _GO_VERSION.search(told[0]) if told else None
    if match is None:
        return f"{go} does not tell its version"
    have = tuple(int(part or 0) for part in match.groups())
    fetches_newer = have >= _SELF_UPDATING and "auto" in told[-1]
    if have >= tuple(map(int, needed.split("."))) or fetches_newer:
        return None
    return f"{go} is Go {'.'.join(map(str, have))}, but Go {needed} or later is needed"


def build(tool: Tool, staged: Path, log: Path, tick: Callable[[int], None]) -> None:
    """Build the tool's program into ``staged``; everything that Go prints is kept in ``log``.

    ``tick`` hears every quarter of a minute how many packages have been compiled. Raises ``BuildError`` with the last
    lines of the log.
    """
    recipe = tool.build
    # The modules may lie in a read-only site-packages, where Go could not lock them.
    module = staged / "module"
    shutil.copytree(MODULES / recipe.module, module)
    stamps = "".join(f" -X {name}={value}" for name, value in recipe.stamps.items())
    command = ["build", "-v", "-trimpath", "-ldflags", f"-s -w{stamps}", "-o", str(staged / tool.name), recipe.package]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            ["go", *command],
            cwd=module,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        with process:
            try:
                while _still_runs(process):
                    tick(_compiled(log))
            except BaseException:
                process.kill()
                raise
    if process.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_SHOWN_LINES:]
        raise BuildError("\n".join([f"go build failed ({process.returncode}; all of it is in {log}):", *lines]))
    if recipe.extra_files:
        _keep_extra_files(recipe, module, staged / "crds")
    shutil.rmtree(module)


def _still_runs(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(timeout=_TICK_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _compiled(log: Path) -> int:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(not line.startswith("go: ") for line in lines)


def _keep_extra_files(recipe: Build, module: Path, destination: Path) -> None:
    root = Path(_run_go(["list", "-m", "-f", "{{.Dir}}", recipe.extra_module], module).strip())
    destination.mkdir()
    for pattern in recipe.extra_files:
        found = sorted(root.glob(pattern))
        if not found:
            raise BuildError(f"module {recipe.extra_module} has no {pattern}")
        for path in found:
            # Contents only: files of the module cache are read-only.
            (destination / path.name).write_bytes(path.read_bytes())


def _directive(module: str) -> tuple[int, int, int]:
    match = _GO_DIRECTIVE.search((MODULES / module / "go.mod").read_text(encoding="utf-8"))
    if match is None:
        raise BuildError(f"{module}/go.mod does not name a Go version")
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch


def _run_go(arguments: list[str], directory: Path | None = None) -> str:
    process = subprocess.run(
        ["go", *arguments],
        cwd=directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        raise BuildError(f"go {arguments[0]} failed: {process.stderr.strip()}")
    return process.stdout


def _environment() -> dict[str, str]:
    # A workspace file above the build directory would take the place of our go.mod.
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
