"""What managed Airflow may do in the account, as statements of policies."""

from typing import Final

import pulumi

from components.aws.facts import AwsEnvironment
from components.aws.names import PARTITION, airflow_name, arn, bucket_arn
from components.aws.policies import Statement, allow

LOGS: Final = ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")
"""Last parts of the names of MWAA's log groups."""


def log_group_name(airflow: str, log: str) -> str:
    """Return the log group that MWAA writes ``log`` to."""
    return f"airflow-{airflow}-{log}"


def execution_statements(
    environment: AwsEnvironment, bucket: str, key_arn: pulumi.Input[str], cluster_arn: str | None
) -> list[Statement]:
    """Return what Airflow itself needs: its bucket, its logs, its metrics, its queue, and the key of them all."""
    name, region = airflow_name(environment["name"]), environment["region"]
    logs = [
        resource
        for log in LOGS
        for group in [arn(environment, "logs", f"log-group:{log_group_name(name, log)}")]
        for resource in (group, f"{group}:*")
    ]
    statements = [
        allow("ReportHealth", ["airflow:PublishMetrics"], [arn(environment, "airflow", f"environment/{name}")]),
        allow(
            "LookAtBucket",
            [
                "s3:GetBucketLocation",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
            ],
            [bucket_arn(bucket)],
        ),
        allow("ReadDags", ["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket_arn(bucket)}/*"]),
        allow(
            "SeeThatAccountIsPrivate",
            ["s3:GetAccountPublicAccessBlock"],
            ["*"],
            condition={"StringEqualsIfExists": {"s3:ResourceAccount": environment["account_id"]}},
        ),
        allow(
            "WriteLogs",
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:GetLogEvents",
                "logs:GetLogGroupFields",
                "logs:GetLogRecord",
                "logs:GetQueryResults",
                "logs:PutLogEvents",
            ],
            logs,
        ),
        allow(
            "FindLogs", ["logs:DescribeLogGroups"], ["*"], condition={"StringEquals": {"aws:RequestedRegion": region}}
        ),
        allow(
            "WriteMetrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            condition={"StringEquals": {"cloudwatch:namespace": ["AmazonMWAA", "AWS/MWAA"]}},
        ),
        allow(
            "UseTaskQueue",
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            # The queue is in an account of MWAA's.
            [f"arn:{PARTITION}:sqs:{region}:*:airflow-celery-*"],
        ),
        allow(
            "UseKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            [key_arn],
            condition={
                "StringEquals": {"kms:ViaService": [f"s3.{region}.amazonaws.com", f"sqs.{region}.amazonaws.com"]}
            },
        ),
    ]
    if cluster_arn is not None:
        statements.append(allow("FindCluster", ["eks:DescribeCluster"], [cluster_arn]))
    return statements
