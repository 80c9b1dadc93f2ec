"""The command, run as a user runs it, over the committed local environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlplatform.check.checkov import Checkov
from mlplatform.environments import PROGRAM

DAY = "2026-12-01"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "mlplatform"), *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """Write a copy of the committed local environment whose sample runs an image by its tag."""
    directory = tmp_path / "stacks"
    directory.mkdir()
    content = yaml.safe_load((PROGRAM / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    for template in content["config"]["mlplatform:scoring"].values():
        template.pop("digest", None)
        template["tag"] = "1.0.0"
    (directory / "Pulumi.mine.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return directory


@pytest.mark.checkov
def test_every_environment_passes_with_the_projects_waivers(checkov: Checkov, tmp_path: Path):
    done = run("check", "--all", "--as-of", DAY, "--json", "out.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"Checked as of {DAY}" in done.stdout
    verdict = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert verdict["passed"] is True
    passed = {each["environment"]: each["passed"]["checkov"] for each in verdict["environments"]}
    assert sorted(passed) == ["aws-dev", "aws-prod", "gcp-dev", "gcp-prod", "local"]
    assert passed.pop("local") > 100
    assert min(passed.values()) > 300
    assert [each["failed"] for each in verdict["environments"]] == [[]] * 5


@pytest.mark.checkov
def test_a_failure_names_rule_resource_line_and_what_to_do(checkov: Checkov, tmp_path: Path, stacks: Path):
    (tmp_path / "none.yaml").write_text("waivers: []\n", encoding="utf-8")
    done = run("check", "--stacks", str(stacks), "--waivers", "none.yaml", "--as-of", DAY, cwd=tmp_path)
    assert done.returncode == 1
    assert "failed mine: CKV_K8S_43 kubernetes:batch/v1:CronJob::churn-daily-cron-job" in done.stdout
    assert "  at components/workloads/scoring_job.py:" in done.stdout
    assert "  urn:pulumi:mine::mlplatform::" in done.stdout
    assert "  to do: " in done.stdout


@pytest.mark.checkov
def test_waivers_that_ended_or_that_nothing_needs_fail(checkov: Checkov, tmp_path: Path, stacks: Path):
    common = {"reason": "Nobody pulls an image of a sample.", "owner": "me"}
    waivers = [
        {"id": "CKV_K8S_43", "resource": "*", "expires": "2026-11-30", **common},
        {"id": "CKV_K8S_43", "resource": "*::churn-daily-cron-job", "expires": DAY, **common},
        {"id": "CKV_AWS_18", "resource": "*", "expires": DAY, **common},
    ]
    (tmp_path / "waivers.yaml").write_text(yaml.safe_dump({"waivers": waivers}), encoding="utf-8")
    arguments = ("check", "--all", "--stacks", str(stacks), "--waivers", "waivers.yaml", "--as-of", DAY)
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert "failed mine" not in done.stdout
    assert "the waiver of CKV_K8S_43 for *, owned by me, has ended on 2026-11-30" in done.stdout
    assert "the waiver of CKV_AWS_18 for *, owned by me, is not needed" in done.stdout
    alone = run(*arguments, "--json", "-", cwd=tmp_path)
    assert [each["id"] for each in json.loads(alone.stdout)["unusedWaivers"]] == ["CKV_AWS_18"]


def test_a_file_of_waivers_that_is_wrong_is_told_before_anything_is_evaluated(tmp_path: Path):
    (tmp_path / "waivers.yaml").write_text("waivers: [1]\n", encoding="utf-8")
    done = run("check", "local", "--waivers", "waivers.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "waivers.yaml:1: waivers[0]: got '1'; allowed: a mapping with the keys" in done.stderr
    assert "evaluating" not in done.stderr


def test_a_day_that_is_none_is_refused(tmp_path: Path):
    done = run("check", "local", "--as-of", "tomorrow", cwd=tmp_path)
    assert done.returncode == 2
    assert "got 'tomorrow'; allowed: a date, such as 2027-06-30" in done.stderr


def test_a_plan_is_written_to_the_output_alone(tmp_path: Path):
    done = run("render", "local", "--terraform-plan", "-", "--out", "objects", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["format_version"].startswith("1.")
    assert document["resource_changes"] == []
    assert "files in" in done.stderr
    assert "not in the plan: 3 resources of the provider random" in done.stderr


def test_render_asks_what_is_to_be_written(tmp_path: Path):
    done = run("render", "local", cwd=tmp_path)
    assert done.returncode == 2
    assert "give --out, --terraform-plan or both" in done.stderr
