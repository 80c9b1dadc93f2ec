"""An S3 bucket, as a Pulumi component."""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import bucket_arn, bucket_name, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, deny, document
from components.contracts import ObjectStore, ObjectStoreArgs
from components.errors import ArgumentsError, problem
from components.keeping import keep, released

__all__ = ["AwsObjectStore", "AwsObjectStoreArgs", "bucket_policy", "lifecycle_rules"]

NONCURRENT_DAYS: Final = 30
"""Days for which an object that was overwritten or deleted can be brought back."""

UPLOAD_DAYS: Final = 7
"""Days after which the parts of an upload that was never finished are removed."""

TIERING_DAYS: Final = 30
"""Days after which an object that is kept for ever moves to where its price follows its use."""

DATA_ACTIONS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionTagging",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:RestoreObject",
)
"""What moves data, names of objects or what is known of them."""

_ENCRYPTION = "s3:x-amz-server-side-encryption"
_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_CUSTOMER_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"


class AwsObjectStoreArgs(TypedDict):
    """Which bucket is wanted."""

    environment: AwsEnvironment
    """Where it is."""
    store_name: str
    """Name of the store in the environment."""
    store: ObjectStoreArgs
    """What is asked of it."""
    key_arn: pulumi.Input[str]
    """KMS key that encrypts its objects."""
    access_log_bucket: pulumi.Input[str]
    """Name of the bucket that gets a record of every access, and whose policy lets S3 put it there."""
    thing: NotRequired[str]
    """What the environment lets go to give the bucket up; ``stores.<store_name>`` where it is left out."""


def bucket_policy(bucket: str, key_arn: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return a policy that grants nothing, and refuses whatever is not encrypted on its way and at rest.

    The condition keys of encryption are those of a request's headers, so an upload without any gets the bucket's own
    encryption and passes.
    """
    everybody = {"AWS": "*"}
    objects = [f"{bucket_arn(bucket)}/*"]
    everything = [bucket_arn(bucket), *objects]

    def refuse(sid: str, condition: Mapping[str, Mapping[str, Any]]) -> Statement:
        return deny(sid, ["s3:PutObject"], objects, principal=everybody, condition=condition)

    return document(
        deny(
            "DenyPlaintext",
            DATA_ACTIONS,
            everything,
            principal=everybody,
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
        deny(
            "DenyOldTls",
            DATA_ACTIONS,
            everything,
            principal=everybody,
            condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
        refuse("DenyOtherEncryption", {"Null": {_ENCRYPTION: "false"}, "StringNotEquals": {_ENCRYPTION: "aws:kms"}}),
        refuse("DenyOtherKeys", {"Null": {_KEY: "false"}, "StringNotEquals": {_KEY: key_arn}}),
        # Without a key this header means the account's AWS-managed key, not the bucket's.
        refuse("DenyUnnamedKeys", {"Null": {_KEY: "true"}, "StringEquals": {_ENCRYPTION: "aws:kms"}}),
        refuse("DenyCustomerKeys", {"Null": {_CUSTOMER_KEY: "false"}}),
    )


def lifecycle_rules(retention_days: int) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Return the rules of a bucket whose objects expire after ``retention_days``, or never where that is 0."""
    everything: aws.s3.BucketLifecycleConfigurationRuleFilterArgsDict = {"prefix": ""}
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "remains",
            "status": "Enabled",
            "filter": everything,
            "abort_incomplete_multipart_upload": {"days_after_initiation": UPLOAD_DAYS},
            "noncurrent_version_expiration": {"noncurrent_days": NONCURRENT_DAYS},
        },
        {
            "id": "delete-markers",
            "status": "Enabled",
            "filter": everything,
            "expiration": {"expired_object_delete_marker": True},
        },
    ]
    if retention_days > 0:
        rules.append(
            {"id": "retention", "status": "Enabled", "filter": everything, "expiration": {"days": retention_days}}
        )
    else:
        rules.append(
            {
                "id": "tiering",
                "status": "Enabled",
                "filter": everything,
                "transitions": [{"days": TIERING_DAYS, "storage_class": "INTELLIGENT_TIERING"}],
            }
        )
    return rules


class AwsObjectStore(pulumi.ComponentResource):
    """A private, versioned and encrypted bucket.

    It does not copy its objects to another region: what must outlive a region is for the owner of the data to copy,
    who alone knows where it may lie. It grants nobody anything: who may read and write is said by the roles of the
    workloads.

    A bucket that the environment lets go is emptied when it is deleted, with all versions of its objects.
    """

    url: pulumi.Output[str]
    """Base address, ``s3://`` and the bucket, without a trailing slash; known when the bucket's name is."""
    bucket: pulumi.Output[str]
    """Name of the bucket; known once it is private and versioned."""

    def __init__(self, name: str, args: AwsObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsObjectStore", name, {}, opts)
        environment, store_name, store = args["environment"], args["store_name"], args["store"]
        retention_days = int(store["retention_days"])
        if retention_days < 0:
            found = problem("store.retention_days", f"got {retention_days}; allowed: 0, which keeps objects, or more")
            raise ArgumentsError(f"object store {store_name}", [found])
        thing = args.get("thing", f"stores.{store_name}")
        self._children = pulumi.ResourceOptions(parent=self)
        self.bucket_name = physical_name = bucket_name(environment["name"], store_name, environment["account_id"])
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=physical_name,
            force_destroy=released(thing, environment["let_go"]),
            tags=tags(environment, physical_name),
            opts=keep(self, thing, environment["let_go"]),
        )
        guarded = self._guard(name, bucket, physical_name, args["key_arn"])
        self.bucket = ready(guarded, self._keep_versions(name, bucket, retention_days))
        aws.s3.BucketLogging(
            f"{name}-logging",
            bucket=bucket.bucket,
            target_bucket=args["access_log_bucket"],
            target_prefix=f"{physical_name}/",
            target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
            opts=self._children,
        )
        if store.get("update_events", False):
            aws.s3.BucketNotification(
                f"{name}-notification", bucket=bucket.bucket, eventbridge=True, opts=self._children
            )
        self.url = pulumi.Output.concat("s3://", self.bucket)
        self.facts = ObjectStore(name=store_name, url=self.url)
        self.register_outputs({"url": self.url, "bucket": self.bucket})

    def _guard(
        self, name: str, bucket: aws.s3.Bucket, physical_name: str, key_arn: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        """Close the bucket to everybody else and encrypt it; the name is known when that is done."""
        access = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._children,
        )
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._children,
        )
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": key_arn,
                    },
                    "bucket_key_enabled": True,
                    "blocked_encryption_types": ["SSE-C"],
                }
            ],
            opts=self._children,
        )
        policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            # S3 refuses two changes of a bucket's access at a time.
            bucket=ready(bucket.bucket, access.id, ownership.id),
            policy=bucket_policy(physical_name, key_arn),
            opts=self._children,
        )
        return ready(bucket.bucket, policy.id, encryption.id)

    def _keep_versions(self, name: str, bucket: aws.s3.Bucket, retention_days: int) -> pulumi.Output[str]:
        """Keep what is overwritten or deleted for a while; known when that is so."""
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=self._children,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=ready(bucket.bucket, versioning.id),
            rules=lifecycle_rules(retention_days),
            opts=self._children,
        )
        return versioning.id
