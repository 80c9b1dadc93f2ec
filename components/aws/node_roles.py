"""The role that machines have, and what it may do."""

from collections.abc import Mapping
from typing import Final

import pulumi

from components.aws.facts import AwsEnvironment
from components.aws.policies import Statement, allow, trust
from components.aws.roles import Role, service_role

NODE_POLICIES: Final = ("AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodeMinimalPolicy")
"""What a machine needs to give pods their roles and to pull images. The network plugin has a role of its own."""

SESSION_MANAGER_POLICY: Final = "AmazonSSMManagedInstanceCore"


def join_statements(environment: AwsEnvironment) -> list[Statement]:
    """Allow a machine to look up its own name and size, without which it does not join a cluster."""
    return [
        allow(
            "DescribeItself",
            ("ec2:DescribeInstanceTypes", "ec2:DescribeInstances"),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": environment["region"]}},
        )
    ]


def node_role(
    name: str,
    environment: AwsEnvironment,
    *,
    role_name: str,
    description: str,
    session_manager: bool,
    attached: Mapping[str, pulumi.Input[str]],
    options: pulumi.ResourceOptions,
) -> Role:
    """Make the role of machines, with ``attached`` policies by a short name, as the resource ``<name>-role``."""
    return service_role(
        name,
        environment,
        role_name=role_name,
        description=description,
        # EC2 sends no source when a machine takes its role, so there is none to make a condition of.
        trusted=trust("Machines", {"Service": "ec2.amazonaws.com"}),
        managed=[*NODE_POLICIES, *([SESSION_MANAGER_POLICY] if session_manager else [])],
        attached=attached,
        inline={"join": join_statements(environment)},
        options=options,
    )
