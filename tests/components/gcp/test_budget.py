"""Budgets and alerts: what is announced, when, and to whom."""

from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, evaluate_component, of_type, only

BUDGET = "components.gcp.budget:GcpBudget"
ALERTS = "components.gcp.alerts:GcpAlerts"
CHANNEL = "projects/example-project/notificationChannels/1"


def budget(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "billing_account": "012345-6789AB-CDEF01",
        "monthly_usd": 20000,
        "notification_channels": [CHANNEL],
        **changes,
    }


def alerts(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "cluster_name": "shared",
        "receivers": ["ml-platform@example.com", "duty@example.com"],
        "databases": {"mlp-test-hub": 500, "mlp-test-airflow": 100},
        "subscriptions": {"mlp-test-datasets-updates": "mlp-test-datasets-updates-dead-letters"},
        **changes,
    }


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("alerts"), ALERTS, alerts())


def policies(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    found = of_type(evaluation, "monitoring/alertPolicy:AlertPolicy")
    return {name.removeprefix("it-"): each.inputs for name, each in found.items()}


def threshold(policy: dict[str, Any]) -> dict[str, Any]:
    (condition,) = policy["conditions"]
    found: dict[str, Any] = condition["conditionThreshold"]
    return found


def test_the_budget_is_announced_as_it_is_spent_and_before(tmp_path: Any) -> None:
    inputs = only(evaluate_component(tmp_path, BUDGET, budget(label="cost-center")), "billing/budget:Budget").inputs
    assert inputs["amount"] == {"specifiedAmount": {"currencyCode": "USD", "units": "20000"}}
    assert inputs["budgetFilter"]["projects"] == ["projects/111122223333"]
    assert inputs["budgetFilter"]["labels"] == {"cost-center": "research"}
    assert inputs["budgetFilter"]["calendarPeriod"] == "MONTH"
    assert [(rule["thresholdPercent"], rule["spendBasis"]) for rule in inputs["thresholdRules"]] == [
        (0.5, "CURRENT_SPEND"),
        (0.8, "CURRENT_SPEND"),
        (1.0, "CURRENT_SPEND"),
        (1.0, "FORECASTED_SPEND"),
    ]
    assert inputs["allUpdatesRule"]["monitoringNotificationChannels"] == [CHANNEL]


def test_the_whole_project_counts_where_no_label_is_given(tmp_path: Any) -> None:
    inputs = only(evaluate_component(tmp_path, BUDGET, budget()), "billing/budget:Budget").inputs
    assert "labels" not in inputs["budgetFilter"]


def test_every_receiver_hears_of_every_alert(watched: Evaluation) -> None:
    channels = of_type(watched, "monitoring/notificationChannel:NotificationChannel")
    assert {each.inputs["labels"]["email_address"] for each in channels.values()} == {
        "duty@example.com",
        "ml-platform@example.com",
    }
    urns = {each.urn for each in channels.values()}
    for policy in of_type(watched, "monitoring/alertPolicy:AlertPolicy").values():
        assert urns <= set(policy.dependencies)
        assert len(policy.inputs["notificationChannels"]) == 2
        assert policy.inputs["documentation"]["content"]


def test_all_that_the_cloud_runs_is_watched(watched: Evaluation) -> None:
    assert set(policies(watched)) == {
        "connections-mlp-test-airflow",
        "connections-mlp-test-hub",
        "database-cpu",
        "database-disk",
        "database-memory",
        "dead-mlp-test-datasets-updates",
        "nat-dropped",
        "no-machines",
        "quota-exceeded",
        "waiting-mlp-test-datasets-updates",
    }


def test_databases_are_those_of_the_environment(watched: Evaluation) -> None:
    found = policies(watched)
    for name in ("database-cpu", "database-disk", "database-memory"):
        where = 'one_of("example-project:mlp-test-airflow", "example-project:mlp-test-hub")'
        assert where in threshold(found[name])["filter"]
    hub = threshold(found["connections-mlp-test-hub"])
    assert 'resource.label.database_id = "example-project:mlp-test-hub"' in hub["filter"]
    assert hub["thresholdValue"] == 400
    # A time series each database of the instance: only their sum is near its limit.
    (aggregation,) = hub["aggregations"]
    assert aggregation["crossSeriesReducer"] == "REDUCE_SUM"


def test_mails_about_log_entries_are_limited_and_no_others(watched: Evaluation) -> None:
    for name, policy in policies(watched).items():
        (condition,) = policy["conditions"]
        of_log = "conditionMatchedLog" in condition
        assert of_log == (name == "no-machines")
        # Cloud Monitoring wants the limit with a log entry and refuses it with anything else.
        assert ("notificationRateLimit" in policy["alertStrategy"]) == of_log
    (condition,) = policies(watched)["no-machines"]["conditions"]
    assert 'resource.labels.cluster_name = "shared"' in condition["conditionMatchedLog"]["filter"]


def test_work_that_waits_and_work_that_failed_are_told_apart(watched: Evaluation) -> None:
    waiting = threshold(policies(watched)["waiting-mlp-test-datasets-updates"])
    failed = threshold(policies(watched)["dead-mlp-test-datasets-updates"])
    assert 'subscription_id = "mlp-test-datasets-updates"' in waiting["filter"]
    assert waiting["thresholdValue"] == 3600
    assert 'subscription_id = "mlp-test-datasets-updates-dead-letters"' in failed["filter"]
    assert failed["thresholdValue"] == 0


def test_an_environment_without_databases_has_no_alerts_of_any(tmp_path: Any) -> None:
    bare = evaluate_component(tmp_path, ALERTS, alerts(databases={}, subscriptions={}))
    assert set(policies(bare)) == {"nat-dropped", "no-machines", "quota-exceeded"}


@pytest.mark.parametrize(
    ("component", "args", "expected"),
    [
        (
            BUDGET,
            budget(monthly_usd=0, notification_channels=[CHANNEL] * 6, label="team"),
            [
                "budget it: monthly_usd: got 0",
                "notification_channels: got 6; allowed: 1 to 5",
                "label: got 'team'; allowed: cost-center, owner",
            ],
        ),
        (ALERTS, alerts(receivers=["nobody"]), ["alerts it: receivers: got 'nobody'"]),
        (ALERTS, alerts(receivers=[]), ["alerts it: receivers: got 'none'; allowed: at least one email address"]),
    ],
)
def test_every_problem_is_named_at_once(
    tmp_path: Any, component: str, args: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, component, args)
    for text in expected:
        assert text in str(caught.value)
