"""Faults that somebody could plant: each is caught by the rule that is there for it, where it is and nowhere else."""

from pathlib import Path

import pytest

from mlplatform.check import Checked, Finding, Job, Severity, check
from mlplatform.check.checkov import Checkov
from mlplatform.graph import EvaluationRequest, evaluate
from mlplatform.graph import Severity as GraphSeverity
from mlplatform.local.paths import cache_dir

pytestmark = pytest.mark.checkov


@pytest.fixture(scope="module")
def checked(checkov: Checkov, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    directory = tmp_path_factory.mktemp("faults")
    source = Path(__file__).with_name("faults.py").read_text(encoding="utf-8")
    (directory / "__main__.py").write_text(source, encoding="utf-8")
    evaluation = evaluate(EvaluationRequest("faults", {}, directory))
    assert [each for each in evaluation.findings if each.severity is not GraphSeverity.NOTE] == []
    (found,) = check([Job("faults", evaluation)], cache_dir(), print)
    return found


def found(checked: Checked, rule: str) -> dict[str, Finding]:
    return {each.resource.rpartition("::")[2]: each for each in checked.findings if each.rule == rule}


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("CKV_AWS_53", "access"),  # public access is not blocked
        ("CKV_AWS_70", "bucket-policy"),  # anybody may read
        ("CKV_AWS_24", "rule"),  # SSH from anywhere
        ("CKV_AWS_16", "database"),  # not encrypted
        ("CKV_AWS_17", "database"),  # public
        ("CKV_AWS_63", "rights"),  # every action
        ("CKV2_AWS_40", "rights"),  # the same, told by checkov's graph
        ("CKV_AWS_7", "key"),  # no rotation
        ("CKV_AWS_39", "cluster"),  # public endpoint
        ("CKV_AWS_79", "template"),  # metadata without a token
        ("CKV_AWS_3", "volume"),  # not encrypted
        ("CKV_AWS_51", "images"),  # mutable tags
        ("CKV2_AWS_6", "bucket"),  # public, told by its block
        ("CKV_GCP_20", "gke"),  # open to any network
        ("CKV_GCP_25", "gke"),  # public
        ("CKV_GCP_11", "sql"),  # open to the world
        ("CKV_GCP_60", "sql"),  # public address
        ("CKV_GCP_114", "gcs"),  # no public access prevention
        ("CKV_GCP_29", "gcs"),  # access by object
        ("CKV_GCP_43", "crypto-key"),  # no rotation
        ("CKV_K8S_16", "pod"),  # privileged
    ],
)
def test_a_fault_is_caught_and_its_absence_is_not(checked: Checked, rule: str, name: str):
    caught = found(checked, rule)
    assert f"bad-{name}" in caught
    assert f"good-{name}" not in caught
    finding = caught[f"bad-{name}"]
    assert finding.severity is Severity.ERROR
    assert finding.source is not None
    assert finding.source.file == "__main__.py"


def test_every_resource_of_a_list_is_connected(checked: Checked):
    loose = found(checked, "CKV2_AWS_5")
    assert "bad-loose-group" in loose
    assert {"good-first-group", "good-second-group"}.isdisjoint(loose)


def test_an_annotation_waives_nothing(checked: Checked):
    finding = found(checked, "CKV_K8S_16")["bad-skipping"]
    assert finding.remedy.startswith("remove the annotation")


def test_what_is_not_looked_into_is_named(checked: Checked):
    notes = {each.rule: each for each in checked.findings if each.severity is Severity.NOTE}
    assert sorted(notes) == ["chart-not-expanded", "patch-not-applied"]
    assert notes["chart-not-expanded"].message == "chart thing 1.0.0: its objects were not looked into"
    assert notes["chart-not-expanded"].remedy == (
        "scan what helm prints: mlplatform render faults --out out/faults && helm template thing thing --version 1.0.0 "
        "--namespace team --values out/faults/releases/*-release-team-thing.yaml"
    )
    assert notes["patch-not-applied"].resource == "kubernetes:storage.k8s.io/v1:StorageClassPatch::patch"


def test_no_secret_reaches_a_finding(checked: Checked):
    assert "not-for-anybody" not in repr(checked)
