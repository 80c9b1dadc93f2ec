"""The bootstrap: what it makes, that it makes it once, and what it refuses."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.gcp.services import services
from mlplatform.bootstrap import run
from mlplatform.bootstrap.aws import AwsTarget, aws_plan
from mlplatform.bootstrap.gcp import GcpTarget, gcp_plan
from mlplatform.bootstrap.plan import State, difference
from mlplatform.commands.bootstrap import bootstrap, plan, print_script
from mlplatform.environments import Environment
from mlplatform.errors import UserError
from tests.bootstrap.conftest import Cloud

Named = Callable[[str], Environment]

AWS_BUCKET = "mlplatform-aws-dev-state-111122223333"
GCP_BUCKET = "gs://mlplatform-gcp-dev-state-210987654321"
GCP_KEY = "projects/example-ml-dev/locations/europe-west1/keyRings/mlplatform-gcp-dev-state/cryptoKeys/state"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SETTLING_SECONDS", (0.0, 0.0))


def make(environment: Environment) -> list[str]:
    """Bootstrap without asking; return what was reported."""
    told: list[str] = []
    bootstrap(environment, told.append, yes=True)
    return told


def test_an_account_gets_a_key_and_a_closed_bucket_of_versions(aws: Cloud, environment: Named) -> None:
    make(environment("aws-dev"))
    (arn,) = aws.world["keys"]
    assert aws.world["aliases"] == {"alias/mlplatform-aws-dev-state": arn}
    assert aws.world["keys"][arn]["rotation"] is True
    assert aws.world["keys"][arn]["tags"]["owner"] == "ml-platform"
    bucket = aws.world["buckets"][AWS_BUCKET]
    assert set(bucket["public-access-block"].values()) == {True}
    assert bucket["bucket-versioning"] == {"Status": "Enabled"}
    (rule,) = bucket["bucket-encryption"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "arn:aws:kms:eu-west-1:111122223333:alias/mlplatform-aws-dev-state",
    }
    (statement,) = json.loads(bucket["bucket-policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (lifecycle,) = bucket["bucket-lifecycle-configuration"]["Rules"]
    assert "Expiration" not in lifecycle
    assert lifecycle["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10}


def test_an_account_gets_the_role_of_spot_machines_once(aws: Cloud, environment: Named) -> None:
    make(environment("aws-dev"))
    assert aws.world["roles"] == ["AWSServiceRoleForEC2Spot"]
    # The account's other environment finds it.
    aws.forget_calls()
    aws.change(buckets={}, aliases={}, keys={})
    make(environment("aws-dev"))
    assert "iam create-service-linked-role" not in aws.writes()


def test_a_project_gets_apis_a_key_and_a_closed_bucket_of_versions(gcloud: Cloud, environment: Named) -> None:
    make(environment("gcp-dev"))
    assert {"container.googleapis.com", "sqladmin.googleapis.com"} <= set(gcloud.world["apis"])
    assert gcloud.world["keys"] == [GCP_KEY]
    bucket = gcloud.world["buckets"][GCP_BUCKET]
    assert bucket["iamConfiguration"] == {
        "uniformBucketLevelAccess": {"enabled": True},
        "publicAccessPrevention": "enforced",
    }
    assert bucket["encryption"] == {"defaultKmsKeyName": GCP_KEY}
    assert bucket["versioning"] == {"enabled": True}
    assert bucket["softDeletePolicy"] == {"retentionDurationSeconds": 90 * 86400}
    assert bucket["lifecycle"]["rule"][0]["condition"] == {"daysSinceNoncurrentTime": 90, "numNewerVersions": 10}
    assert bucket["labels"] == {"cost-center": "research", "owner": "ml-platform"}


def test_bigquery_has_the_account_that_a_key_is_granted_to(gcloud: Cloud, environment: Named) -> None:
    known = environment("gcp-dev")
    assert known.settings.gcp is not None
    assert known.settings.gcp.datasets
    make(known)
    assert gcloud.world["dataset_agent"] is True


def test_nobody_asks_bigquery_where_there_are_no_datasets(gcloud: Cloud) -> None:
    target = GcpTarget("gcp-dev", "mlp-dev", "example-ml-dev", "1", "europe-west1", {"owner": "me"})
    plans = [gcp_plan(replace(target, datasets=datasets), datetime.now(UTC)) for datasets in (False, True)]
    asks = [[step.key for step in each.steps if step.commands[0].program == "bq"] for each in plans]
    assert asks == [[], ["datasets"]]


def test_the_apis_are_those_that_the_environment_keeps_on(gcloud: Cloud, environment: Named) -> None:
    make(environment("gcp-dev"))
    kept = {f"{service}.googleapis.com" for service in services(managed_airflow=False)}
    assert kept <= set(gcloud.world["apis"])
    assert "composer.googleapis.com" not in gcloud.world["apis"]


@pytest.mark.parametrize("name", ["aws-dev", "gcp-dev"])
def test_a_second_run_changes_nothing(request: pytest.FixtureRequest, environment: Named, name: str) -> None:
    cloud: Cloud = request.getfixturevalue({"aws": "aws", "gcp": "gcloud"}[name.partition("-")[0]])
    assert make(environment(name))
    assert cloud.writes()
    after = cloud.world
    cloud.forget_calls()
    assert make(environment(name)) == ["looking at what " + name + " has"]
    assert cloud.writes() == []
    assert cloud.world == after


WRITES = {
    "aws-dev": ["s3api create-bucket", "s3api put-bucket-encryption"],
    "gcp-dev": ["storage service-agent", "storage buckets update"],
}


@pytest.mark.parametrize(("name", "failing"), [(name, verb) for name, verbs in WRITES.items() for verb in verbs])
def test_after_a_failure_in_the_middle_the_next_run_goes_on(
    request: pytest.FixtureRequest, environment: Named, name: str, failing: str
) -> None:
    cloud: Cloud = request.getfixturevalue({"aws": "aws", "gcp": "gcloud"}[name.partition("-")[0]])
    cloud.change(fail=failing)
    with pytest.raises(UserError) as caught:
        make(environment(name))
    assert "not authorized" in caught.value.message or "PERMISSION_DENIED" in caught.value.message
    assert failing in caught.value.message
    assert caught.value.hint is not None
    assert "run the same command again" in caught.value.hint
    made = cloud.writes()
    cloud.change(fail="")
    cloud.forget_calls()
    make(environment(name))
    # It begins with what failed, and makes nothing of what was made before again.
    assert cloud.writes()[0].startswith(failing)
    assert made[-1].startswith(failing)
    assert len(cloud.world["keys"]) == len(cloud.world["buckets"]) == 1


def test_a_setting_that_somebody_weakened_is_set_again(aws: Cloud, environment: Named) -> None:
    make(environment("aws-dev"))
    world = aws.world
    world["buckets"][AWS_BUCKET]["bucket-versioning"] = {"Status": "Suspended"}
    world["buckets"][AWS_BUCKET]["public-access-block"]["BlockPublicPolicy"] = False
    aws.change(**world)
    aws.forget_calls()
    assert len(make(environment("aws-dev"))) == 3
    assert aws.writes() == ["s3api put-public-access-block", "s3api put-bucket-versioning"]


@pytest.mark.parametrize(
    ("subject", "value", "told"),
    [
        ("bucket-policy", json.dumps({"Statement": [{"Sid": "Mine"}]}), "policy of the bucket: Statement lacks"),
        ("bucket-lifecycle-configuration", {"Rules": [{"ID": "mine"}]}, "end of earlier versions: Rules lacks"),
    ],
)
def test_what_somebody_else_wrote_is_not_overwritten(
    aws: Cloud, environment: Named, subject: str, value: Any, told: str
) -> None:
    aws.change(buckets={AWS_BUCKET: {subject: value}})
    with pytest.raises(UserError, match="is not overwritten; nothing was changed") as caught:
        make(environment("aws-dev"))
    assert told in caught.value.message
    assert aws.writes() == []


def test_a_key_that_is_about_to_be_deleted_is_told_and_no_other_is_made(aws: Cloud, environment: Named) -> None:
    make(environment("aws-dev"))
    world = aws.world
    (key,) = world["keys"].values()
    key["state"] = "PendingDeletion"
    aws.change(**world)
    aws.forget_calls()
    with pytest.raises(UserError, match="is PendingDeletion"):
        make(environment("aws-dev"))
    assert aws.writes() == []


def test_a_key_whose_alias_could_not_be_made_is_found_by_its_tag(aws: Cloud, environment: Named) -> None:
    aws.change(fail="kms create-alias")
    with pytest.raises(UserError):
        make(environment("aws-dev"))
    (arn,) = aws.world["keys"]
    aws.change(fail="")
    make(environment("aws-dev"))
    assert aws.world["aliases"] == {"alias/mlplatform-aws-dev-state": arn}


def test_another_account_is_refused_before_anything_is_looked_at(aws: Cloud, environment: Named) -> None:
    aws.change(account="999988887777")
    with pytest.raises(UserError) as caught:
        make(environment("aws-dev"))
    assert "aws acts in account 999988887777" in caught.value.message
    assert "wanted: account 111122223333; nothing was changed" in caught.value.message
    assert [call[:2] for call in aws.calls()] == [["sts", "get-caller-identity"]]


def test_a_project_of_another_number_is_refused(gcloud: Cloud, environment: Named) -> None:
    gcloud.change(number="999988887777")
    with pytest.raises(UserError, match="project example-ml-dev, whose number is 999988887777"):
        make(environment("gcp-dev"))
    assert gcloud.writes() == []


def test_without_credentials_it_says_how_to_log_in(aws: Cloud, environment: Named) -> None:
    aws.change(account="")
    with pytest.raises(UserError, match="cannot tell who it acts as: Unable to locate credentials") as caught:
        make(environment("aws-dev"))
    assert caught.value.hint == "log in with: aws sso login, or aws configure"


def test_nobody_logged_in_to_google_cloud_is_told(gcloud: Cloud, environment: Named) -> None:
    gcloud.change(user="")
    with pytest.raises(UserError, match="gcloud acts in nobody; wanted: an account") as caught:
        make(environment("gcp-dev"))
    assert caught.value.hint == "log in with: gcloud auth login"


@pytest.mark.parametrize(("name", "program"), [("aws-dev", "aws"), ("gcp-dev", "gcloud")])
def test_without_the_clouds_command_line_it_says_where_it_comes_from(
    standin: Any, environment: Named, name: str, program: str
) -> None:
    with pytest.raises(UserError, match=f"{program} is not on PATH") as caught:
        make(environment(name))
    assert "https://" in str(caught.value.hint)


def test_a_bucket_of_another_account_is_neither_used_nor_made(aws: Cloud, environment: Named) -> None:
    aws.change(taken=AWS_BUCKET)
    with pytest.raises(UserError, match=re.escape("it cannot be told whether it is there")) as caught:
        make(environment("aws-dev"))
    assert "(403)" in caught.value.message
    assert aws.writes() == []


def test_nobody_to_ask_means_no(aws: Cloud, environment: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", open("/dev/null", encoding="utf-8"))  # noqa: PTH123, SIM115 - a plain handle
    with pytest.raises(UserError, match="there is nobody to ask; nothing was changed"):
        bootstrap(environment("aws-dev"), print, yes=False)
    assert aws.writes() == []


def test_print_runs_nothing_and_gives_every_command(
    standin: Any, environment: Named, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    print_script(environment("aws-dev"))
    lines = capsys.readouterr().out.splitlines()
    chosen = plan(environment("aws-dev"))
    for step in chosen.steps:
        assert f"# {step.what}: {step.why}" in lines
    assert next(line for line in lines if line.startswith("state_key=$(aws kms create-key "))
    assert next(line for line in lines if '--target-key-id "$state_key"' in line)
    assert lines[-2:] == [
        f"pulumi login 's3://{AWS_BUCKET}?region=eu-west-1'",
        "pulumi stack init aws-dev --secrets-provider='awskms:///alias/mlplatform-aws-dev-state?region=eu-west-1'",
    ]


def run_script(environment: Environment, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the printed script by a shell that has the stand-ins on PATH; return its exit code and what it complained."""
    pulumi = cloud.program.with_name("pulumi")
    pulumi.write_text("#!/bin/sh\n")
    pulumi.chmod(0o755)
    capsys.readouterr()
    print_script(environment)
    script = capsys.readouterr().out
    done = subprocess.run(["/bin/sh"], input=script, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("name", "program"), [("aws-dev", "aws"), ("gcp-dev", "gcloud")])
def test_the_printed_script_makes_everything(
    request: pytest.FixtureRequest, environment: Named, capsys: pytest.CaptureFixture[str], name: str, program: str
) -> None:
    cloud: Cloud = request.getfixturevalue(program)
    assert run_script(environment(name), cloud, capsys) == (0, "")
    cloud.forget_calls()
    make(environment(name))
    assert cloud.writes() == []


@pytest.mark.parametrize(
    ("name", "program", "other", "complaint"),
    [
        ("aws-dev", "aws", {"account": "999999999999"}, "aws acts in 999999999999; wanted: account 111122223333"),
        ("gcp-dev", "gcloud", {"number": "5"}, "gcloud acts in 5; wanted: project example-ml-dev with the number"),
    ],
)
def test_the_printed_script_stops_in_another_account(
    request: pytest.FixtureRequest,
    environment: Named,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    program: str,
    other: dict[str, str],
    complaint: str,
) -> None:
    cloud: Cloud = request.getfixturevalue(program)
    cloud.change(**other)
    code, complained = run_script(environment(name), cloud, capsys)
    assert code == 1
    assert complained.startswith(complaint)
    assert cloud.writes() == []


def test_the_printed_script_stops_where_a_command_fails_or_nobody_is_logged_in(
    aws: Cloud, environment: Named, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.change(fail="kms create-alias")
    code, complained = run_script(environment("aws-dev"), aws, capsys)
    assert code != 0
    assert "AccessDenied" in complained
    assert aws.writes() == ["kms create-key", "kms create-alias"]
    aws.forget_calls()
    aws.change(fail="", account="")
    assert run_script(environment("aws-dev"), aws, capsys)[0] != 0
    assert aws.writes() == []


def test_the_printed_script_keeps_what_another_environment_of_the_account_made(
    aws: Cloud, environment: Named, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.change(roles=["AWSServiceRoleForEC2Spot"])
    assert run_script(environment("aws-dev"), aws, capsys) == (0, "")
    assert "iam create-service-linked-role" not in aws.writes()


def test_no_command_deletes(environment: Named) -> None:
    words = {
        word
        for name in ("aws-dev", "gcp-dev")
        for step in plan(environment(name)).steps
        for command in step.commands
        for word in command.args
    }
    assert [word for word in words if isinstance(word, str) and re.match(r"delete|remove|clear|--clear", word)] == []


def test_a_file_with_another_key_is_refused(environment: Named, tmp_path: Path) -> None:
    known = environment("aws-dev")
    file = tmp_path / "Pulumi.aws-dev.yaml"
    text = known.file.read_text(encoding="utf-8")
    file.write_text(text.replace("alias/mlplatform-aws-dev-state", "alias/other"), encoding="utf-8")
    with pytest.raises(UserError, match="secretsprovider is awskms:///alias/other"):
        plan(replace(known, file=file))


def test_a_local_environment_needs_none(environment: Named) -> None:
    with pytest.raises(UserError, match="local runs on local, and keeps its state beside its cluster"):
        plan(environment("local"))


def test_the_first_region_is_not_named_as_a_location_and_a_profile_always_is() -> None:
    target = AwsTarget("dev", "mlp-dev", "111122223333", "us-east-1", {"owner": "me"}, profile="ml")
    commands = [command for step in aws_plan(target).steps for command in step.commands]
    (create,) = [command for command in commands if "create-bucket" in command.args]
    assert "--create-bucket-configuration" not in create.args
    assert all("--profile" in command.args for command in commands)


@pytest.mark.parametrize(
    ("wanted", "answer", "told"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ""),
        ({"a": {"b": True}}, {"a": {"b": False}}, "a.b is False in place of True"),
        ({"a": {"b": True}}, {}, "a is None"),
        ({"a": [{"k": 1}]}, {"a": [{"k": 2}, {"k": 1, "l": 3}]}, ""),
        ({"a": [{"k": 1}]}, {"a": [{"k": 2}]}, "a lacks {'k': 1}"),
        ({"a": "7776000"}, {"a": 7776000}, ""),
    ],
)
def test_differences_are_what_is_lacking(wanted: Any, answer: Any, told: str) -> None:
    assert difference(wanted, answer) == told


def test_every_step_says_how_it_is_found_and_how_it_is_made(environment: Named) -> None:
    for name in ("aws-dev", "gcp-dev"):
        steps = plan(environment(name)).steps
        assert len({step.key for step in steps}) == len(steps)
        assert all(step.checks and step.commands and step.why for step in steps)
        assert {state.value for state in State} == {"done", "missing", "different"}
