"""Alarms and the budget: what is watched, beyond which values, and who may send to whom."""

import json
from typing import Any

import pytest

from components.aws.interruptions import RETENTION_SECONDS
from mlplatform.graph import Evaluation
from tests.support.components import AWS_ENVIRONMENT, AWS_KEYS, evaluate_component, evaluate_program, of_type, only
from tests.support.iam import faults

GIB = 1 << 30


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_program(
        tmp_path_factory.mktemp("alarms"),
        """
        from components.aws.alarms import AwsAlarms, AwsAlarmTopic

        topic = AwsAlarmTopic("topic", given["topic"])
        AwsAlarms("it", {**given["watched"], "topic_arn": topic.topic_arn})
        """,
        topic={
            "environment": AWS_ENVIRONMENT,
            "receivers": ["oncall@example.com", "ml@example.com", "oncall@example.com"],
            "logs_key_arn": AWS_KEYS["logs"],
        },
        watched={
            "environment": AWS_ENVIRONMENT,
            "cluster_name": "mlp-test",
            "databases": {
                "hub": {"identifier": "mlp-test-hub", "storage_gib": 50, "memory_gib": 8},
                "airflow": {"identifier": "mlp-test-airflow", "storage_gib": 100, "memory_gib": 64},
            },
            "nat_gateways": {"eu-west-1a": "nat-0a1b2c3d4e5f60718"},
            "interruption_queue": "mlp-test-interruptions",
            "delivery_streams": {"control-plane": "mlp-test-control-plane"},
        },
    )


def alarm(evaluation: Evaluation, name: str) -> dict[str, Any]:
    return of_type(evaluation, "cloudwatch/metricAlarm:MetricAlarm")[f"it-{name}"].inputs


def test_each_database_has_thresholds_of_its_own_size(made: Evaluation) -> None:
    storage, memory = alarm(made, "hub-storage"), alarm(made, "hub-memory")
    assert storage["dimensions"] == {"DBInstanceIdentifier": "mlp-test-hub"}
    assert (storage["threshold"], storage["comparisonOperator"]) == (5 * GIB, "LessThanThreshold")
    assert (memory["threshold"], memory["comparisonOperator"]) == (8 * GIB // 20, "LessThanThreshold")
    # 8 GiB allow 901 connections; 64 GiB would allow more than PostgreSQL is ever given.
    assert alarm(made, "hub-connections")["threshold"] == 720
    assert alarm(made, "airflow-connections")["threshold"] == 4000
    assert alarm(made, "airflow-storage")["threshold"] == 10 * GIB
    assert alarm(made, "hub-cpu")["threshold"] == 80
    assert alarm(made, "hub-cpu")["treatMissingData"] == "missing"


def test_gateways_queue_cluster_and_delivery_are_watched(made: Evaluation) -> None:
    found = {
        (each.inputs["namespace"], each.inputs["metricName"])
        for each in of_type(made, "cloudwatch/metricAlarm:MetricAlarm").values()
    }
    assert {
        ("AWS/NATGateway", "ErrorPortAllocation"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/EKS", "apiserver_request_total_5XX"),
        ("AWS/Firehose", "DeliveryToS3.DataFreshness"),
    } <= found
    assert alarm(made, "nat-eu-west-1a-ports")["dimensions"] == {"NatGatewayId": "nat-0a1b2c3d4e5f60718"}
    unread = alarm(made, "interruptions-age")
    assert unread["dimensions"] == {"QueueName": "mlp-test-interruptions"}
    # No message is ever older than the queue keeps it, and none is there in two periods.
    assert unread["threshold"] < RETENTION_SECONDS <= unread["period"]
    assert unread["evaluationPeriods"] == 1


def test_every_alarm_is_sent_both_ways_to_the_topic_once_it_takes_them(made: Evaluation) -> None:
    policy = only(made, "sns/topicPolicy:TopicPolicy")
    alarms = of_type(made, "cloudwatch/metricAlarm:MetricAlarm").values()
    assert len(alarms) == 14
    for each in alarms:
        assert each.inputs["alarmActions"] == each.inputs["okActions"] != []
        assert policy.urn in each.property_dependencies["alarmActions"]
    names = [each.inputs["name"] for each in alarms]
    assert len(set(names)) == len(names)
    assert all(name.startswith("mlp-test-") for name in names)


def test_the_topic_is_encrypted_and_takes_only_what_is_about_the_account(made: Evaluation) -> None:
    assert only(made, "sns/topic:Topic").inputs["kmsMasterKeyId"] == AWS_KEYS["logs"]
    assert faults(made.filled) == []
    statements = json.loads(only(made, "sns/topicPolicy:TopicPolicy").inputs["policy"])["Statement"]
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    assert {each["Principal"]["Service"] for each in allowed} == {
        "budgets.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "events.rds.amazonaws.com",
    }
    for each in allowed:
        assert each["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}
        assert ":111122223333:" in each["Condition"]["ArnLike"]["aws:SourceArn"]
    (denied,) = [each for each in statements if each["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    receivers = [each.inputs["endpoint"] for each in of_type(made, "TopicSubscription").values()]
    assert sorted(receivers) == ["ml@example.com", "oncall@example.com"]


def test_without_databases_gateways_and_streams_the_cluster_is_still_watched(tmp_path: Any) -> None:
    evaluation = evaluate_component(
        tmp_path,
        "components.aws.alarms:AwsAlarms",
        {
            "environment": AWS_ENVIRONMENT,
            "topic_arn": "arn:aws:sns:eu-west-1:111122223333:mlp-test-alarms",
            "cluster_name": "mlp-test",
            "databases": {},
            "nat_gateways": {},
            "delivery_streams": {},
        },
    )
    alarms = of_type(evaluation, "cloudwatch/metricAlarm:MetricAlarm").values()
    assert {each.inputs["namespace"] for each in alarms} == {"AWS/EKS"}


def test_the_budget_counts_this_environment_and_tells_at_half_four_fifths_and_all_of_it(tmp_path: Any) -> None:
    evaluation = evaluate_program(
        tmp_path,
        """
        from components.aws.budget import AwsBudget

        AwsBudget("it", given["args"])
        """,
        args={
            "environment": AWS_ENVIRONMENT,
            "monthly_usd": 20000.0,
            "topic_arn": "arn:aws:sns:eu-west-1:111122223333:mlp-test-alarms",
        },
    )
    budgets = of_type(evaluation, "budgets/budget:Budget")
    budget = budgets["it-monthly"].inputs
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("20000", "USD", "MONTHLY")
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:mlplatform/environment$mlp-test"]}]
    assert budget["tags"]["mlplatform/environment"] == "mlp-test"
    assert [(each["notificationType"], each["threshold"]) for each in budget["notifications"]] == [
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    daily = budgets["it-daily"].inputs
    assert (daily["limitAmount"], daily["timeUnit"], daily["costFilters"]) == ("1000", "DAILY", budget["costFilters"])
    assert [(each["notificationType"], each["threshold"]) for each in daily["notifications"]] == [("ACTUAL", 100)]
    assert daily["name"] != budget["name"]
