"""Secrets stay out of everything that is shown or written."""

import re

import pytest

from mlplatform.graph import ResourceGraph, Secret, evaluate, reveal

PLANTED = re.compile(r"planted-|cGxhbnRlZC1kYXRh|12345678")


@pytest.fixture(scope="module")
def evaluation(make_request):
    return evaluate(make_request("secrets"))


def urn(type_and_name):
    return f"urn:pulumi:test::mlplatform::{type_and_name}"


def test_json_has_no_secret(evaluation):
    for graph in (evaluation.preview, evaluation.filled):
        text = graph.to_json()
        assert not PLANTED.search(text)
        assert "[secret]" in text


def test_repr_has_no_secret(evaluation):
    assert not PLANTED.search(repr(evaluation))
    assert str(Secret("hunter2")) == repr(Secret("hunter2")) == f"{Secret('hunter2')}" == "[secret]"


def test_findings_have_no_secret(evaluation):
    texts = [str(finding) for finding in evaluation.findings]
    assert not any(PLANTED.search(text) for text in texts)
    assert "somebody said [secret] aloud" in texts
    wrong = {finding.path: finding.message for finding in evaluation.findings if finding.code == "wrong-type"}
    assert wrong == {
        "data.number": "got [secret] (a number); allowed: a string",
        "immutable": "got [secret] (a string); allowed: true or false",
    }


def test_whoever_deploys_gets_the_values(evaluation):
    by_urn = evaluation.filled.by_urn
    config_map = "kubernetes:core/v1:ConfigMap::"
    assert reveal(by_urn[urn(f"{config_map}plain")].inputs["data"]) == {"password": "planted-nested"}
    assert reveal(by_urn[urn(f"{config_map}whole")].inputs["data"]) == {
        "deep": "planted-deep",
        "password": "planted-whole",
    }
    assert reveal(by_urn[urn(f"{config_map}derived")].inputs["data"]) == {"url": "https://me:planted-concat@host"}
    assert reveal(by_urn[urn("mlplatform:index:Vault::vault")].outputs) == {
        "door": "planted-component-output",
        "open": False,
    }


def test_data_of_a_kubernetes_secret_is_secret_without_being_called_so(evaluation):
    inputs = evaluation.filled.by_urn[urn("kubernetes:core/v1:Secret::declared")].inputs
    assert inputs["stringData"] == {"password": Secret("planted-plain-in-secret")}
    assert inputs["data"] == {"key": Secret("cGxhbnRlZC1kYXRh")}


def test_what_follows_from_a_secret_is_secret(evaluation):
    assert evaluation.outputs["length"] == Secret(24)
    assert reveal(evaluation.outputs["secret"]) == {"a": ["planted-export"]}


def test_a_masked_graph_reads_back_as_masked(evaluation):
    again = ResourceGraph.from_json(evaluation.filled.to_json())
    assert again.to_json() == evaluation.filled.to_json()
    assert again.by_urn[urn("kubernetes:core/v1:Secret::declared")].inputs["data"] == {"key": Secret("[secret]")}


@pytest.mark.parametrize(
    "case",
    ["in_apply_of_a_secret", "with_registered_secret", "with_unregistered_secret", "with_secret_of_configuration"],
)
def test_errors_have_no_secret(fail, case):
    arguments = {"config": {"case": case, "token": "planted-token"}, "secret_keys": frozenset({"mlplatform:token"})}
    error = fail("failing", **arguments)
    shown = "\n".join([error.message, error.details, error.output, str(error), repr(error)])
    for secret in ("correct-horse-battery", "yrettab-esroh-tcerroc", "planted-token"):
        assert secret not in shown
    assert error.source is not None


def test_the_text_of_an_exception_in_a_function_of_a_secret_is_withheld(fail, line_of):
    error = fail("failing", config={"case": "in_apply_of_a_secret"})
    assert (
        error.reason
        == "ValueError in a function applied to a secret value; its text is withheld, as it may hold a secret"
    )
    assert error.source.line == line_of("failing", "return int(text[::-1])")
