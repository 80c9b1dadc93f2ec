"""Where buckets log who reads them, as a Pulumi component."""

from typing import Any, Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.names import bucket_name
from components.keeping import keep, released

__all__ = ["GcpAccessLogs", "GcpAccessLogsArgs"]

THING: Final = "logs"

BUCKET: Final = "access-logs"

DELIVERY: Final = "group:cloud-storage-analytics@google.com"
"""Who delivers access logs: the same for every project (Cloud Storage documentation, usage logs)."""

NONCURRENT_DAYS: Final = 30
"""Days after which a log that was deleted before its time is gone for good."""


class GcpAccessLogsArgs(TypedDict):
    """How long access logs are kept."""

    environment: GcpEnvironment
    """The environment whose buckets they are of."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of logs; the service agent of storage may use it."""
    retention_days: int
    """Days that access logs are kept."""


def bucket_arguments(args: GcpAccessLogsArgs) -> dict[str, Any]:
    """Return the arguments of the bucket.

    It logs no access to itself: each delivery would be one more to log. Data access to it is audited instead.
    """
    environment = args["environment"]
    return {
        "name": bucket_name(environment["name"], BUCKET, environment["project_number"]),
        "project": environment["project"],
        "location": environment["region"].upper(),
        "storage_class": "STANDARD",
        "uniform_bucket_level_access": True,
        "public_access_prevention": "enforced",
        "encryption": {"default_kms_key_name": args["key_id"]},
        "versioning": {"enabled": True},
        "lifecycle_rules": [
            {"action": {"type": "Delete"}, "condition": {"age": int(args["retention_days"]), "with_state": "LIVE"}},
            {
                "action": {"type": "Delete"},
                "condition": {"days_since_noncurrent_time": NONCURRENT_DAYS, "with_state": "ARCHIVED"},
            },
        ],
        "labels": environment["resource_labels"],
        "force_destroy": False,
        "deletion_policy": "DELETE" if released(THING, environment["let_go"]) else "PREVENT",
    }


class GcpAccessLogs(pulumi.ComponentResource):
    """The bucket that the environment's other buckets deliver their access logs to.

    It does not log access to itself. An organization that admits members of its own domain only
    (``iam.allowedPolicyMemberDomains``) has to except Google's group that delivers.
    """

    bucket: pulumi.Output[str]
    """Name of the bucket, known once logs may be delivered to it."""

    def __init__(self, name: str, args: GcpAccessLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpAccessLogs", name, {}, opts)
        if (days := int(args["retention_days"])) < 1:
            found = problem("retention_days", f"got {days}; allowed: at least 1")
            raise ArgumentsError(f"access logs {name}", [found])
        bucket = gcp.storage.Bucket(
            f"{name}-bucket",
            opts=keep(self, THING, args["environment"]["let_go"]),
            **bucket_arguments(args),
        )
        grant = gcp.storage.BucketIAMMember(
            f"{name}-delivery",
            bucket=bucket.name,
            role="roles/storage.objectCreator",
            member=DELIVERY,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bucket = pulumi.Output.all(bucket.name, grant.id).apply(lambda values: str(values[0]))
        self.register_outputs({"bucket": self.bucket})
