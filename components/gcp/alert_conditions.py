"""What an environment in Google Cloud is watched for: each alert as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi_gcp as gcp

CRITICAL: Final = "CRITICAL"
ERROR: Final = "ERROR"
WARNING: Final = "WARNING"

LOG_QUIET: Final = "3600s"
"""How long after a mail about a log entry no other mail about the same is sent."""

AUTO_CLOSE: Final = "86400s"
"""How long after the last sign of it an incident is closed."""

CONNECTIONS_PART: Final = 0.8
"""Part of a database's connections from which on its use is announced."""


@dataclass(frozen=True)
class Alert:
    """One thing that people are told of."""

    title: str
    """What has happened, in a few words."""
    severity: str
    """``CRITICAL``, ``ERROR`` or ``WARNING``."""
    advice: str
    """What it means, and what to do first; Markdown."""
    condition: gcp.monitoring.AlertPolicyConditionArgsDict
    """When it is the case."""

    @property
    def of_log(self) -> bool:
        """Whether the condition is a log entry, for which mails have to be limited."""
        return "condition_matched_log" in self.condition


def threshold(
    title: str,
    metric: str,
    resource: str,
    *,
    above: float,
    seconds: int,
    where: str = "",
    aligner: str = "ALIGN_MEAN",
    reducer: str | None = None,
    group_by: str | None = None,
) -> gcp.monitoring.AlertPolicyConditionArgsDict:
    """Return the condition that ``metric`` of ``resource`` stays ``above`` a value for so many seconds.

    ``where`` narrows the time series further, in Cloud Monitoring's filter language; ``reducer`` joins those that
    have the same ``group_by``.
    """
    parts = [f'metric.type = "{metric}"', f'resource.type = "{resource}"', where]
    aggregation: gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgsDict = {
        "alignment_period": "300s",
        "per_series_aligner": aligner,
    }
    if reducer is not None and group_by is not None:
        aggregation["cross_series_reducer"] = reducer
        aggregation["group_by_fields"] = [group_by]
    return {
        "display_name": title,
        "condition_threshold": {
            "filter": " AND ".join(part for part in parts if part),
            "comparison": "COMPARISON_GT",
            "threshold_value": above,
            "duration": f"{seconds}s",
            "aggregations": [aggregation],
            "trigger": {"count": 1},
        },
    }


def database_alerts(project: str, instances: Mapping[str, int]) -> dict[str, Alert]:
    """Return the alerts of Cloud SQL; ``instances`` are the connections that each instance takes, by its name."""
    if not instances:
        return {}
    sql = "cloudsql.googleapis.com/database"
    listed = ", ".join(f'"{project}:{instance}"' for instance in sorted(instances))
    ours = f"resource.label.database_id = one_of({listed})"

    def watch(title: str, metric: str, above: float, severity: str, advice: str) -> Alert:
        condition = threshold(title, f"{sql}/{metric}", "cloudsql_database", above=above, seconds=900, where=ours)
        return Alert(title, severity, advice, condition)

    alerts = {
        "database-disk": watch(
            "Database disk over 85% full",
            "disk/utilization",
            0.85,
            ERROR,
            "The disk grows by itself; this one grows more slowly than it fills. Look for tables and logs that should "
            "not be there, and raise `storageGib`.",
        ),
        "database-cpu": watch(
            "Database CPU over 90%",
            "cpu/utilization",
            0.9,
            WARNING,
            "Query Insights shows which queries take the time. A larger `shape` restarts the database.",
        ),
        "database-memory": watch(
            "Database memory over 95%",
            "memory/utilization",
            0.95,
            ERROR,
            "The database restarts when it runs out of memory. Fewer connections, or a larger `shape`.",
        ),
    }
    for instance, connections in sorted(instances.items()):
        title = f"Connections of {instance} over {int(CONNECTIONS_PART * 100)}% of {connections}"
        condition = threshold(
            title,
            f"{sql}/postgresql/num_backends",
            "cloudsql_database",
            above=int(connections * CONNECTIONS_PART),
            seconds=300,
            where=f'resource.label.database_id = "{project}:{instance}"',
            reducer="REDUCE_SUM",
            group_by="resource.label.database_id",
        )
        advice = "At the limit, new connections are refused. Look for clients that do not close theirs."
        alerts[f"connections-{instance}"] = Alert(title, ERROR, advice, condition)
    return alerts


def network_alerts(region: str) -> dict[str, Alert]:
    """Return the alerts of Cloud NAT."""
    title = "NAT drops packets"
    condition = threshold(
        title,
        "router.googleapis.com/nat/dropped_sent_packets_count",
        "nat_gateway",
        above=1,
        seconds=300,
        where=f'resource.label.region = "{region}" AND metric.label.reason = "OUT_OF_RESOURCES"',
        aligner="ALIGN_RATE",
        reducer="REDUCE_SUM",
        group_by="resource.label.gateway_name",
    )
    advice = "The gateway has no ports left, and connections out of the network fail. It needs more addresses."
    return {"nat-dropped": Alert(title, ERROR, advice, condition)}


def quota_alerts(cluster_name: str) -> dict[str, Alert]:
    """Return the alerts of what the project or Google runs out of."""
    quota = "A quota of the project was exceeded"
    machines = f"{cluster_name} gets no more machines"
    log = (
        f'resource.type = "k8s_cluster" AND resource.labels.cluster_name = "{cluster_name}" AND '
        'log_id("container.googleapis.com/cluster-autoscaler-visibility") AND '
        'jsonPayload.resultInfo.results.errorMsg.messageId =~ "^scale[.]up[.]error[.]"'
    )
    return {
        "quota-exceeded": Alert(
            quota,
            WARNING,
            "Requests that need more are refused. Ask for a higher quota, or lower `max` of the pools.",
            threshold(
                quota,
                "serviceruntime.googleapis.com/quota/exceeded",
                "consumer_quota",
                above=0,
                seconds=0,
                aligner="ALIGN_COUNT_TRUE",
            ),
        ),
        "no-machines": Alert(
            machines,
            WARNING,
            "The autoscaler could not add machines: out of stock, out of quota, or out of addresses. The entry says "
            "which. Pods wait; pools that fall back to on-demand go on.",
            {"display_name": machines, "condition_matched_log": {"filter": log}},
        ),
    }


def subscription_alerts(subscriptions: Mapping[str, str]) -> dict[str, Alert]:
    """Return the alerts of work that waits; ``subscriptions`` are those of dead letters by those of work."""
    alerts: dict[str, Alert] = {}
    for subscription, dead_letters in sorted(subscriptions.items()):
        waiting = f"Announcements of {subscription} wait for over an hour"
        alerts[f"waiting-{subscription}"] = Alert(
            waiting,
            ERROR,
            "Nobody takes them, or whoever does fails. After 7 days they are gone.",
            threshold(
                waiting,
                "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
                "pubsub_subscription",
                above=3600,
                seconds=300,
                where=f'resource.label.subscription_id = "{subscription}"',
                aligner="ALIGN_MAX",
            ),
        )
        failed = f"Announcements of {subscription} could not be worked off"
        alerts[f"dead-{subscription}"] = Alert(
            failed,
            ERROR,
            f"They wait in `{dead_letters}` for 31 days. Mend what fails, then publish them again.",
            threshold(
                failed,
                "pubsub.googleapis.com/subscription/num_undelivered_messages",
                "pubsub_subscription",
                above=0,
                seconds=0,
                where=f'resource.label.subscription_id = "{dead_letters}"',
                aligner="ALIGN_MAX",
            ),
        )
    return alerts
