import dataclasses
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import filelock
import pytest
import yaml

from mlplatform.engine import cloud_stack, find, local_stack
from mlplatform.engine.backend import own_backend, users_backend
from mlplatform.engine.stack import PulumiStack
from mlplatform.errors import UserError

TEXT = "# a comment\nconfig:\n  mlplatform:cloud: local\n"


@pytest.fixture
def file(clean: Path) -> Path:
    path = clean / "Pulumi.local.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def stack(clean: Path, pulumi, file) -> PulumiStack:
    pulumi()
    found = find().command
    assert found is not None
    return local_stack("local", file, found, clean / "state" / "mlplatform-local", clean / "kubeconfig")


def test_up_makes_the_stack_once_and_deploys_it(stack, pulumi, file, clean, capfd):
    fake = pulumi()
    stack.up()
    assert fake.verbs() == ["stack ls", "stack init", "up"]
    up = fake.calls()[-1]
    directory = clean / "state" / "mlplatform-local" / "pulumi"
    assert up["args"] == [
        "up", "--stack", "local", "--config-file", str(directory / "Pulumi.local.yaml"), "--yes", "--non-interactive",
        "--cwd", str(Path(__file__).resolve().parents[2]),
    ]  # fmt: skip
    environment = up["environment"]
    assert environment["KUBECONFIG"] == str(clean / "kubeconfig")
    assert environment["PULUMI_BACKEND_URL"] == (directory / "state").as_uri()
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(directory / "passphrase")
    assert "pulumi says: up" in capfd.readouterr().out
    stack.up()
    assert fake.verbs()[3:] == ["stack ls", "up"]


def test_the_committed_file_is_never_written_and_what_the_cli_adds_is_kept(stack, pulumi, file):
    fake = pulumi()
    stack.up()
    assert file.read_text() == TEXT
    assert yaml.safe_load(fake.config()) == {**yaml.safe_load(TEXT), "encryptionsalt": "v1:abc"}
    file.write_text(TEXT + "  mlplatform:tags: {}\n")
    stack.up()
    assert yaml.safe_load(fake.config()) == {
        "config": {"mlplatform:cloud": "local", "mlplatform:tags": {}},
        "encryptionsalt": "v1:abc",
    }


def test_the_passphrase_is_made_once_and_only_the_user_can_read_it(stack, clean):
    path = clean / "state" / "mlplatform-local" / "pulumi" / "passphrase"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    assert len(before) >= 32
    own_backend(path.parent)
    assert path.read_text() == before


def test_a_passphrase_of_the_user_for_other_projects_is_not_used(stack, pulumi, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of another project")
    stack.up()
    environment = pulumi().calls()[-1]["environment"]
    assert "PULUMI_CONFIG_PASSPHRASE" not in environment
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(stack.directory / "passphrase")


def test_a_backend_that_the_user_names_is_used(clean, file, pulumi, monkeypatch):
    fake = pulumi()
    monkeypatch.setenv("PULUMI_BACKEND_URL", "chosen")
    stack = local_stack("local", file, find().command, clean / "state" / "c", clean / "kubeconfig")
    assert not stack.backend.own
    stack.up()
    environment = fake.calls()[-1]["environment"]
    assert environment["PULUMI_BACKEND_URL"] == "chosen"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment


def test_a_login_does_not_share_a_laptops_stack(clean, file, pulumi, monkeypatch):
    pulumi()
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "secret")
    stack = local_stack("local", file, find().command, clean / "state" / "c", clean / "kubeconfig")
    assert stack.backend.own
    assert users_backend() is not None


def test_a_login_counts_as_a_backend_and_a_logout_does_not(clean):
    credentials = clean / "home" / ".pulumi" / "credentials.json"
    credentials.parent.mkdir(parents=True)
    credentials.write_text('{"current": "https://api.example.org"}')
    backend = users_backend()
    assert backend is not None
    assert "https://api.example.org" in backend.description
    credentials.write_text('{"current": ""}')
    assert users_backend() is None
    credentials.write_text("{")
    assert users_backend() is None


def test_a_failure_is_told_with_its_exit_code(stack, pulumi):
    pulumi().fail("up", code=4)
    with pytest.raises(UserError, match="pulumi up of local failed with exit code 4") as caught:
        stack.up()
    assert "printed above" in caught.value.hint


def test_a_failure_of_the_preparation_is_told_with_its_reason(stack, pulumi):
    fake = pulumi()
    fake.fail("stack", "init")
    with pytest.raises(UserError, match="pulumi stack init failed: as planned"):
        stack.up()
    assert "up" not in fake.verbs()


def test_locks_of_a_killed_run_are_released_first(stack, pulumi):
    fake = pulumi()
    lock = stack.backend.state / ".pulumi" / "locks" / "organization" / "mlplatform" / "local" / "x.json"
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")
    stack.up()
    assert fake.verbs()[-2:] == ["cancel", "up"]
    assert not lock.exists()
    stack.up()
    assert fake.verbs()[-2:] == ["stack ls", "up"]


def test_two_deployments_at_once_are_refused(stack, pulumi):
    fake = pulumi()
    with filelock.FileLock(stack.directory / "lock"), pytest.raises(UserError, match="another deployment of local"):
        stack.up()
    assert fake.calls() == []


def test_destroy_names_the_same_stack_and_may_find_the_cluster_gone(stack, pulumi):
    fake = pulumi()
    stack.up()
    stack.destroy()
    up, destroy = [call for call in fake.calls() if call["args"][0] in ("up", "destroy")]
    assert destroy["args"][:3] == ["destroy", "--stack", "local"]
    assert "--yes" in destroy["args"]
    assert destroy["environment"]["PULUMI_K8S_DELETE_UNREACHABLE"] == "true"
    assert "PULUMI_K8S_DELETE_UNREACHABLE" not in up["environment"]


def test_an_interrupt_waits_until_the_cli_has_ended(clean, pulumi, file):
    fake = pulumi()
    marker = clean / "ended"
    script = fake.path.read_text().replace(
        'if args[0] in ("up",',
        f"""if args[0] == "up":
    import signal, time
    def stop(*_):
        time.sleep(0.5)
        pathlib.Path({str(marker)!r}).write_text("in good order")
        sys.exit(1)
    signal.signal(signal.SIGINT, stop)
    pathlib.Path({str(clean / "begun")!r}).write_text("")
    time.sleep(30)
if args[0] in ("up",""",
    )
    fake.path.write_text(script)
    program = clean / "run.py"
    program.write_text(
        textwrap.dedent(f"""
        from pathlib import Path
        from mlplatform.engine import find, local_stack
        stack = local_stack("local", Path({str(file)!r}), find().command, Path({str(clean / "s")!r}), Path("k"))
        try:
            stack.up()
        except KeyboardInterrupt:
            assert Path({str(marker)!r}).read_text() == "in good order"
            raise SystemExit(42)
        """)
    )
    with subprocess.Popen([sys.executable, str(program)], start_new_session=True) as process:
        end = time.monotonic() + 30
        while not (clean / "begun").exists() and time.monotonic() < end:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 42


def test_without_the_projects_tree_the_cli_cannot_be_used(stack, pulumi, clean):
    elsewhere = dataclasses.replace(stack, project=clean)
    with pytest.raises(UserError, match=r"holds no Pulumi\.yaml") as caught:
        elsewhere.up()
    assert "MLPLATFORM_ENGINE=kubectl" in caught.value.hint


def test_a_cloud_without_anything_is_refused_with_all_that_is_missing(file, monkeypatch):
    monkeypatch.setattr("mlplatform.engine.credentials._has_metadata_server", lambda: False)
    with pytest.raises(UserError) as caught:
        cloud_stack("aws-dev", file, "aws", {}, find())
    lines = str(caught.value).splitlines()
    assert lines[0] == "aws-dev cannot be deployed from here:"
    assert lines[1] == "  there is no Pulumi CLI (pulumi is not on PATH)"
    assert lines[2].startswith("  there are no credentials for aws (looked for: AWS_ACCESS_KEY_ID, ")
    assert lines[3].startswith("  no Pulumi backend is chosen")
    assert "mlplatform preview aws-dev" in caught.value.hint


def test_a_cloud_with_everything_is_deployed_without_touching_its_file(file, pulumi, monkeypatch, clean):
    fake = pulumi()
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    stack = cloud_stack("aws-dev", file, "aws", {}, find())
    with pytest.raises(UserError, match="there is no stack aws-dev in the backend") as caught:
        stack.up()
    assert "pulumi stack init aws-dev --secrets-provider" in caught.value.hint
    (fake.home / "stacks").write_text("aws-dev\n")
    stack.up()
    assert fake.verbs() == ["stack ls", "stack ls", "up"]
    assert fake.calls()[-1]["args"][:5] == ["up", "--stack", "aws-dev", "--config-file", str(file)]
    assert "KUBECONFIG" not in fake.calls()[-1]["environment"] or "KUBECONFIG" in os.environ
    assert file.read_text() == TEXT
