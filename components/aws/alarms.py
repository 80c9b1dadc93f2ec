"""Who is told when something goes wrong, and of what, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.alarm_list import (
    MINUTE,
    Alarm,
    cluster_alarms,
    database_alarms,
    delivery_alarm,
    nat_alarm,
    queue_alarm,
)
from components.aws.facts import AwsEnvironment
from components.aws.names import alarms_topic_arn, alarms_topic_name, arn, global_arn, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, allow, deny, document

__all__ = ["AwsAlarmTopic", "AwsAlarmTopicArgs", "AwsAlarms", "AwsAlarmsArgs", "AwsWatchedDatabase"]


class AwsAlarmTopicArgs(TypedDict):
    """Who is told."""

    environment: AwsEnvironment
    """The environment that is watched."""
    receivers: Sequence[str]
    """Email addresses; each has to confirm a message that AWS sends it once."""
    logs_key_arn: pulumi.Input[str]
    """KMS key of the topic, whose policy lets CloudWatch, budgets and RDS use it."""


class AwsAlarmTopic(pulumi.ComponentResource):
    """A topic that alarms, budgets and the databases' events are sent to, and its receivers.

    It comes before whatever reports to it: RDS refuses a subscription whose topic it cannot write to. A receiver is
    told nothing before having confirmed the message that AWS sends.
    """

    topic_arn: pulumi.Output[str]
    """ARN of the topic, known once whoever sends to it may."""

    def __init__(self, name: str, args: AwsAlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsAlarmTopic", name, {}, opts)
        environment, options = args["environment"], pulumi.ResourceOptions(parent=self)
        topic_name = alarms_topic_name(environment["name"])
        topic = aws.sns.Topic(
            f"{name}-topic",
            name=topic_name,
            kms_master_key_id=args["logs_key_arn"],
            tags=tags(environment, topic_name),
            opts=options,
        )
        policy = aws.sns.TopicPolicy(
            f"{name}-topic-policy", arn=topic.arn, policy=document(*topic_statements(environment)), opts=options
        )
        self.topic_arn = ready(topic.arn, policy.id)
        for receiver in sorted(set(args["receivers"])):
            aws.sns.TopicSubscription(
                f"{name}-to-{receiver}", topic=self.topic_arn, protocol="email", endpoint=receiver, opts=options
            )
        self.register_outputs({"topicArn": self.topic_arn})


class AwsWatchedDatabase(TypedDict):
    """A database server that is watched."""

    identifier: str
    """Identifier of the RDS instance."""
    storage_gib: int
    """Size of its disk, in GiB."""
    memory_gib: int
    """Memory of its machine, in GiB."""


class AwsAlarmsArgs(TypedDict):
    """What is watched."""

    environment: AwsEnvironment
    """The environment that is watched."""
    topic_arn: pulumi.Input[str]
    """ARN of the topic that is told, ``AwsAlarmTopic.topic_arn``."""
    cluster_name: pulumi.Input[str]
    """Name of the cluster."""
    databases: Mapping[str, AwsWatchedDatabase]
    """Databases, by name."""
    nat_gateways: Mapping[str, pulumi.Input[str]]
    """IDs of NAT gateways, by zone."""
    interruption_queue: NotRequired[pulumi.Input[str]]
    """Name of the queue that tells Karpenter of machines that end; not watched where it is left out."""
    delivery_streams: Mapping[str, pulumi.Input[str]]
    """Names of the streams that deliver logs to buckets, by what they deliver."""


class AwsAlarms(pulumi.ComponentResource):
    """Alarms of what AWS runs, and not of what runs in the cluster: that is for the cluster's own monitoring."""

    alarm_names: pulumi.Output[Sequence[str]]
    """Names of the alarms, sorted."""

    def __init__(self, name: str, args: AwsAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsAlarms", name, {}, opts)
        self._name = name
        self._environment = args["environment"]
        self._topic_arn = args["topic_arn"]
        made = [self._alarm(alarm) for alarm in sorted(_alarms(args), key=lambda alarm: alarm.key)]
        self.alarm_names = pulumi.Output.all(*made)
        self.register_outputs({"alarmNames": self.alarm_names})

    def _alarm(self, alarm: Alarm) -> pulumi.Output[str]:
        alarm_name = f"{self._environment['name']}-{alarm.key}"
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.key}",
            name=alarm_name,
            alarm_description=alarm.description,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
            threshold=alarm.threshold,
            statistic=alarm.statistic,
            period=alarm.minutes * MINUTE,
            evaluation_periods=alarm.periods,
            treat_missing_data=alarm.missing,
            alarm_actions=[self._topic_arn],
            ok_actions=[self._topic_arn],
            tags=tags(self._environment, alarm_name),
            opts=pulumi.ResourceOptions(parent=self),
        ).name


def _alarms(args: AwsAlarmsArgs) -> list[Alarm]:
    alarms = [*cluster_alarms(args["cluster_name"])]
    for database, watched in sorted(args["databases"].items()):
        alarms += database_alarms(
            database, watched["identifier"], int(watched["storage_gib"]), int(watched["memory_gib"])
        )
    alarms += [nat_alarm(zone, gateway) for zone, gateway in sorted(args["nat_gateways"].items())]
    if "interruption_queue" in args:
        alarms.append(queue_alarm(args["interruption_queue"]))
    alarms += [delivery_alarm(stream, stream_name) for stream, stream_name in sorted(args["delivery_streams"].items())]
    return alarms


def topic_statements(environment: AwsEnvironment) -> list[Statement]:
    """Let AWS's services send what is about this account, and nobody else anything, nor without encryption."""
    account, topic = environment["account_id"], alarms_topic_arn(environment)
    senders = {
        "Alarms": ("cloudwatch.amazonaws.com", arn(environment, "cloudwatch", "alarm:*")),
        "Budgets": ("budgets.amazonaws.com", global_arn(account, "budgets", "*")),
        "Databases": ("events.rds.amazonaws.com", arn(environment, "rds", "*")),
    }
    return [
        *(
            allow(
                sid,
                ("sns:Publish",),
                [topic],
                principal={"Service": service},
                condition={"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source}},
            )
            for sid, (service, source) in senders.items()
        ),
        deny(
            "WithoutEncryption",
            ("sns:Publish",),
            [topic],
            principal={"AWS": "*"},
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
    ]
