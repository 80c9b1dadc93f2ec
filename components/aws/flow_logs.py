"""Records of a network's connections."""

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import tags

FIELDS: Final = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets"),
    *("bytes", "start", "end", "action", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type"),
    # What a packet carries differs from what its interface has: pods behind a machine, machines behind NAT.
    *("pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "pkt-src-aws-service", "pkt-dst-aws-service"),
    *("flow-direction", "traffic-path"),
)
"""What is recorded of a connection, by AWS's own names."""

AGGREGATION_SECONDS: Final = 600
"""Time over which a connection's packets are counted together."""


def flow_log(
    parent: pulumi.Resource,
    name: str,
    environment: AwsEnvironment,
    *,
    vpc_id: pulumi.Input[str],
    destination: pulumi.Input[str],
) -> aws.ec2.FlowLog:
    """Record all connections of the VPC below ``destination``, the ARN of a bucket with a prefix."""
    return aws.ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="s3",
        log_destination=destination,
        log_format=" ".join(f"${{{field}}}" for field in FIELDS),
        max_aggregation_interval=AGGREGATION_SECONDS,
        destination_options={
            "file_format": "parquet",
            "hive_compatible_partitions": True,
            "per_hour_partition": True,
        },
        tags=tags(environment, f"{environment['name']}-flow-logs"),
        opts=pulumi.ResourceOptions(parent=parent),
    )
