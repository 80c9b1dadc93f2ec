import socket
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from mlplatform.check.checkov import Checkov, scan
from mlplatform.check.checkov.scan import Target, with_references
from mlplatform.errors import UserError
from mlplatform.graph import UNKNOWN
from mlplatform.render import objects
from mlplatform.render.terraform import plan
from tests.support.graphs import Program


def target(program: Program) -> Target:
    graph = program.graph()
    return Target(graph, plan(graph), objects(graph))


@pytest.mark.checkov
def test_environments_are_told_apart(checkov: Checkov):
    bad, good = Program("bad"), Program("good")
    bad.other("aws:sqs/queue:Queue", "queue", {"name": "q"})
    good.other("aws:sqs/queue:Queue", "queue", {"name": "q", "sqsManagedSseEnabled": True})
    empty = Program("empty")
    first, second, third = scan(checkov, [target(bad), target(good), target(empty)])
    assert [each.rule for each in first.findings] == ["CKV_AWS_27"]
    assert first.findings[0].urn.startswith("urn:pulumi:bad::")
    assert second.findings == ()
    assert second.passed > 0
    assert (third.passed, third.findings) == (0, ())


@pytest.mark.checkov
def test_settings_of_the_machine_change_nothing(checkov: Checkov, monkeypatch: pytest.MonkeyPatch):
    program = Program("bad")
    program.other("aws:rds/instance:Instance", "db", {"engine": "postgres", "kmsKeyId": UNKNOWN})
    before = scan(checkov, [target(program)])
    monkeypatch.setenv("CHECKOV_RUN_POLICIES_OF", "nobody")
    monkeypatch.setenv("CKV_IGNORED_DIRECTORIES", "tmp")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert scan(checkov, [target(program)]) == before


def test_references_stand_where_values_are_unknown():
    program = Program("dev")
    groups = [
        program.other("aws:ec2/securityGroup:SecurityGroup", name, {}, outputs={"id": f"sg-{name}"}) for name in "ab"
    ]
    graph = program.graph()
    program.other(
        "aws:rds/instance:Instance",
        "db",
        {"vpcSecurityGroupIds": ["sg-a", "sg-b"], "engine": "postgres"},
        property_dependencies={"vpcSecurityGroupIds": tuple(groups)},
    )
    preview = Program("dev")
    preview.other("aws:rds/instance:Instance", "db", {"vpcSecurityGroupIds": [UNKNOWN, UNKNOWN], "engine": "postgres"})
    graph = program.graph()
    planned = with_references(plan(graph, preview.graph()))["planned_values"]["root_module"]["resources"]
    (values,) = [each["values"] for each in planned if each["type"] == "aws_db_instance"]
    assert values == {
        "engine": "postgres",
        "vpc_security_group_ids": ["aws_security_group.a.id", "aws_security_group.b.id"],
    }


def fake(directory: Path, code: str) -> Checkov:
    """Return a checkov whose interpreter runs ``code`` in place of the worker; the last argument is the result file."""
    python = directory / "python"
    python.write_text(f"#!{sys.executable}\nimport sys\nresults = sys.argv[-1]\n{code}", encoding="utf-8")
    python.chmod(0o755)
    return Checkov(python, "0")


def test_a_checkov_that_fails_is_told(tmp_path: Path):
    program = Program("dev")
    program.other("aws:sqs/queue:Queue", "queue", {"name": "q"})
    with pytest.raises(UserError, match="exit code 3\n  no rule could be loaded"):
        scan(fake(tmp_path, "print('no rule could be loaded')\nsys.exit(3)"), [target(program)])


def test_a_checkov_that_passes_over_a_resource_is_told(tmp_path: Path):
    program = Program("dev")
    program.other("aws:sqs/queue:Queue", "queue", {"name": "q"})
    code = """
import json
inputs = json.load(open(sys.argv[-2]))
json.dump([{**each, "seen": [], "unread": [], "records": []} for each in inputs], open(results, "w"))
"""
    with pytest.raises(UserError, match="passed over 1 of 1 resources: urn:pulumi:dev::mlplatform::aws:sqs"):
        scan(fake(tmp_path, code), [target(program)])


def test_the_worker_refuses_the_network():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        resources.as_file(resources.files("mlplatform.check.checkov") / "worker.py") as worker,
    ):
        code = (
            "import runpy, socket, sys\n"
            f"worker = runpy.run_path({str(worker)!r})\n"
            "sys.addaudithook(worker['_refuse_network'])\n"
            f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RuntimeError: checkov tried to reach the network" in done.stderr
