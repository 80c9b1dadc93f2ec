"""Which alarms an environment has: pure functions from what it is made of to thresholds.

Thresholds leave time to act: a disk or memory that is nearly full rather than full, and nothing that is over by itself
within a few minutes.
"""

from dataclasses import dataclass
from typing import Final

import pulumi

MINUTE: Final = 60
GIB: Final = 1 << 30

ETCD_BYTES: Final = 8 * GIB
"""What EKS gives the database of Kubernetes objects: at that size it takes no more writes."""

CONNECTION_BYTES: Final = 9_531_392
"""Memory for each connection that RDS allows PostgreSQL by default."""

MOST_CONNECTIONS: Final = 5000


@dataclass(frozen=True)
class Alarm:
    """One alarm: a metric beyond a threshold for ``periods`` times ``minutes``."""

    key: str
    """Last part of its name, and what tells it from the others."""
    description: str
    """What is wrong when it goes off, and what to do about it."""
    namespace: str
    metric: str
    dimensions: dict[str, pulumi.Input[str]]
    threshold: float
    below: bool = False
    """Whether it goes off below the threshold rather than above it."""
    statistic: str = "Average"
    minutes: int = 5
    periods: int = 3
    missing: str = "notBreaching"
    """What no data means: most metrics of errors have none while all is well."""


def database_alarms(database: str, identifier: str, storage_gib: int, memory_gib: int) -> list[Alarm]:
    """Return the alarms of one RDS instance."""
    connections = min(memory_gib * GIB // CONNECTION_BYTES, MOST_CONNECTIONS)
    where: dict[str, pulumi.Input[str]] = {"DBInstanceIdentifier": identifier}

    def alarm(key: str, metric: str, text: str, threshold: float, *, below: bool = False) -> Alarm:
        description = f"Database {database}: {text}"
        # Before a database is there it reports nothing, which is no alarm; that one has gone is an event of RDS.
        return Alarm(f"{database}-{key}", description, "AWS/RDS", metric, where, threshold, below, missing="missing")

    return [
        alarm("cpu", "CPUUtilization", "its CPU has been busy for a quarter of an hour; see its slow queries", 80),
        alarm("storage", "FreeStorageSpace", "its disk is nearly full", storage_gib * GIB // 10, below=True),
        alarm("memory", "FreeableMemory", "its memory is nearly used up", memory_gib * GIB // 20, below=True),
        alarm("connections", "DatabaseConnections", "few connections are left", connections * 8 // 10),
    ]


def nat_alarm(zone: str, gateway_id: pulumi.Input[str]) -> Alarm:
    """Return the alarm of one NAT gateway."""
    return Alarm(
        f"nat-{zone}-ports",
        f"NAT gateway of {zone}: connections to one destination fail, as all ports are taken; add addresses to it",
        "AWS/NATGateway",
        "ErrorPortAllocation",
        {"NatGatewayId": gateway_id},
        0,
        statistic="Sum",
        periods=2,
    )


def queue_alarm(queue_name: pulumi.Input[str]) -> Alarm:
    """Return the alarm of the queue that tells Karpenter of machines that end."""
    return Alarm(
        "interruptions-age",
        "Karpenter does not read that machines end: pods on spot machines are killed without a warning",
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        {"QueueName": queue_name},
        # As long as a spot machine lives once its end is announced. The queue forgets an announcement after five
        # minutes, so it never has an older one.
        2 * MINUTE,
        statistic="Maximum",
        periods=1,
    )


def cluster_alarms(cluster_name: pulumi.Input[str]) -> list[Alarm]:
    """Return the alarms of the cluster's control plane, which reports to CloudWatch by itself."""
    where = {"ClusterName": cluster_name}
    return [
        Alarm(
            "api-errors",
            "The API server fails requests",
            "AWS/EKS",
            "apiserver_request_total_5XX",
            where,
            100,
            statistic="Sum",
        ),
        Alarm(
            "etcd-size",
            "The cluster's database is three quarters full; at its limit the cluster takes no changes",
            "AWS/EKS",
            "apiserver_storage_size_bytes",
            where,
            ETCD_BYTES * 3 // 4,
            statistic="Maximum",
        ),
        Alarm(
            "unschedulable-pods",
            "Pods have waited for a machine for an hour: a pool is at its limit, or no machine fits them",
            "AWS/EKS",
            "scheduler_pending_pods_UNSCHEDULABLE",
            where,
            0,
            statistic="Minimum",
            minutes=10,
            periods=6,
        ),
    ]


def delivery_alarm(stream: str, stream_name: pulumi.Input[str]) -> Alarm:
    """Return the alarm of a stream that delivers logs to a bucket."""
    return Alarm(
        f"{stream}-delivery",
        f"Logs of {stream} have not reached their bucket for half an hour",
        "AWS/Firehose",
        "DeliveryToS3.DataFreshness",
        {"DeliveryStreamName": stream_name},
        30 * MINUTE,
        statistic="Maximum",
    )
