"""The committed local environment, deployed."""

from pathlib import Path

import pytest

from mlplatform.environments import PROGRAM, load
from mlplatform.graph import evaluate
from mlplatform.local.deploy import generated
from mlplatform.local.deploy.kubectl import Kubectl
from mlplatform.local.deploy.run import deploy
from mlplatform.local.deploy.status import status
from mlplatform.local.deploy.target import Target
from mlplatform.render import write

pytestmark = pytest.mark.cluster


def test_the_committed_environment_goes_up_and_its_files_are_accepted_whole(target: Target, tmp_path: Path):
    (environment,) = load(PROGRAM, ["local"])

    def filled(known):
        return evaluate(environment.request(known)).filled

    first = deploy(target, filled, print)
    assert first.healthy, first.rows
    assert deploy(target, filled, print).changes == 0
    assert status(target, filled).healthy

    kubectl = Kubectl(target)
    passwords = [record.outputs["result"] for record in generated.read(kubectl).values()]
    assert len(passwords) == len(environment.settings.databases)
    written = write(filled(generated.known_outputs(generated.read(kubectl))), tmp_path / "out")
    for file in written.files:
        text = (tmp_path / "out" / file).read_text()
        assert not [password for password in passwords if password in text], file
    args = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts"]
    accepted = kubectl.output([*args, f"--filename={tmp_path / 'out'}"]).splitlines()
    assert len(accepted) == len(written.files) == sum(row.objects for row in first.rows)
