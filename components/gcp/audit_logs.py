"""Logs that are kept in object storage, as a Pulumi component."""

from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.log_filters import filters
from components.gcp.names import bucket_name
from components.keeping import keep, released

__all__ = ["GcpAuditLogs", "GcpAuditLogsArgs"]

THING: Final = "logs"

BUCKET: Final = "audit-logs"

LEAST_DAYS: Final = 1
MOST_DAYS: Final = 36500
"""Days of retention that a bucket takes: a hundred years."""

DAY: Final = 24 * 3600

COLDER: Final = ((30, "NEARLINE"), (90, "COLDLINE"), (365, "ARCHIVE"))
"""After how many days logs, which are hardly ever read, move to which storage class."""

WRITER: Final = "roles/storage.objectCreator"

AUDITED: Final = (
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudsql.googleapis.com",
    "container.googleapis.com",
    "iam.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
)
"""Services of which every access to data is logged, beside every change, which always is."""

ACCESS: Final = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


class GcpAuditLogsArgs(TypedDict):
    """Which logs are kept, and for how long."""

    environment: GcpEnvironment
    """The environment whose logs they are."""
    cluster_name: str
    """Name of the cluster whose control plane and machines log."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of logs; the service agent of storage may use it."""
    access_log_bucket: pulumi.Input[str]
    """Name of the bucket that access logs are delivered to."""
    retention_days: int
    """Days that logs are kept, during which nobody can delete or change them."""
    lock: NotRequired[bool]
    """Whether the retention is locked, for ever: the days can never be made fewer again, and the bucket not be deleted
    before all in it is as old. It is not locked where this is left out."""


def lifecycle_rules(retention_days: int) -> list[dict[str, Any]]:
    """Return the lifecycle rules of logs that are kept for ``retention_days``."""
    colder = [
        {"action": {"type": "SetStorageClass", "storage_class": storage_class}, "condition": {"age": days}}
        for days, storage_class in COLDER
        if days < retention_days
    ]
    return [*colder, {"action": {"type": "Delete"}, "condition": {"age": retention_days}}]


def bucket_arguments(args: GcpAuditLogsArgs) -> dict[str, Any]:
    """Return the arguments of the bucket: private, encrypted, and with objects that stay as they are for their days."""
    environment, days = args["environment"], int(args["retention_days"])
    return {
        "name": bucket_name(environment["name"], BUCKET, environment["project_number"]),
        "project": environment["project"],
        "location": environment["region"].upper(),
        "storage_class": "STANDARD",
        "uniform_bucket_level_access": True,
        "public_access_prevention": "enforced",
        "encryption": {"default_kms_key_name": args["key_id"]},
        "retention_policy": {"is_locked": args.get("lock", False), "retention_period": str(days * DAY)},
        "lifecycle_rules": lifecycle_rules(days),
        "logging": {"log_bucket": args["access_log_bucket"], "log_object_prefix": BUCKET},
        "labels": environment["resource_labels"],
        "force_destroy": False,
        "deletion_policy": "DELETE" if released(THING, environment["let_go"]) else "PREVENT",
    }


class GcpAuditLogs(pulumi.ComponentResource):
    """Logs of who did what in the project, of the control plane, of machines and of the network, out of reach.

    They go to a bucket whose objects nobody can change before their time, so that versions of them would have no
    meaning. Without a lock, whoever administers the bucket can shorten that time first. Cloud Logging has them too,
    for as long as it does. What pods log does not go there.
    """

    bucket: pulumi.Output[str]
    """Name of the bucket, known once logs may be written to it."""

    def __init__(self, name: str, args: GcpAuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpAuditLogs", name, {}, opts)
        environment, days = args["environment"], int(args["retention_days"])
        if not LEAST_DAYS <= days <= MOST_DAYS:
            found = problem("retention_days", f"got {days}; allowed: from {LEAST_DAYS} to {MOST_DAYS}")
            raise ArgumentsError(f"audit logs {name}", [found])
        bucket = gcp.storage.Bucket(
            f"{name}-bucket", opts=keep(self, THING, environment["let_go"]), **bucket_arguments(args)
        )
        grants = []
        for kind, selected in filters(args["cluster_name"]).items():
            sink = gcp.logging.ProjectSink(
                f"{name}-{kind}",
                name=f"{environment['name']}-{kind}-logs",
                project=environment["project"],
                description=f"Keeps {kind} logs of {environment['name']} in object storage",
                destination=pulumi.Output.concat("storage.googleapis.com/", bucket.name),
                filter=selected,
                unique_writer_identity=True,
                opts=pulumi.ResourceOptions(parent=self),
            )
            grant = gcp.storage.BucketIAMMember(
                f"{name}-{kind}-writer",
                bucket=bucket.name,
                role=WRITER,
                member=sink.writer_identity,
                opts=pulumi.ResourceOptions(parent=self),
            )
            grants.append(grant.id)
        for service in AUDITED:
            gcp.projects.IAMAuditConfig(
                f"{name}-{service.partition('.')[0]}",
                project=environment["project"],
                service=service,
                audit_log_configs=[{"log_type": access} for access in ACCESS],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.bucket = pulumi.Output.all(bucket.name, *grants).apply(lambda values: str(values[0]))
        self.register_outputs({"bucket": self.bucket})
