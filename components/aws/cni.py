"""The network plugin of pods: its add-on's configuration, and what its role may do."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components.aws.facts import AwsEnvironment, AwsNetworkFacts
from components.aws.names import ENVIRONMENT_TAG, PARTITION, arn, propagated_tags
from components.aws.policies import Statement, allow

SERVICE_ACCOUNT: Final = "aws-node"

PODS_PER_MACHINE: Final = 110
"""Pods that one machine takes, Kubernetes' own default. With prefixes of 16 addresses every machine has room for it."""

ZONE_LABEL: Final = "topology.kubernetes.io/zone"


def configuration(
    environment: AwsEnvironment, pod_subnets: Mapping[str, str], security_group: str
) -> Mapping[str, Any]:
    """Return the add-on's configuration values.

    Machines get prefixes of 16 addresses at a time. Where there are ``pod_subnets``, by zone, pods have their addresses
    from the subnet of their machine's zone, and interfaces in ``security_group``.
    """
    variables = {
        "ADDITIONAL_ENI_TAGS": json.dumps(propagated_tags(environment), sort_keys=True),
        "ENABLE_PREFIX_DELEGATION": "true",
        "WARM_PREFIX_TARGET": "1",
    }
    values: dict[str, Any] = {
        "enableNetworkPolicy": "true",
        "nodeAgent": {"enablePolicyEventLogs": "true"},
        "env": variables,
    }
    if pod_subnets:
        variables |= {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": ZONE_LABEL}
        values["eniConfig"] = {
            "create": True,
            "region": environment["region"],
            "subnets": {
                zone: {"id": subnet, "securityGroups": [security_group]} for zone, subnet in sorted(pod_subnets.items())
            },
        }
    return values


def configuration_values(
    environment: AwsEnvironment, network: AwsNetworkFacts, security_group: pulumi.Input[str]
) -> pulumi.Output[str]:
    """Return the add-on's configuration values as JSON."""
    return pulumi.Output.all(dict(network["pod_subnets"]), security_group).apply(
        lambda known: json.dumps(configuration(environment, known[0], known[1]), sort_keys=True)
    )


def statements(environment: AwsEnvironment, network: AwsNetworkFacts) -> list[Statement]:
    """Allow what the plugin does to interfaces of the environment's machines, and to no others.

    The interfaces that it makes carry the environment's tag, and machines' first ones have it from their launch.
    """
    name = environment["name"]
    interfaces = arn(environment, "ec2", "network-interface/*")
    security_groups = arn(environment, "ec2", "security-group/*")
    instances = arn(environment, "ec2", "instance/*")
    region = {"aws:RequestedRegion": environment["region"]}
    ours = {f"aws:ResourceTag/{ENVIRONMENT_TAG}": name}
    # Subnets that another account shares have that account's ARN.
    subnets = f"arn:{PARTITION}:ec2:{environment['region']}:*:subnet/*"
    vpc = pulumi.Output.concat(f"arn:{PARTITION}:ec2:{environment['region']}:*:vpc/", network["vpc_id"])
    return [
        allow(
            "Describe",
            (
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
            ),
            ["*"],
            condition={"StringEquals": region},
        ),
        allow(
            "MakeInterfaces",
            ("ec2:CreateNetworkInterface",),
            [interfaces],
            condition={"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": name}},
        ),
        allow(
            "MakeInterfacesInTheNetwork",
            ("ec2:CreateNetworkInterface",),
            [subnets, security_groups],
            condition={"ArnLike": {"ec2:Vpc": vpc}},
        ),
        allow(
            "TagInterfacesThatAreMade",
            ("ec2:CreateTags",),
            [interfaces],
            condition={"StringEquals": {"ec2:CreateAction": "CreateNetworkInterface"}},
        ),
        allow("TagOwnInterfaces", ("ec2:CreateTags",), [interfaces], condition={"StringEquals": ours}),
        allow(
            "ChangeOwnInterfaces",
            (
                "ec2:AssignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:UnassignPrivateIpAddresses",
            ),
            [interfaces],
            condition={"StringEquals": ours},
        ),
        allow(
            "AttachToOwnMachines",
            ("ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"),
            [instances],
            condition={"StringEquals": ours},
        ),
        allow(
            "SetSecurityGroups",
            ("ec2:ModifyNetworkInterfaceAttribute",),
            [security_groups],
            condition={"ArnLike": {"ec2:Vpc": vpc}},
        ),
    ]
