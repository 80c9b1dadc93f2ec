"""Strict checks of inputs: everything that is wrong is told at once, with place, reason and the near name."""

import shutil
from pathlib import Path

import pytest

from mlplatform.graph import Severity, evaluate

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def told(make_request):
    """Give ``path: message`` of the findings by resource name."""

    def findings(program, **arguments):
        result = {}
        for finding in evaluate(make_request(program, **arguments)).findings:
            result.setdefault(finding.urn.rsplit("::", 1)[-1], []).append(f"{finding.path}: {finding.message}")
        return result

    return findings


@pytest.fixture(scope="module")
def typos(told):
    return told("typos")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            "server",
            [
                "metadata.labels.replicas: got 3; allowed: a string",
                'spec.replicas: got "two"; allowed: a whole number',
                "spec.selector: is missing",
                'spec.template.metadata.lables: is not an argument (did you mean "labels"?)',
                "spec.template.spec.containers[1].name: is missing",
                'spec.template.spec.containers[1].ports[0].containerPort: got "http"; allowed: a whole number',
                'spec.template.spec.containers[1].resoures: is not an argument (did you mean "resources"?)',
                'spec.template.spec.securityContext.runAsNonRoot: got "yes"; allowed: true or false',
            ],
        ),
        ("web", ['spec.type: got "Cluster"; allowed: "ExternalName", "ClusterIP", "NodePort", "LoadBalancer"']),
        ("odd", ["spec.ports[0].targetPort: got true; allowed: a whole number or a string"]),
        (
            "numbers",
            [
                "data.a: got 1; allowed: a string",
                'data["b.c"]: got false; allowed: a string',
                "immutable: got 1; allowed: true or false",
            ],
        ),
        ("open", ['spec.ingress: got {"from": []}; allowed: a list']),
        ("short", ["length: got 12.5; allowed: a whole number"]),
    ],
)
def test_what_the_sdk_lets_pass_is_told(typos, resource, expected):
    assert typos[resource] == expected


def test_a_resource_in_order_has_no_finding(typos):
    assert set(typos) == {"server", "web", "odd", "numbers", "open", "short"}


def test_findings_name_the_line(run, line_of):
    by_name = {finding.urn.rsplit("::", 1)[-1]: finding for finding in run("typos").findings}
    assert str(by_name["short"]) == (
        f"tests/graph/programs/typos/__main__.py:{line_of('typos', 'length=12.5')}: short: "
        "length: got 12.5; allowed: a whole number"
    )
    assert {finding.severity for finding in by_name.values()} == {Severity.ERROR}


def test_custom_resources_are_checked_against_their_schema(told):
    findings = told("custom")
    assert findings["bad"] == [
        'metadata.lables: is not an argument (did you mean "labels"?)',
        'spec.mode: got "slow"; allowed: "fast", "cheap"',
        "spec.nodes[0].zone: got 1; allowed: a string",
        'spec.siez: is not an argument (did you mean "size"?)',
        "spec.size: is missing",
        "spec.token: got [secret] (a string); allowed: a whole number",
    ]
    assert "good" not in findings
    assert "unheard-of" not in findings


def test_chart_values_are_checked_as_far_as_they_are_given(told):
    assert told("custom")["hub"][1:] == [
        'values.cull.enabled: got "yes"; allowed: true or false',
        "values.db.password: got [secret] (a number); allowed: a string",
        'values.proksy: is not an argument (did you mean "proxy"?)',
    ]


def test_without_schemas_only_metadata_of_custom_resources_is_checked(told, monkeypatch, tmp_path):
    monkeypatch.delenv("MLPLATFORM_SCHEMAS", raising=False)
    (tmp_path / "project").mkdir()
    shutil.copytree(PROGRAMS / "custom", tmp_path / "project" / "program")
    (tmp_path / "project" / "Pulumi.yaml").touch()
    request = {"schemas": None, "program_path": tmp_path / "project" / "program"}
    findings = told("custom", **request)
    assert findings["bad"] == ['metadata.lables: is not an argument (did you mean "labels"?)']
    assert [text for text in findings["hub"] if text.startswith("values")] == []


@pytest.mark.parametrize("by", ["environment", "place"])
def test_the_schema_directory_is_found(told, monkeypatch, tmp_path, by):
    monkeypatch.delenv("MLPLATFORM_SCHEMAS", raising=False)
    shutil.copytree(PROGRAMS / "custom", tmp_path / "project" / "program")
    (tmp_path / "project" / "Pulumi.yaml").touch()
    place = tmp_path / "shared" / "schemas" if by == "place" else tmp_path / "elsewhere"
    shutil.copytree(PROGRAMS.parent / "schemas", place)
    if by == "environment":
        monkeypatch.setenv("MLPLATFORM_SCHEMAS", str(place))
    findings = told("custom", schemas=None, program_path=tmp_path / "project" / "program")
    assert "spec.size: is missing" in findings["bad"]


def test_a_broken_schema_is_told_by_its_file(fail, tmp_path):
    schema = tmp_path / "crds" / "example.com" / "pool_v1.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{")
    assert fail("custom", schemas=tmp_path).reason.startswith(f"the schema {schema} cannot be read: ")
