"""Names made of several parts: each limit that is told where a name is made is checked before anything runs."""

import inspect
import re
from collections.abc import Callable
from types import ModuleType

import pytest

from components.aws import names as aws
from components.aws.facts import AwsEnvironment
from components.gcp import access_logs, audit_logs
from components.gcp import names as gcp
from stacks.settings import rules

CHECKED = inspect.getsource(rules.names)
LONGEST_ON_AWS = 63 - len("-access-logs-") - 12
"""The longest name of an environment of AWS: a bucket is named after it and the account."""

LONGEST_ON_GCP = 30 - len("-node")
"""The longest name of an environment of Google Cloud: a service account is named after it."""

ROOMY = {
    "alarms_topic_name": (LONGEST_ON_AWS + len("-alarms"), 256),
    "airflow_name": (LONGEST_ON_AWS, 80),
    "addon_role_name": (LONGEST_ON_AWS + len("-efs-mount"), 64),
    "interruption_queue_name": (LONGEST_ON_AWS + len("-interruptions"), 80),
    "interruption_rule_name": (LONGEST_ON_AWS + len("-reservation"), 64),
    "karpenter_policy_name": (LONGEST_ON_AWS + len("-karpenter-") + 40, 128),
    "key_alias": (LONGEST_ON_AWS + len("alias/-") + 40, 256),
    "launch_template_name": (LONGEST_ON_AWS + len("-") + 40, 128),
    "node_group_name": (40 + len("-") + 6, 63),
    "repository_name": (LONGEST_ON_AWS + len("/") + 58 + len("/") + 100, 256),
    "custom_role_id": (LONGEST_ON_GCP + len("_") + 30, 64),
    "secret_path": (LONGEST_ON_AWS + len("//") + 2 * 63, 512),
    "secret_id": (LONGEST_ON_GCP + len("-databases-") + 63, 255),
    "update_topic_name": (LONGEST_ON_GCP + len("--updates") + 30, 255),
}
"""Names that no settings make too long: the longest that there can be, and the limit."""

SHORTENED = {"connection_name", "image_cache_prefix"}
"""Names that are cut to their limit where they are made."""

OF_MACHINES = {"node_pool_name"}
"""Names that the rule of GKE's pools checks."""


def limited(module: ModuleType) -> dict[str, Callable[..., str]]:
    """Functions whose documentation tells how many characters the name may have."""
    functions = inspect.getmembers(module, inspect.isfunction)
    documented = re.compile(r"(at most|to) \d+ (characters|letters)|\d+ to \d+ lower-case")
    own = [(name, each) for name, each in functions if each.__module__ == module.__name__]
    return {name: each for name, each in own if documented.search(each.__doc__ or "")}


@pytest.mark.parametrize("module", [aws, gcp], ids=["aws", "gcp"])
def test_every_limit_is_checked(module: ModuleType):
    names = limited(module)
    assert len(names) > 8
    for name in names:
        checked = re.search(rf"\b{module.__name__.split('.')[1]}\.{name}\(", CHECKED) is not None
        assert checked or name in {*ROOMY, *SHORTENED, *OF_MACHINES}, name


@pytest.mark.parametrize("name", ROOMY)
def test_names_that_are_not_checked_have_room(name: str):
    longest, limit = ROOMY[name]
    assert longest <= limit


def test_the_buckets_of_google_cloud_are_those_that_are_made():
    assert rules.names.GCP_BUCKETS == (access_logs.BUCKET, audit_logs.BUCKET)


def test_the_longest_names_of_environments_are_what_buckets_and_service_accounts_allow():
    place = AwsEnvironment(
        name="x" * LONGEST_ON_AWS, account_id="1" * 12, region="", zones=[], tags={}, labels={}, let_go=[]
    )
    assert len(aws.access_logs_bucket(place)) == 63
    assert len(gcp.node_account_id("x" * LONGEST_ON_GCP)) == 30
