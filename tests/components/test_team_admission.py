"""The policy's structure; what the API server makes of its expressions is tested on a live cluster."""

import json

from components.contracts import PoolPurpose
from components.pools import pool_facts
from components.workloads.team_admission import pod_policy, policy_binding, priority_classes
from tests.components.pool_examples import pool_args

POOLS = [
    pool_facts("scoring", pool_args()),
    pool_facts("gpu", pool_args(purpose=PoolPurpose.TRAINING)),
    pool_facts("more-scoring", pool_args()),
]


def test_the_policy_covers_pods_and_debug_containers_of_the_one_namespace() -> None:
    match = pod_policy("team-churn", POOLS, ["r/churn/score"], shared="r/platform")["matchConstraints"]
    assert match["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "team-churn"}}
    (rule,) = match["resourceRules"]
    assert rule["resources"] == ["pods", "pods/ephemeralcontainers"]
    assert rule["operations"] == ["CREATE", "UPDATE"]


def test_a_policy_that_cannot_be_evaluated_refuses() -> None:
    assert pod_policy("team-churn", POOLS, [], shared="r/platform")["failurePolicy"] == "Fail"
    assert "Deny" in policy_binding("team-churn-pods")["validationActions"]


def test_lists_in_expressions_are_sorted_so_that_the_policy_does_not_change_by_itself() -> None:
    first = pod_policy("team-churn", POOLS, ["r/b", "r/a"], shared="r/platform")
    second = pod_policy("team-churn", POOLS[::-1], ["r/a", "r/b", "r/a"], shared="r/platform")
    assert first == second
    variables = {each["name"]: each["expression"] for each in first["variables"]}
    names = ["gpu", "more-scoring", "scoring"]
    assert json.loads(variables["selectors"]) == [{"mlplatform/pool": name} for name in names]
    assert json.loads(variables["taints"]) == {"mlplatform/pool": names}
    assert json.loads(variables["repositories"]) == ["r/a", "r/b"]


def test_a_name_cannot_end_the_text_that_it_stands_in() -> None:
    policy = pod_policy("team-churn", POOLS, ["""r/a"] + ['x"""], shared="r/pl'at\"form")
    variables = {each["name"]: each["expression"] for each in policy["variables"]}
    assert json.loads(variables["repositories"]) == ["""r/a"] + ['x"""]
    assert json.dumps("r/pl'at\"form/") in variables["foreignImages"]


def test_a_team_may_claim_the_priority_of_the_work_that_its_pools_are_for() -> None:
    assert priority_classes(POOLS) == ["mlplatform-scoring", "mlplatform-training"]
    assert priority_classes([pool_facts("system", pool_args(purpose=PoolPurpose.SYSTEM))]) == []


def test_a_team_without_repositories_has_the_platforms_images() -> None:
    policy = pod_policy("team-churn", POOLS, [], shared="r/platform")
    assert policy["validations"][-1]["message"].endswith("from: r/platform/*")


def test_a_pool_that_is_selected_by_two_labels_is_selected_by_both() -> None:
    pool = pool_facts("scoring", pool_args())
    pool["node_selector"] = {**pool["node_selector"], "example.com/class": "scoring"}
    policy = pod_policy("team-churn", [pool], [], shared="r/platform")
    variables = {each["name"]: each["expression"] for each in policy["variables"]}
    assert json.loads(variables["selectors"]) == [{"example.com/class": "scoring", "mlplatform/pool": "scoring"}]
    assert json.loads(variables["taints"]) == {"example.com/class": ["scoring"], "mlplatform/pool": ["scoring"]}
    assert policy["validations"][0]["message"].endswith(
        "mlplatform/pool: scoring, and example.com/class of the same pool"
    )
