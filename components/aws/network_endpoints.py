"""The ways from a network to services of AWS that do not pass the internet."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from pulumi.errors import InputPropertyErrorDetails

from components.aws.endpoints import ENDPOINTS, endpoint_statements, storage_statements
from components.aws.facts import AwsEnvironment
from components.aws.names import tags
from components.aws.policies import document
from components.errors import problem

HTTPS = 443


def wanted_endpoints(
    services: Sequence[str] | None,
) -> tuple[Sequence[str], list[InputPropertyErrorDetails]]:
    """Return which services get an interface, all where ``services`` is ``None``, and what is wrong with those."""
    if services is None:
        return sorted(ENDPOINTS), []
    unknown = sorted(set(services) - set(ENDPOINTS))
    allowed = ", ".join(sorted(ENDPOINTS))
    return sorted(set(services)), [problem("endpoints", f"got {each!r}; allowed: {allowed}") for each in unknown]


def storage_endpoint(
    parent: pulumi.Resource,
    name: str,
    environment: AwsEnvironment,
    *,
    vpc_id: pulumi.Input[str],
    route_table_ids: Sequence[pulumi.Input[str]],
    readable_buckets: Sequence[str],
) -> pulumi.Output[str]:
    """Lead what the route tables send to S3 of the region there directly; return the endpoint's ID."""
    return aws.ec2.VpcEndpoint(
        f"{name}-s3",
        vpc_id=vpc_id,
        service_name=f"com.amazonaws.{environment['region']}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=route_table_ids,
        policy=document(*storage_statements(environment, readable_buckets)),
        tags=tags(environment, f"{environment['name']}-s3"),
        opts=pulumi.ResourceOptions(parent=parent),
    ).id


def interface_endpoints(
    parent: pulumi.Resource,
    name: str,
    environment: AwsEnvironment,
    *,
    services: Sequence[str],
    vpc_id: pulumi.Input[str],
    ranges: Mapping[str, str],
    subnet_ids: Sequence[pulumi.Input[str]],
) -> None:
    """Give ``services`` interfaces in the subnets, which take HTTPS from ``ranges``, by who has those addresses."""
    if not services:
        return
    options = pulumi.ResourceOptions(parent=parent)
    group_name = f"{environment['name']}-endpoints"
    group = aws.ec2.SecurityGroup(
        f"{name}-endpoints",
        name=group_name,
        description="Interface endpoints of services of AWS",
        vpc_id=vpc_id,
        tags=tags(environment, group_name),
        opts=options,
    )
    for who, cidr in ranges.items():
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-{who}",
            security_group_id=group.id,
            description=f"HTTPS from {who}",
            cidr_ipv4=cidr,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=tags(environment, f"{group_name}-{who}"),
            opts=options,
        )
    for service in services:
        statements = endpoint_statements(environment, service)
        aws.ec2.VpcEndpoint(
            f"{name}-{service}",
            vpc_id=vpc_id,
            service_name=f"com.amazonaws.{environment['region']}.{service}",
            vpc_endpoint_type="Interface",
            subnet_ids=subnet_ids,
            security_group_ids=[group.id],
            private_dns_enabled=True,
            policy=None if statements is None else document(*statements),
            tags=tags(environment, f"{environment['name']}-{service}"),
            opts=options,
        )
