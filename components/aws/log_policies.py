"""Who may put logs where: pure functions from the environment to statements."""

from collections.abc import Sequence

import pulumi

from components.aws.facts import AwsEnvironment
from components.aws.names import (
    access_logs_bucket,
    arn,
    audit_logs_bucket,
    bucket_arn,
    log_stream_name,
)
from components.aws.policies import Statement, allow, trust

_DELIVERY = {"Service": "delivery.logs.amazonaws.com"}


def access_log_grants(environment: AwsEnvironment, load_balancers: str) -> list[Statement]:
    """Let S3 log accesses to the environment's buckets, and network load balancers theirs below ``load_balancers``."""
    bucket, account_id = access_logs_bucket(environment), environment["account_id"]
    return [
        allow(
            "AccessesOfBuckets",
            ("s3:PutObject",),
            [f"{bucket_arn(bucket)}/*"],
            principal={"Service": "logging.s3.amazonaws.com"},
            condition={
                "StringEquals": {"aws:SourceAccount": account_id},
                "ArnLike": {"aws:SourceArn": bucket_arn(f"{environment['name']}-*")},
            },
        ),
        *delivered_log_grants(environment, bucket, f"{load_balancers}AWSLogs/{account_id}/"),
    ]


def flow_log_grants(environment: AwsEnvironment, bucket: str, prefix: str) -> list[Statement]:
    """Let flow logs of the account, in directories that Hive reads, be put below ``prefix`` of ``bucket``."""
    return delivered_log_grants(environment, bucket, f"{prefix}AWSLogs/aws-account-id={environment['account_id']}/")


def delivered_log_grants(environment: AwsEnvironment, bucket: str, directory: str) -> list[Statement]:
    """Let the services whose logs AWS delivers put the account's into ``directory`` of ``bucket``.

    They are what AWS itself would add to the policy of a bucket that lacks them, and the program take off again.
    """
    account_id = environment["account_id"]
    of_account = {"aws:SourceAccount": account_id}
    deliveries = {"ArnLike": {"aws:SourceArn": arn(environment, "logs", "*")}}
    return [
        allow(
            "DeliveredLogs",
            ("s3:PutObject",),
            [f"{bucket_arn(bucket)}/{directory}*"],
            principal=_DELIVERY,
            condition={"StringEquals": {**of_account, "s3:x-amz-acl": "bucket-owner-full-control"}, **deliveries},
        ),
        allow(
            "DeliveryChecks",
            ("s3:GetBucketAcl", "s3:ListBucket"),
            [bucket_arn(bucket)],
            principal=_DELIVERY,
            condition={"StringEquals": of_account, **deliveries},
        ),
    ]


def sender_trust(environment: AwsEnvironment) -> Statement:
    """Let CloudWatch send this account's logs of the region."""
    return trust(
        "LogsOfAccount",
        {"Service": "logs.amazonaws.com"},
        condition={"ArnLike": {"aws:SourceArn": arn(environment, "logs", "*")}},
    )


def sender_statements(environment: AwsEnvironment) -> list[Statement]:
    """Let CloudWatch put events into the delivery stream."""
    stream = arn(environment, "firehose", f"deliverystream/{log_stream_name(environment['name'])}")
    return [allow("Send", ("firehose:PutRecord", "firehose:PutRecordBatch"), [stream])]


def writer_trust(environment: AwsEnvironment) -> Statement:
    """Let delivery streams of this account write."""
    return trust(
        "StreamsOfAccount",
        {"Service": "firehose.amazonaws.com"},
        # The one condition that the service sets; its value is the account of the stream.
        condition={"StringEquals": {"sts:ExternalId": environment["account_id"]}},
    )


def writer_statements(
    environment: AwsEnvironment, key_arn: pulumi.Input[str], prefixes: Sequence[str]
) -> list[Statement]:
    """Let the delivery stream write below ``prefixes`` of the bucket of audit logs, and report what it could not."""
    bucket = bucket_arn(audit_logs_bucket(environment))
    objects = [f"{bucket}/{prefix}*" for prefix in prefixes]
    errors = f"log-group:/aws/kinesisfirehose/{log_stream_name(environment['name'])}:log-stream:*"
    return [
        allow(
            "FindBucket",
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
            [bucket],
        ),
        allow("Write", ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"), objects),
        allow(
            "Encrypt",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            [key_arn],
            condition={
                "StringEquals": {"kms:ViaService": f"s3.{environment['region']}.amazonaws.com"},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, *objects]},
            },
        ),
        allow("ReportErrors", ("logs:PutLogEvents",), [arn(environment, "logs", errors)]),
    ]
