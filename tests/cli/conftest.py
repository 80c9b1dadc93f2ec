"""The command line, run as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlplatform.environments import PROGRAM
from mlplatform.local.paths import STATE_VARIABLE

Run = Callable[..., subprocess.CompletedProcess[str]]
Stacks = Callable[..., Path]


@pytest.fixture
def mlplatform(tmp_path: Path) -> Run:
    """Run the command line with a state directory of its own, and without a Pulumi CLI."""
    environment = {
        **os.environ,
        STATE_VARIABLE: str(tmp_path / "state"),
        "MLPLATFORM_ENGINE": "kubectl",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "mlplatform"), *arguments],
            cwd=tmp_path,
            env={**environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done

    return run


@pytest.fixture
def stacks(tmp_path: Path) -> Stacks:
    """Write environment files: the committed local one under another name, with sections replaced."""

    def write(name: str, **sections: object) -> Path:
        directory = tmp_path / "stacks"
        directory.mkdir(exist_ok=True)
        content = yaml.safe_load((PROGRAM / "Pulumi.local.yaml").read_text(encoding="utf-8"))
        for section, value in sections.items():
            if value is None:
                content["config"].pop(f"mlplatform:{section}", None)
            else:
                content["config"][f"mlplatform:{section}"] = value
        (directory / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return directory

    return write
