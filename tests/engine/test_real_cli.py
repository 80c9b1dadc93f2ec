"""The same steps with the Pulumi CLI itself, where it is installed."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from mlplatform.engine import find
from mlplatform.engine.backend import own_backend
from mlplatform.engine.stack import PulumiStack

_PATH = os.environ.get("PATH", "")

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the pulumi CLI is not on PATH")


def test_a_stack_goes_up_changes_nothing_the_second_time_and_goes_down(clean: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", _PATH)
    project = clean / "project"
    (project / "stacks").mkdir(parents=True)
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    described = {"name": "mlplatform", "main": "stacks", "stackConfigDir": "stacks", "runtime": runtime}
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(described))
    (project / "stacks" / "__main__.py").write_text(
        "import pulumi\npulumi.export('cloud', pulumi.Config().require('cloud'))\n"
    )
    file = project / "stacks" / "Pulumi.local.yaml"
    file.write_text("config:\n  mlplatform:cloud: local\n")
    before = file.read_text()
    command = find().command
    assert command is not None
    stack = PulumiStack("local", file, command, own_backend(clean / "own"), clean / "own", copied=True, project=project)
    stack.up()
    stack.up("--expect-no-changes")
    assert file.read_text() == before
    assert "encryptionsalt" in (clean / "own" / "Pulumi.local.yaml").read_text()
    stack.destroy()
