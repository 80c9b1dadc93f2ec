"""A stand-in for the Pulumi CLI that records how it was called and keeps stacks as the real one does."""

import json
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlplatform.engine.command import sdk_version
from mlplatform.local.paths import CACHE_VARIABLE, STATE_VARIABLE

_FAKE = """\
#!{python}
import json, os, pathlib, sys
args = sys.argv[1:]
if args == ["version"]:
    print("v{version}")
    sys.exit(0)
home = pathlib.Path({home!r})
kept = {{name: value for name, value in os.environ.items() if name.startswith("PULUMI") or name == "KUBECONFIG"}}
with (home / "calls").open("a") as calls:
    calls.write(json.dumps({{"args": args, "environment": kept}}) + "\\n")
plan = json.loads((home / "plan").read_text()) if (home / "plan").exists() else {{}}
stacks = home / "stacks"
directory = pathlib.Path(args[args.index("--cwd") + 1])
if args[:2] == ["stack", "ls"]:
    names = stacks.read_text().split() if stacks.exists() else []
    print(json.dumps([{{"name": name}} for name in names]))
if args[:2] == ["stack", "init"]:
    stacks.write_text((stacks.read_text() if stacks.exists() else "") + args[2] + "\\n")
    with (directory / f"Pulumi.{{args[2]}}.yaml").open("a") as file:
        file.write("encryptionsalt: v1:abc\\n")
if args[0] == "cancel":
    state = pathlib.Path(os.environ["PULUMI_BACKEND_URL"].removeprefix("file://"))
    for lock in state.glob(".pulumi/locks/**/*.json"):
        lock.unlink()
if args[0] in ("up", "preview", "destroy"):
    copy = pathlib.Path(args[args.index("--config-file") + 1])
    (home / "config").write_text(copy.read_text())
    print(f"pulumi says: {{args[0]}}")
failing = plan.get("fail")
if failing and args[:len(failing)] == failing:
    print("error: as planned", file=sys.stderr)
    sys.exit(plan["code"])
"""


@dataclass
class FakePulumi:
    """The stand-in and what it recorded."""

    path: Path
    home: Path

    def calls(self) -> list[dict[str, Any]]:
        lines = (self.home / "calls").read_text().splitlines() if (self.home / "calls").exists() else []
        return [json.loads(line) for line in lines]

    def verbs(self) -> list[str]:
        return [" ".join(call["args"][: 2 if call["args"][0] == "stack" else 1]) for call in self.calls()]

    def fail(self, *args: str, code: int = 255) -> None:
        (self.home / "plan").write_text(json.dumps({"fail": args, "code": code}))

    def config(self) -> str:
        """The environment file that it was given last."""
        return (self.home / "config").read_text()


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has chosen no backend, has no credentials and no CLI."""
    for name in list(os.environ):
        if name.startswith(("PULUMI_", "AWS_", "GOOGLE_", "CLOUDSDK_", "MLPLATFORM_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    return tmp_path


@pytest.fixture
def pulumi(clean: Path) -> Callable[..., FakePulumi]:
    """Puts a stand-in on PATH, of the SDK's version or another."""

    def make(version: str = sdk_version(), directory: Path = clean / "programs") -> FakePulumi:
        home = clean / "pulumi-home"
        home.mkdir(exist_ok=True)
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "pulumi"
        path.write_text(_FAKE.format(python=sys.executable, version=version, home=str(home)))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return FakePulumi(path, home)

    return make
