"""A budget of an environment, as a Pulumi component."""

from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
from pulumi.errors import InputPropertyErrorDetails

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment

__all__ = ["GcpBudget", "GcpBudgetArgs"]

SPENT: Final = (0.5, 0.8, 1.0)
"""Parts of the budget that are announced once they are spent."""

FORECAST: Final = 1.0
"""Part of the budget that is announced once it is forecast."""

MOST_CHANNELS: Final = 5
LONGEST_NAME: Final = 60


class GcpBudgetArgs(TypedDict):
    """How much an environment may cost, and who hears of it."""

    environment: GcpEnvironment
    """The environment."""
    billing_account: str
    """Billing account that pays for the project, such as ``012345-6789AB-CDEF01``."""
    monthly_usd: int
    """Budget of a calendar month in US dollars, which has to be the billing account's currency."""
    notification_channels: Sequence[pulumi.Input[str]]
    """Resource names of Cloud Monitoring channels that hear of it, 1 to 5."""
    label: NotRequired[str]
    """Key of the environment's label that marks what counts, where its project pays for more than the environment;
    what carries no labels, such as traffic, does not count then."""


def argument_problems(args: GcpBudgetArgs) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the arguments."""
    found = []
    usd, channels = int(args["monthly_usd"]), len(args["notification_channels"])
    if usd < 1:
        found.append(problem("monthly_usd", f"got {usd}; allowed: 1 or more"))
    if not 1 <= channels <= MOST_CHANNELS:
        found.append(problem("notification_channels", f"got {channels}; allowed: 1 to {MOST_CHANNELS}"))
    labels = args["environment"]["resource_labels"]
    if "label" in args and args["label"] not in labels:
        found.append(problem("label", f"got {args['label']!r}; allowed: {', '.join(sorted(labels))}"))
    return found


def threshold_rules() -> list[gcp.billing.BudgetThresholdRuleArgsDict]:
    """Return when mail is sent."""
    rules: list[gcp.billing.BudgetThresholdRuleArgsDict] = [
        {"threshold_percent": part, "spend_basis": "CURRENT_SPEND"} for part in SPENT
    ]
    return [*rules, {"threshold_percent": FORECAST, "spend_basis": "FORECASTED_SPEND"}]


class GcpBudget(pulumi.ComponentResource):
    """A monthly budget that sends mail at 50%, 80% and 100% of it, and when the whole is forecast to be spent.

    It stops nothing: spending past a budget is for people to judge.
    """

    budget: pulumi.Output[str]
    """Resource name of the budget."""

    def __init__(self, name: str, args: GcpBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpBudget", name, {}, opts)
        if found := argument_problems(args):
            raise ArgumentsError(f"budget {name}", found)
        environment = args["environment"]
        spend: gcp.billing.BudgetBudgetFilterArgsDict = {
            "projects": [f"projects/{environment['project_number']}"],
            "calendar_period": "MONTH",
            "credit_types_treatment": "INCLUDE_ALL_CREDITS",
        }
        if "label" in args:
            spend["labels"] = {args["label"]: environment["resource_labels"][args["label"]]}
        budget = gcp.billing.Budget(
            f"{name}-budget",
            billing_account=args["billing_account"],
            display_name=f"{environment['name']} per month"[:LONGEST_NAME],
            amount={"specified_amount": {"currency_code": "USD", "units": str(int(args["monthly_usd"]))}},
            budget_filter=spend,
            threshold_rules=threshold_rules(),
            all_updates_rule={
                "monitoring_notification_channels": list(args["notification_channels"]),
                "disable_default_iam_recipients": False,
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.budget = budget.name
        self.register_outputs({"budget": self.budget})
