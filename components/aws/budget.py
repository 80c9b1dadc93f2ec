"""What the environment may cost, as a Pulumi component."""

from collections.abc import Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import ENVIRONMENT_TAG, tags

__all__ = ["AwsBudget", "AwsBudgetArgs"]

NOTIFICATIONS: Final = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""What is compared with the month's budget, and the percentage of it beyond which somebody is told."""

SHARE_OF_A_DAY: Final = 20
"""A day's costs are told of from this part of the monthly budget on, about what a working day may cost."""


class AwsBudgetArgs(TypedDict):
    """How much, and who is told."""

    environment: AwsEnvironment
    """The environment whose costs are counted: those of resources that carry its tag."""
    monthly_usd: int
    """Budget of a calendar month, in US dollars."""
    topic_arn: pulumi.Input[str]
    """SNS topic that is told of the budget."""


class AwsBudget(pulumi.ComponentResource):
    """A budget of one environment for each month, and one for each day, which tells of a sudden cost within hours.

    It stops nothing. AWS counts by a tag only from the day on which the account that pays activates it as a cost
    allocation tag: until then both stay at zero. It makes no monitor of cost anomalies: those that look at a tag can
    be made in the account that pays only, and not in that of an environment.
    """

    budget_name: pulumi.Output[str]
    """Name of the monthly budget."""

    def __init__(self, name: str, args: AwsBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsBudget", name, {}, opts)
        monthly_usd = int(args["monthly_usd"])
        self.budget_name = self._budget(name, args, "monthly", monthly_usd, NOTIFICATIONS).name
        # AWS forecasts no days.
        self._budget(name, args, "daily", max(monthly_usd // SHARE_OF_A_DAY, 1), (("ACTUAL", 100),))
        self.register_outputs({"budgetName": self.budget_name})

    def _budget(
        self, name: str, args: AwsBudgetArgs, unit: str, usd: int, notifications: Sequence[tuple[str, int]]
    ) -> aws.budgets.Budget:
        environment = args["environment"]
        budget_name = f"{environment['name']}-{unit}"
        return aws.budgets.Budget(
            f"{name}-{unit}",
            name=budget_name,
            budget_type="COST",
            time_unit=unit.upper(),
            limit_amount=str(usd),
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
                for kind, percentage in notifications
            ],
            tags=tags(environment, budget_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
