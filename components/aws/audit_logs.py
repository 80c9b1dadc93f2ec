"""Logs that outlive what they are about, as a Pulumi component."""

from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi.errors import InputPropertyErrorDetails

from components.aws.facts import AwsEnvironment
from components.aws.log_bucket import THING, log_bucket
from components.aws.log_policies import (
    access_log_grants,
    flow_log_grants,
    sender_statements,
    sender_trust,
    writer_statements,
    writer_trust,
)
from components.aws.names import (
    access_logs_bucket,
    audit_logs_bucket,
    bucket_arn,
    control_plane_log_group,
    log_sender_role_name,
    log_stream_name,
    log_writer_role_name,
    tags,
)
from components.aws.outputs import ready
from components.aws.roles import service_role
from components.errors import ArgumentsError, problem
from components.keeping import keep, released

__all__ = ["AwsAuditLogs", "AwsAuditLogsArgs", "AwsAuditLogsFacts"]

LOG_GROUP_DAYS: Final = 365
"""Days for which the control plane's logs can be searched in CloudWatch."""

LOG_GROUP_RETENTIONS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days for which CloudWatch can keep a log group's events."""

FLOW_LOGS: Final = "flow-logs/"
"""Prefix of the network's flow logs: Parquet, one directory for each hour."""

CONTROL_PLANE: Final = "control-plane/"
"""Prefix of the logs of the control plane: gzip, JSON as CloudWatch sends it, one directory for each hour."""

CONTROL_PLANE_ERRORS: Final = "control-plane-errors/"
"""Prefix of what could not be delivered below ``control-plane/``, by the kind of error."""

LOAD_BALANCERS: Final = "load-balancers/"
"""Prefix that network load balancers of people's own Services may log accesses to, in the bucket of access logs."""

HOURLY: Final = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
"""How the delivery stream names the directory of an hour, in UTC."""

BUFFER_SECONDS: Final = 300
BUFFER_MIB: Final = 64


class AwsAuditLogsArgs(TypedDict):
    """Which logs are kept, and how long."""

    environment: AwsEnvironment
    """Where they are."""
    key_arn: pulumi.Input[str]
    """KMS key of log groups and delivery streams, ``AwsKeysFacts.logs``; it encrypts the audit logs as well."""
    retention_days: int
    """Days after which logs in the buckets expire, at least 1."""
    log_group_days: NotRequired[int]
    """Days for which the control plane's logs can be searched in CloudWatch, one of those that it knows; 365 where it
    is left out."""


class AwsAuditLogsFacts(TypedDict):
    """Where logs go. Each is known once logs can be put there."""

    access_logs_bucket: pulumi.Output[str]
    """Name of the bucket of access logs: of buckets below their names, of network load balancers below
    ``load-balancers/``."""
    audit_logs_bucket: pulumi.Output[str]
    """Name of the bucket of audit logs: ``flow-logs/`` and ``control-plane/``."""
    flow_logs_destination: pulumi.Output[str]
    """ARN of the audit logs' bucket with the prefix of flow logs, as a flow log takes it."""
    control_plane_log_group: pulumi.Output[str]
    """Name of the log group of the control plane; a cluster that waits for it finds it encrypted and kept."""


def problems(retention_days: int, log_group_days: int) -> list[InputPropertyErrorDetails]:
    """Return why logs cannot be kept so long; empty where they can."""
    found = []
    if retention_days < 1:
        found.append(problem("retention_days", f"got {retention_days}; allowed: at least 1"))
    if log_group_days not in LOG_GROUP_RETENTIONS:
        allowed = ", ".join(map(str, LOG_GROUP_RETENTIONS))
        found.append(problem("log_group_days", f"got {log_group_days}; allowed: {allowed}"))
    return found


class AwsAuditLogs(pulumi.ComponentResource):
    """Two buckets: who read and wrote what (access logs), and what the network and the control plane did.

    Nobody can delete logs before they expire unless the environment lets ``logs`` go; Object Lock is left out, because
    S3 does not deliver access logs to a bucket that has a default retention. It does not make the cluster write its
    logs, and collects neither those of machines nor those of pods.
    """

    access_logs_bucket: pulumi.Output[str]
    """Name of the bucket of access logs."""
    audit_logs_bucket: pulumi.Output[str]
    """Name of the bucket of audit logs."""
    control_plane_log_group: pulumi.Output[str]
    """Name of the log group of the control plane, known once its events are delivered to the bucket."""

    def __init__(self, name: str, args: AwsAuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsAuditLogs", name, {}, opts)
        retention_days, log_group_days = int(args["retention_days"]), int(args.get("log_group_days", LOG_GROUP_DAYS))
        if found := problems(retention_days, log_group_days):
            raise ArgumentsError(f"audit logs {name}", found)
        self._environment = environment = args["environment"]
        self._key_arn = args["key_arn"]
        self._log_group_days = log_group_days
        self._children = pulumi.ResourceOptions(parent=self)
        self.access_logs_bucket = log_bucket(
            self,
            f"{name}-access",
            environment,
            bucket_name=access_logs_bucket(environment),
            grants=access_log_grants(environment, LOAD_BALANCERS),
            retention_days=retention_days,
            # S3 delivers access logs only to buckets that are encrypted with its own keys.
            key_arn=None,
        )
        self.audit_logs_bucket = log_bucket(
            self,
            f"{name}-audit",
            environment,
            bucket_name=audit_logs_bucket(environment),
            grants=flow_log_grants(environment, audit_logs_bucket(environment), FLOW_LOGS),
            retention_days=retention_days,
            key_arn=args["key_arn"],
        )
        aws.s3.BucketLogging(
            f"{name}-audit-logging",
            bucket=self.audit_logs_bucket,
            target_bucket=self.access_logs_bucket,
            target_prefix=f"{audit_logs_bucket(environment)}/",
            target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
            opts=self._children,
        )
        self.control_plane_log_group = self._control_plane(name)
        self.facts = AwsAuditLogsFacts(
            access_logs_bucket=self.access_logs_bucket,
            audit_logs_bucket=self.audit_logs_bucket,
            flow_logs_destination=self.audit_logs_bucket.apply(lambda bucket: f"{bucket_arn(bucket)}/{FLOW_LOGS}"),
            control_plane_log_group=self.control_plane_log_group,
        )
        self.register_outputs(
            {
                "accessLogsBucket": self.access_logs_bucket,
                "auditLogsBucket": self.audit_logs_bucket,
                "controlPlaneLogGroup": self.control_plane_log_group,
            }
        )

    def _log_group(self, resource_name: str, log_group_name: str) -> aws.cloudwatch.LogGroup:
        let_go = self._environment["let_go"]
        return aws.cloudwatch.LogGroup(
            resource_name,
            name=log_group_name,
            kms_key_id=self._key_arn,
            retention_in_days=self._log_group_days,
            deletion_protection_enabled=not released(THING, let_go),
            tags=tags(self._environment, log_group_name),
            opts=keep(self, THING, let_go),
        )

    def _control_plane(self, name: str) -> pulumi.Output[str]:
        """Deliver the control plane's logs to the bucket; return its log group's name, known once that works."""
        environment = self._environment
        log_group = self._log_group(f"{name}-control-plane", control_plane_log_group(environment["name"]))
        stream = self._delivery_stream(name)
        sender = service_role(
            f"{name}-sender",
            environment,
            role_name=log_sender_role_name(environment["name"]),
            description="Sends the control plane's logs to their delivery stream",
            trusted=sender_trust(environment),
            options=self._children,
            inline={"send": sender_statements(environment)},
        )
        subscription = aws.cloudwatch.LogSubscriptionFilter(
            f"{name}-subscription",
            name=log_stream_name(environment["name"]),
            log_group=log_group.name,
            filter_pattern="",
            destination_arn=stream.arn,
            role_arn=sender.arn,
            opts=self._children,
        )
        return ready(log_group.name, subscription.id)

    def _delivery_stream(self, name: str) -> aws.kinesis.FirehoseDeliveryStream:
        environment = self._environment
        stream_name = log_stream_name(environment["name"])
        writer = service_role(
            f"{name}-writer",
            environment,
            role_name=log_writer_role_name(environment["name"]),
            description="Writes the control plane's logs to the bucket of audit logs",
            trusted=writer_trust(environment),
            options=self._children,
            inline={"write": writer_statements(environment, self._key_arn, (CONTROL_PLANE, CONTROL_PLANE_ERRORS))},
        )
        errors = self._log_group(f"{name}-delivery", f"/aws/kinesisfirehose/{stream_name}")
        error_stream = aws.cloudwatch.LogStream(
            f"{name}-delivery-errors", name="S3Delivery", log_group_name=errors.name, opts=self._children
        )
        return aws.kinesis.FirehoseDeliveryStream(
            f"{name}-stream",
            name=stream_name,
            destination="extended_s3",
            extended_s3_configuration={
                "bucket_arn": self.audit_logs_bucket.apply(bucket_arn),
                "role_arn": writer.arn,
                "prefix": f"{CONTROL_PLANE}{HOURLY}",
                "error_output_prefix": f"{CONTROL_PLANE_ERRORS}!{{firehose:error-output-type}}/{HOURLY}",
                "buffering_interval": BUFFER_SECONDS,
                "buffering_size": BUFFER_MIB,
                # CloudWatch sends gzip: a file of several is one still, and would gain nothing by another.
                "compression_format": "UNCOMPRESSED",
                "file_extension": ".json.gz",
                "kms_key_arn": self._key_arn,
                "cloudwatch_logging_options": {
                    "enabled": True,
                    "log_group_name": errors.name,
                    "log_stream_name": error_stream.name,
                },
            },
            server_side_encryption={
                "enabled": True,
                "key_type": "CUSTOMER_MANAGED_CMK",
                "key_arn": self._key_arn,
            },
            tags=tags(environment, stream_name),
            opts=self._children,
        )
