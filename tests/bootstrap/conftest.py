"""Clouds as far as a bootstrap sees them, and environments to bootstrap."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from mlplatform.environments import PROGRAM, Environment, load
from tests.bootstrap.standins import AWS, BQ, GCLOUD

EMPTY_ACCOUNT: dict[str, Any] = {"account": "111122223333", "keys": {}, "aliases": {}, "buckets": {}, "roles": []}
EMPTY_PROJECT: dict[str, Any] = {
    "user": "someone@example.com",
    "number": "210987654321",
    "apis": ["serviceusage.googleapis.com"],
    "rings": [],
    "keys": [],
    "key_state": "ENABLED",
    "agent": False,
    "dataset_agent": False,
    "buckets": {},
}


@dataclass
class Cloud:
    """A stand-in for a cloud's command line, the world that it shows, and what it was asked."""

    home: Path
    program: Path

    @property
    def world(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "world").read_text()))

    def change(self, **changes: Any) -> None:
        (self.home / "world").write_text(json.dumps({**self.world, **changes}))

    def calls(self) -> list[list[str]]:
        path = self.home / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def writes(self) -> list[str]:
        """What was asked of it that could have changed anything, as the words before the first option."""
        reads = ("get", "describe", "head", "list", "get-resources")
        words = [list(takewhile(lambda word: not word.startswith("-"), call)) for call in self.calls()]
        return [" ".join(each) for each in words if not any(word.startswith(reads) for word in each[1:3])]

    def forget_calls(self) -> None:
        (self.home / "calls").unlink(missing_ok=True)


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Cloud]:
    """Puts a stand-in on PATH, and nothing else."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))

    def make(name: str) -> Cloud:
        home = tmp_path / f"{name}-home"
        home.mkdir()
        source, world = (AWS, EMPTY_ACCOUNT) if name == "aws" else (GCLOUD, EMPTY_PROJECT)
        (home / "world").write_text(json.dumps(world))
        program = programs / name
        program.write_text(source.format(python=sys.executable, home=str(home)))
        program.chmod(0o755)
        return Cloud(home, program)

    return make


@pytest.fixture
def aws(standin: Callable[[str], Cloud]) -> Cloud:
    return standin("aws")


@pytest.fixture
def gcloud(standin: Callable[[str], Cloud]) -> Cloud:
    cloud = standin("gcloud")
    bq = cloud.program.with_name("bq")
    bq.write_text(BQ.format(python=sys.executable, home=str(cloud.home)))
    bq.chmod(0o755)
    return cloud


@pytest.fixture
def environment() -> Callable[[str], Environment]:
    return lambda name: load(PROGRAM, [name])[0]
