import datetime as dt
from pathlib import Path

import pytest

from mlplatform.check import Checked, Finding, Severity, Verdict, WaiverError, judge, load_waivers

PROJECT = Path(__file__).parents[2]
TODAY = dt.date(2026, 12, 1)

KEYS = "id, resource, reason, owner, expires, environments"

WAIVER = """
  - id: CKV_AWS_18
    resource: aws:s3/bucket:Bucket::logs
    reason: A bucket of access logs would log to itself.
    owner: ml-platform
    expires: 2026-12-01
"""


def write(directory: Path, text: str) -> Path:
    file = directory / "waivers.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def finding(name: str = "logs", rule: str = "CKV_AWS_18", environment: str = "aws-dev") -> Finding:
    urn = f"urn:pulumi:{environment}::mlplatform::mlplatform:index:AwsStore$aws:s3/bucket:Bucket::{name}"
    return Finding("checkov", rule, urn, Severity.ERROR, "log access", "log access")


def judged(
    directory: Path, text: str, *findings: Finding, environment: str = "aws-dev", as_of: dt.date = TODAY
) -> Verdict:
    waivers = load_waivers(write(directory, f"waivers:{text}"))
    known = ("aws-dev", "aws-prod")
    return judge([Checked(environment, {"checkov": 7}, findings)], waivers, as_of, known)


def problems(directory: Path, text: str) -> list[str]:
    with pytest.raises(WaiverError) as caught:
        load_waivers(write(directory, text))
    return [each.removeprefix(f"{directory / 'waivers.yaml'}:") for each in caught.value.problems]


def test_the_projects_own_file_can_be_read_and_stays_short():
    waivers = load_waivers(PROJECT / "policies" / "waivers.yaml")
    assert all(each.owner for each in waivers)
    assert len(waivers) < 12


def test_a_waiver_waives_what_it_names_and_nothing_else(tmp_path: Path):
    verdict = judged(tmp_path, WAIVER, finding(), finding("data"), finding(rule="CKV_AWS_21"))
    (environment,) = verdict.environments
    assert [each.resource for each, _ in environment.waived] == ["aws:s3/bucket:Bucket::logs"]
    assert [(each.rule, each.resource) for each in environment.failed] == [
        ("CKV_AWS_18", "aws:s3/bucket:Bucket::data"),
        ("CKV_AWS_21", "aws:s3/bucket:Bucket::logs"),
    ]
    assert not verdict.passed


@pytest.mark.parametrize(
    "pattern", ["'*::logs'", "'urn:pulumi:*:AwsStore$aws:s3/bucket:Bucket::l?gs'", "aws:s3/bucket:Bucket::*"]
)
def test_a_pattern_is_of_the_urn_or_of_type_and_name(tmp_path: Path, pattern: str):
    text = WAIVER.replace("aws:s3/bucket:Bucket::logs", pattern)
    assert judged(tmp_path, text, finding()).environments[0].failed == ()


def test_a_waiver_holds_on_its_last_day_and_not_after(tmp_path: Path):
    last = judged(tmp_path, WAIVER, finding())
    assert (last.environments[0].failed, last.expired) == ((), ())
    after = judged(tmp_path, WAIVER, finding(), as_of=dt.date(2026, 12, 2))
    assert len(after.environments[0].failed) == 1
    assert [each.id for each in after.expired] == ["CKV_AWS_18"]
    assert not after.passed


def test_a_waiver_can_be_for_some_environments(tmp_path: Path):
    text = f"{WAIVER}    environments: [aws-dev]\n"
    assert judged(tmp_path, text, finding()).passed
    elsewhere = judged(tmp_path, text, finding(), environment="aws-prod")
    assert len(elsewhere.environments[0].failed) == 1


def test_an_unused_waiver_fails_where_all_its_environments_were_checked(tmp_path: Path):
    for_one = f"{WAIVER}    environments: [aws-dev]\n"
    assert [each.id for each in judged(tmp_path, for_one).unused] == ["CKV_AWS_18"]
    assert not judged(tmp_path, for_one).passed
    assert judged(tmp_path, WAIVER).unused == ()  # aws-prod, which was not checked, may need it
    for_none = f"{WAIVER}    environments: [aws-old]\n"
    assert [each.id for each in judged(tmp_path, for_none).unused] == ["CKV_AWS_18"]


def test_what_was_not_looked_into_fails_nothing(tmp_path: Path):
    note = Finding("checkov", "chart-not-expanded", "", Severity.NOTE, "not looked into", "render it")
    verdict = judged(tmp_path, " []", note)
    assert verdict.passed
    assert verdict.environments[0].notes == (note,)


def test_the_verdict_says_everything_as_json(tmp_path: Path):
    told = judged(tmp_path, WAIVER, finding(), finding("data")).to_dict()
    assert told["asOf"] == "2026-12-01"
    (environment,) = told["environments"]
    assert environment["passed"] == {"checkov": 7}
    assert environment["failed"][0]["rule"] == "CKV_AWS_18"
    assert environment["waived"][0]["waiver"]["owner"] == "ml-platform"


def test_every_problem_is_told_with_line_key_value_and_what_is_allowed(tmp_path: Path):
    text = f"""
waivers:{WAIVER}    expries: 2027-01-01
  - id: CKV_AWS_21
    resource:
    reason: too short
    owner: [me]
    expires: soon
    environments: aws-dev
  - just a text
"""
    assert problems(tmp_path, text) == [
        f"8: waivers[0].expries: got an unknown key; allowed: {KEYS}",
        "10: waivers[1].resource: got nothing; allowed: a text",
        "12: waivers[1].owner: got a list; allowed: a text",
        "11: waivers[1].reason: got 'too short'; allowed: at least 20 characters",
        "13: waivers[1].expires: got 'soon'; allowed: a date, such as 2027-06-30",
        "14: waivers[1].environments: got 'aws-dev'; allowed: a list of names of environments; leave it out for all",
        f"15: waivers[2]: got 'just a text'; allowed: a mapping with the keys {KEYS}",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: got nothing; allowed: a mapping with the key waivers, a list of waivers"),
        ("waivers:\n", "1: waivers: got nothing; allowed: a list of waivers; [] for none"),
        ("wavers: []\n", "1: wavers: got an unknown key; allowed: waivers"),
        ("waivers: [}\n", ""),
        (
            f"waivers:{WAIVER.replace('expires: 2026-12-01', 'expires: [2026-12-01]')}",
            "6: waivers[0].expires: got a list; allowed: a date, such as 2027-06-30",
        ),
        (
            f"waivers:{WAIVER}{WAIVER}",
            "8: waivers[1]: got CKV_AWS_18 for 'aws:s3/bucket:Bucket::logs' again; allowed: ",
        ),
        (f"waivers:{WAIVER}    owner: you\n", "7: waivers[0].owner: got the key again; allowed: each key once"),
        (
            f"waivers:{WAIVER.replace('    owner: ml-platform', '')}",
            "2: waivers[0].owner: got nothing; allowed: a value",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, problem: str):
    assert any(each.startswith(problem) for each in problems(tmp_path, text))


def test_a_file_that_is_missing_is_refused(tmp_path: Path):
    with pytest.raises(WaiverError, match=r"none\.yaml: cannot be read: No such file"):
        load_waivers(tmp_path / "none.yaml")
