"""What pods may do in the account, as policy documents: for one identity, and at the most for any of them."""

from collections.abc import Iterable, Sequence
from typing import Final

import pulumi

from components.aws.facts import AwsEnvironment
from components.aws.names import arn, bucket_arn, bucket_name, state_bucket_name
from components.aws.policies import Statement, allow, deny, trust

POD_IDENTITY: Final = "pods.eks.amazonaws.com"

READ_OBJECTS: Final = ("s3:GetObject",)
WRITE_OBJECTS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
READ_BUCKET: Final = ("s3:GetBucketLocation", "s3:ListBucket")
WRITE_BUCKET: Final = (*READ_BUCKET, "s3:ListBucketMultipartUploads")


def pod_trust(
    environment: AwsEnvironment, cluster_arn: str, namespace: pulumi.Input[str], service_account: str
) -> Statement:
    """Let pods of one service account of one cluster take the role, whatever else the account runs.

    The two tags are set by EKS on the session, and cannot be chosen by whoever makes an association.
    """
    return trust(
        "PodsOfTheServiceAccount",
        {"Service": POD_IDENTITY},
        actions=("sts:AssumeRole", "sts:TagSession"),
        condition={
            "StringEquals": {
                "aws:RequestTag/kubernetes-namespace": namespace,
                "aws:RequestTag/kubernetes-service-account": service_account,
                "aws:SourceAccount": environment["account_id"],
            },
            "ArnEquals": {"aws:SourceArn": cluster_arn},
        },
    )


def store_statements(
    environment: AwsEnvironment,
    read_buckets: Iterable[str],
    write_buckets: Iterable[str],
    stores_key_arn: pulumi.Input[str],
) -> list[Statement]:
    """Allow reading some buckets, and reading and writing others; empty where there are none."""
    written = sorted(set(write_buckets))
    read = sorted(set(read_buckets) - set(written))
    statements = []
    if read:
        statements += [
            allow("ListReadStores", READ_BUCKET, _arns(read)),
            allow("ReadStores", READ_OBJECTS, _objects(read)),
        ]
    if written:
        statements += [
            allow("ListWriteStores", WRITE_BUCKET, _arns(written)),
            allow("WriteStores", WRITE_OBJECTS, _objects(written)),
        ]
    if read or written:
        statements.append(_use_key("ReadWithKey", ("kms:Decrypt",), environment, stores_key_arn, [*read, *written]))
    if written:
        # A multipart upload decrypts its parts, which the statement above allows.
        statements.append(_use_key("WriteWithKey", ("kms:GenerateDataKey",), environment, stores_key_arn, written))
    return statements


def _use_key(
    sid: str,
    actions: Sequence[str],
    environment: AwsEnvironment,
    key_arn: pulumi.Input[str],
    buckets: Sequence[str],
) -> Statement:
    """Allow the use of the stores' key by S3 only, and only for objects of ``buckets``.

    S3 names the bucket as the encryption context where the bucket has a key of its own, else the object.
    """
    return allow(
        sid,
        actions,
        [key_arn],
        condition={
            "StringEquals": {"kms:ViaService": f"s3.{environment['region']}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [*_arns(buckets), *_objects(buckets)]},
        },
    )


def _arns(buckets: Iterable[str]) -> list[str]:
    return [bucket_arn(bucket) for bucket in sorted(buckets)]


def _objects(buckets: Iterable[str]) -> list[str]:
    return [f"{bucket_arn(bucket)}/*" for bucket in sorted(buckets)]


def boundary_statements(environment: AwsEnvironment) -> list[Statement]:
    """Return the most that any role of pods may be given: the data of this environment, and no control over it.

    Whoever may make such roles, the deploy role above all, can hand out nothing beyond it.
    """
    name, account, region = environment["name"], environment["account_id"], environment["region"]
    buckets = bucket_arn(bucket_name(name, "*", account))
    state = bucket_arn(state_bucket_name(name, account))
    encrypted = ("s3", "secretsmanager", "sns", "sqs")
    return [
        allow("Buckets", WRITE_BUCKET, [buckets]),
        allow("Objects", (*WRITE_OBJECTS, "s3:GetObjectTagging", "s3:PutObjectTagging"), [f"{buckets}/*"]),
        deny("BucketOfPulumi", WRITE_BUCKET, [state]),
        deny("StateOfPulumi", WRITE_OBJECTS, [f"{state}/*"]),
        allow(
            "Keys",
            ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
            [arn(environment, "kms", "key/*")],
            condition={
                "StringEquals": {"kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in encrypted]}
            },
        ),
        allow(
            "Secrets",
            ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
            [arn(environment, "secretsmanager", f"secret:{name}{separator}*") for separator in "-/"],
        ),
        allow(
            "Queues",
            (
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ),
            [arn(environment, "sqs", f"{name}-*")],
        ),
        allow("Topics", ("sns:Publish",), [arn(environment, "sns", f"{name}-*")]),
    ]
