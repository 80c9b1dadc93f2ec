"""Mails about what goes wrong in an environment, as a Pulumi component."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError, problem
from components.gcp.alert_conditions import (
    AUTO_CLOSE,
    LOG_QUIET,
    Alert,
    database_alerts,
    network_alerts,
    quota_alerts,
    subscription_alerts,
)
from components.gcp.facts import GcpEnvironment

__all__ = ["GcpAlerts", "GcpAlertsArgs"]

EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class GcpAlertsArgs(TypedDict):
    """What is watched, and who hears of it."""

    environment: GcpEnvironment
    """The environment."""
    cluster_name: str
    """Name of the cluster whose machines are watched."""
    receivers: Sequence[str]
    """Email addresses, at least one."""
    databases: Mapping[str, int]
    """Connections that each Cloud SQL instance takes, by the instance's name."""
    subscriptions: Mapping[str, str]
    """Pub/Sub subscriptions of dead letters, by the subscriptions of work that they belong to."""


class GcpAlerts(pulumi.ComponentResource):
    """One Cloud Monitoring channel for each receiver, and alert policies that use all of them.

    They watch what the cloud runs: databases, address translation, quotas, and announcements that nobody takes. They do
    not watch what runs in the cluster, which has its own monitoring.
    """

    channels: pulumi.Output[Sequence[str]]
    """Resource names of the channels, in the order of the addresses."""

    def __init__(self, name: str, args: GcpAlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpAlerts", name, {}, opts)
        self._args = args
        environment = args["environment"]
        receivers = sorted(set(args["receivers"]))
        wrong = [receiver for receiver in receivers if not EMAIL.fullmatch(receiver)]
        if wrong or not receivers:
            rule = "at least one email address"
            found = [problem("receivers", f"got {receiver!r}; allowed: {rule}") for receiver in wrong or ["none"]]
            raise ArgumentsError(f"alerts {name}", found)
        channels = [
            gcp.monitoring.NotificationChannel(
                f"{name}-{receiver}",
                project=environment["project"],
                display_name=f"{environment['name']}: {receiver}",
                type="email",
                labels={"email_address": receiver},
                user_labels=environment["resource_labels"],
                force_delete=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for receiver in receivers
        ]
        self._channels: list[pulumi.Output[str]] = [channel.name for channel in channels]
        alerts = {
            **database_alerts(
                environment["project"], {instance: int(count) for instance, count in args["databases"].items()}
            ),
            **network_alerts(environment["region"]),
            **quota_alerts(args["cluster_name"]),
            **subscription_alerts(args["subscriptions"]),
        }
        for key, alert in sorted(alerts.items()):
            self._policy(f"{name}-{key}", alert)
        self.facts: Sequence[pulumi.Output[str]] = self._channels
        self.channels = pulumi.Output.all(*self._channels).apply(list)
        self.register_outputs({"channels": self.channels})

    def _policy(self, name: str, alert: Alert) -> None:
        environment = self._args["environment"]
        strategy: gcp.monitoring.AlertPolicyAlertStrategyArgsDict = {"auto_close": AUTO_CLOSE}
        if alert.of_log:
            strategy["notification_rate_limit"] = {"period": LOG_QUIET}
        gcp.monitoring.AlertPolicy(
            name,
            project=environment["project"],
            display_name=f"{environment['name']}: {alert.title}",
            combiner="OR",
            conditions=[alert.condition],
            severity=alert.severity,
            documentation={"content": alert.advice, "mime_type": "text/markdown"},
            alert_strategy=strategy,
            notification_channels=self._channels,
            user_labels=environment["resource_labels"],
            opts=pulumi.ResourceOptions(parent=self),
        )
