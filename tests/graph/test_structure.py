"""Remarks on how a program is put together."""

import pytest

from mlplatform.graph import Severity, evaluate, reveal


@pytest.fixture(scope="module")
def evaluation(make_request):
    return evaluate(make_request("structure"))


def test_every_remark_and_no_other(evaluation):
    assert sorted(
        (finding.urn.rsplit("::", 1)[-1], finding.code, finding.severity) for finding in evaluation.findings
    ) == [
        ("", "log-warning", Severity.WARNING),
        ("child-1", "child-name", Severity.WARNING),
        ("good", "log-error", Severity.ERROR),
        ("hub", "not-looked-into", Severity.NOTE),
        ("malformed", "type-token", Severity.ERROR),
        ("remote", "not-looked-into", Severity.NOTE),
        ("silent", "unregistered-outputs", Severity.WARNING),
        ("sometimes", "only-in-preview", Severity.WARNING),
    ]


def test_a_type_that_is_looked_into_elsewhere_has_no_remark(run):
    opaque = frozenset({"other:index:Remote", "kubernetes:helm.sh/v3:Release"})
    codes = {finding.code for finding in run("structure", opaque_types=opaque).findings}
    assert "not-looked-into" not in codes
    assert "type-token" in codes


def test_a_remote_component_keeps_its_inputs_and_its_secrets(evaluation):
    (remote,) = (resource for resource in evaluation.filled.resources if resource.name == "remote")
    assert remote.remote
    assert not remote.custom
    assert reveal(remote.inputs)["password"] == "planted-remote"
    assert "planted-remote" not in evaluation.filled.to_json()
    assert remote.inputs["size"] == 3
    assert remote.inputs["from"].endswith("::good")
    assert remote.outputs["size"] == 3


def test_messages_about_a_resource_have_its_place(evaluation, line_of):
    (message,) = (finding for finding in evaluation.findings if finding.code == "log-error")
    assert message.source.line == line_of("structure", 'good = Good("good")')
