"""Buckets that services of AWS write logs to."""

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import bucket_arn, tags
from components.aws.object_store import DATA_ACTIONS
from components.aws.outputs import ready
from components.aws.policies import Statement, deny, document
from components.keeping import keep, released

THING: Final = "logs"
"""What the environment lets go to give the buckets and their logs up."""

NONCURRENT_DAYS: Final = 30
"""Days for which a log that was overwritten can be brought back."""

UPLOAD_DAYS: Final = 7
"""Days after which the parts of an upload that was never finished are removed."""

ARCHIVE_AFTER_DAYS: Final = 90
"""Days after which logs move to where storage is cheap and reading is not; they stay there as long at least."""

DELETIONS: Final = ("s3:DeleteObject", "s3:DeleteObjectVersion")
"""What removes a log before its time."""

_EVERYBODY: Final = {"AWS": "*"}


def guards(bucket: str, *, deletable: bool) -> list[Statement]:
    """Return what a log bucket refuses to everybody: plain text, and unless ``deletable`` the deletion of logs.

    Logs expire all the same: the lifecycle of a bucket is not subject to its policy.
    """
    objects = f"{bucket_arn(bucket)}/*"
    everything = [bucket_arn(bucket), objects]
    refused = [
        deny(
            "DenyPlaintext",
            DATA_ACTIONS,
            everything,
            principal=_EVERYBODY,
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
        deny(
            "DenyOldTls",
            DATA_ACTIONS,
            everything,
            principal=_EVERYBODY,
            condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
    ]
    return refused if deletable else [*refused, deny("DenyDeletion", DELETIONS, [objects], principal=_EVERYBODY)]


def lifecycle_rules(retention_days: int) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Return the rules of a bucket whose logs expire after ``retention_days``."""
    everything: aws.s3.BucketLifecycleConfigurationRuleFilterArgsDict = {"prefix": ""}
    retention: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "retention",
        "status": "Enabled",
        "filter": everything,
        "expiration": {"days": retention_days},
        "noncurrent_version_expiration": {"noncurrent_days": NONCURRENT_DAYS},
        "abort_incomplete_multipart_upload": {"days_after_initiation": UPLOAD_DAYS},
    }
    if retention_days >= 2 * ARCHIVE_AFTER_DAYS:
        retention["transitions"] = [{"days": ARCHIVE_AFTER_DAYS, "storage_class": "GLACIER_IR"}]
    markers: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "delete-markers",
        "status": "Enabled",
        "filter": everything,
        "expiration": {"expired_object_delete_marker": True},
    }
    return [retention, markers]


def log_bucket(
    parent: pulumi.Resource,
    name: str,
    environment: AwsEnvironment,
    *,
    bucket_name: str,
    grants: Sequence[Statement],
    retention_days: int,
    key_arn: pulumi.Input[str] | None,
) -> pulumi.Output[str]:
    """Make a private, versioned bucket for logs, and return its name, known once it takes them.

    ``grants`` say who may write to it. It is encrypted with the key of ``key_arn``, or with S3's own where that is
    ``None``. Its resources are named ``<name>-...``.
    """
    options = pulumi.ResourceOptions(parent=parent)
    let_go = released(THING, environment["let_go"])
    bucket = aws.s3.Bucket(
        f"{name}-bucket",
        bucket=bucket_name,
        force_destroy=let_go,
        tags=tags(environment, bucket_name),
        opts=keep(parent, THING, environment["let_go"]),
    )
    access = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=options,
    )
    ownership = aws.s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=options
    )
    default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = {
        "sse_algorithm": "AES256"
    }
    if key_arn is not None:
        default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": default,
                "bucket_key_enabled": key_arn is not None,
                "blocked_encryption_types": ["SSE-C"],
            }
        ],
        opts=options,
    )
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning",
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=options,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=ready(bucket.bucket, versioning.id),
        rules=lifecycle_rules(retention_days),
        opts=options,
    )
    # Whoever watches for logs that stop, or that are tampered with, is told by EventBridge.
    aws.s3.BucketNotification(f"{name}-notification", bucket=bucket.bucket, eventbridge=True, opts=options)
    policy = aws.s3.BucketPolicy(
        f"{name}-policy",
        # S3 refuses two changes of a bucket's access at a time.
        bucket=ready(bucket.bucket, access.id, ownership.id),
        policy=document(*guards(bucket_name, deletable=let_go), *grants),
        opts=options,
    )
    return ready(bucket.bucket, policy.id, encryption.id, versioning.id)
