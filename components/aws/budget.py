"""What the environment may cost, as a Pulumi component."""

import json
from collections.abc import Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import ENVIRONMENT_TAG, tags

__all__ = ["AwsBudget", "AwsBudgetArgs"]

NOTIFICATIONS: Final = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""What is compared with the budget, and the percentage of it beyond which somebody is told."""

ANOMALY_SHARE: Final = 20
"""An unusual cost is told of from this part of the monthly budget on, about what a working day may cost."""


class AwsBudgetArgs(TypedDict):
    """How much, and who is told."""

    environment: AwsEnvironment
    """The environment whose costs are counted: those of resources that carry its tag."""
    monthly_usd: int
    """Budget of a calendar month, in US dollars."""
    topic_arn: pulumi.Input[str]
    """SNS topic that is told of the budget."""
    receivers: Sequence[str]
    """Email addresses that are told of unusual costs, once a day."""


class AwsBudget(pulumi.ComponentResource):
    """A monthly budget of one environment, and a monitor of costs that are unlike those before.

    It stops nothing. AWS counts by a tag only from the day on which the account that pays activates it as a cost
    allocation tag: until then the budget stays at zero.
    """

    budget_name: pulumi.Output[str]
    """Name of the budget."""

    def __init__(self, name: str, args: AwsBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsBudget", name, {}, opts)
        environment = args["environment"]
        options = pulumi.ResourceOptions(parent=self)
        monthly_usd = int(args["monthly_usd"])
        budget_name = f"{environment['name']}-monthly"
        budget = aws.budgets.Budget(
            f"{name}-monthly",
            name=budget_name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(monthly_usd),
            limit_unit="USD",
            cost_filters=[{"name": "TagKeyValue", "values": [f"user:{ENVIRONMENT_TAG}${environment['name']}"]}],
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percentage,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [args["topic_arn"]],
                }
                for kind, percentage in NOTIFICATIONS
            ],
            tags=tags(environment, budget_name),
            opts=options,
        )
        anomalies = f"{environment['name']}-anomalies"
        monitor = aws.costexplorer.AnomalyMonitor(
            f"{name}-anomalies",
            name=anomalies,
            monitor_type="CUSTOM",
            monitor_specification=tag_expression(ENVIRONMENT_TAG, environment["name"]),
            tags=tags(environment, anomalies),
            opts=options,
        )
        receivers = sorted(set(args["receivers"]))
        if receivers:
            aws.costexplorer.AnomalySubscription(
                f"{name}-anomaly-mail",
                name=anomalies,
                frequency="DAILY",
                monitor_arn_lists=[monitor.arn],
                subscribers=[{"type": "EMAIL", "address": receiver} for receiver in receivers],
                threshold_expression={
                    "dimension": {
                        "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                        "match_options": ["GREATER_THAN_OR_EQUAL"],
                        "values": [str(max(monthly_usd // ANOMALY_SHARE, 1))],
                    }
                },
                tags=tags(environment, anomalies),
                opts=options,
            )
        self.budget_name = budget.name
        self.register_outputs({"budgetName": self.budget_name})


def tag_expression(key: str, value: str) -> str:
    """Return Cost Explorer's expression for resources with a tag.

    Every field is written, as AWS gives them all back: the monitor would otherwise seem changed, and be replaced.
    """
    fields: dict[str, object] = dict.fromkeys(("And", "CostCategories", "Dimensions", "Not", "Or"))
    return json.dumps({**fields, "Tags": {"Key": key, "MatchOptions": None, "Values": [value]}}, sort_keys=True)
