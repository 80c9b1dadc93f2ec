"""A Cloud Storage bucket, as a Pulumi component."""

from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.contracts import ObjectStore, ObjectStoreArgs
from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.names import bucket_name
from components.gcp.update_events import GcpUpdateEvents, GcpUpdateEventsFacts
from components.keeping import keep, released

__all__ = ["GcpObjectStore", "GcpObjectStoreArgs"]

NONCURRENT_DAYS: Final = 30
"""Days after which a version that was replaced or deleted is removed."""

UPLOAD_DAYS: Final = 7
"""Days after which an upload in parts that nobody finished is removed."""

SOFT_DELETE_SECONDS: Final = 7 * 24 * 3600
"""How long a removed object can still be restored, whoever removed it."""


class GcpObjectStoreArgs(TypedDict):
    """Which object store is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    store_name: str
    """Name of the store in the environment, such as ``scores``."""
    store: ObjectStoreArgs
    """What is asked of it."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of objects and announcements; the service agents of storage and Pub/Sub may use it."""
    access_log_bucket: pulumi.Input[str]
    """Name of the bucket that access logs are delivered to."""


def lifecycle_rules(retention_days: int) -> list[gcp.storage.BucketLifecycleRuleArgsDict]:
    """Return the lifecycle rules of a bucket whose objects expire after ``retention_days``; 0 keeps them."""
    rules: list[gcp.storage.BucketLifecycleRuleArgsDict] = [
        {
            "action": {"type": "Delete"},
            "condition": {"days_since_noncurrent_time": NONCURRENT_DAYS, "with_state": "ARCHIVED"},
        },
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": UPLOAD_DAYS}},
    ]
    if retention_days > 0:
        rules.insert(0, {"action": {"type": "Delete"}, "condition": {"age": retention_days, "with_state": "LIVE"}})
    return rules


def autoclass(retention_days: int) -> gcp.storage.BucketAutoclassArgsDict:
    """Return how objects move between storage classes.

    What is kept for ever is read less and less, and moves; what expires would not earn the fee for each object.
    """
    return {"enabled": False} if retention_days > 0 else {"enabled": True, "terminal_storage_class": "ARCHIVE"}


class GcpObjectStore(pulumi.ComponentResource):
    """A private bucket: encrypted with the environment's key, versioned, and logged.

    It has no retention lock, because inputs and scores are written again under the same name; versions and soft
    deletion undo mistakes instead. It is never emptied by the program: a bucket that is let go has to be emptied by a
    person before it can be deleted.
    """

    url: pulumi.Output[str]
    """Base address, ``gs://`` and the bucket's name."""
    bucket: pulumi.Output[str]
    """Name of the bucket, for grants on it."""

    def __init__(self, name: str, args: GcpObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpObjectStore", name, {}, opts)
        environment, store_name = args["environment"], args["store_name"]
        retention_days = int(args["store"]["retention_days"])
        if retention_days < 0:
            found = problem("store.retention_days", f"got {retention_days}; allowed: 0, which keeps objects, or more")
            raise ArgumentsError(f"object store {store_name}", [found])
        thing = f"stores.{store_name}"
        bucket = gcp.storage.Bucket(
            f"{name}-bucket",
            name=bucket_name(environment["name"], store_name, environment["project_number"]),
            project=environment["project"],
            location=environment["region"].upper(),
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            encryption={"default_kms_key_name": args["key_id"]},
            versioning={"enabled": True},
            soft_delete_policy={"retention_duration_seconds": SOFT_DELETE_SECONDS},
            autoclass=autoclass(retention_days),
            lifecycle_rules=lifecycle_rules(retention_days),
            logging={"log_bucket": args["access_log_bucket"], "log_object_prefix": store_name},
            labels=environment["resource_labels"],
            force_destroy=False,
            deletion_policy="DELETE" if released(thing, environment["let_go"]) else "PREVENT",
            opts=keep(self, thing, environment["let_go"]),
        )
        self.bucket = bucket.name
        self.events: GcpUpdateEventsFacts | None = None
        """Where new objects are announced, where the store asks for it."""
        if args["store"].get("update_events", False):
            self.events = GcpUpdateEvents(
                f"{name}-updates",
                {
                    "environment": environment,
                    "store_name": store_name,
                    "bucket": bucket.name,
                    "key_id": args["key_id"],
                },
                pulumi.ResourceOptions(parent=self),
            ).facts
        self.url = pulumi.Output.concat("gs://", bucket.name)
        self.facts = ObjectStore(name=store_name, url=self.url)
        self.register_outputs({"url": self.url, "bucket": self.bucket})
