"""The queue that tells Karpenter which machines are about to end, and the rules that fill it."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import arn, interruption_queue_name, interruption_rule_name, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, allow, deny, document

EVENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "health": {"source": ["aws.health"], "detail-type": ["AWS Health Event"], "detail": {"service": ["EC2"]}},
    "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
    "reservation": {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Capacity Reservation Instance Interruption Warning"],
    },
    "spot": {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
    "state": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
}
"""Patterns of the events that a machine's end is announced by, by the last part of their rules' names."""

RETENTION_SECONDS: Final = 300
"""How long an announcement is kept: an older one is about a machine that has ended."""

MESSAGE_ACTIONS: Final = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:PurgeQueue",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)


def queue_statements(environment: AwsEnvironment) -> list[Statement]:
    """Let the environment's rules, and nobody else, send to the queue, and everybody only over TLS."""
    queue = arn(environment, "sqs", interruption_queue_name(environment["name"]))
    rules = [
        arn(environment, "events", f"rule/{interruption_rule_name(environment['name'], event)}")
        for event in sorted(EVENTS)
    ]
    return [
        allow(
            "AnnounceInterruptions",
            ("sqs:SendMessage",),
            [queue],
            principal={"Service": "events.amazonaws.com"},
            condition={
                "StringEquals": {"aws:SourceAccount": environment["account_id"]},
                "ArnEquals": {"aws:SourceArn": rules},
            },
        ),
        deny(
            "OnlyOverTls",
            MESSAGE_ACTIONS,
            [queue],
            principal={"AWS": "*"},
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
    ]


def interruption_queue(
    name: str, environment: AwsEnvironment, *, key_arn: pulumi.Input[str], options: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make the queue, encrypted with the key, and its rules; return its name, known once announcements arrive."""
    queue_name = interruption_queue_name(environment["name"])
    queue = aws.sqs.Queue(
        f"{name}-interruptions",
        name=queue_name,
        message_retention_seconds=RETENTION_SECONDS,
        kms_master_key_id=key_arn,
        kms_data_key_reuse_period_seconds=RETENTION_SECONDS,
        tags=tags(environment, queue_name),
        opts=options,
    )
    policy = aws.sqs.QueuePolicy(
        f"{name}-interruptions-policy",
        queue_url=queue.url,
        policy=document(*queue_statements(environment)),
        opts=options,
    )
    targets = []
    for event, pattern in sorted(EVENTS.items()):
        rule_name = interruption_rule_name(environment["name"], event)
        rule = aws.cloudwatch.EventRule(
            f"{name}-{event}",
            name=rule_name,
            description=f"Machines that end: {', '.join(pattern['detail-type'])}",
            event_pattern=json.dumps(pattern, sort_keys=True),
            tags=tags(environment, rule_name),
            opts=options,
        )
        target = aws.cloudwatch.EventTarget(
            f"{name}-{event}-target", rule=rule.name, target_id="interruptions", arn=queue.arn, opts=options
        )
        targets.append(target.id)
    return ready(queue.name, policy.id, *targets)
