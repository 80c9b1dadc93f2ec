"""Who may use a cluster's API server, and from where."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi.errors import InputPropertyErrorDetails

from components.aws.facts import AwsEnvironment
from components.aws.names import PARTITION, tags
from components.errors import problem

_ACCESS_POLICIES: Final = f"arn:{PARTITION}:eks::aws:cluster-access-policy"

ADMINISTRATOR_POLICY: Final = f"{_ACCESS_POLICIES}/AmazonEKSClusterAdminPolicy"
"""EKS' own policy that allows everything in the cluster, as Kubernetes' ``cluster-admin`` does."""

VIEWER_POLICY: Final = f"{_ACCESS_POLICIES}/AmazonEKSViewPolicy"
"""EKS' own policy that allows to read most objects of the cluster but no secrets, as Kubernetes' ``view`` does."""

HTTPS: Final = 443

ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})

ROLE_ARN: Final = re.compile(rf"arn:{PARTITION}:iam::(?P<account>\d{{12}}):role/(?P<path>[\w+=,.@/-]+)")


def role_problems(environment: AwsEnvironment, roles: Sequence[str]) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the administrators' roles; empty where nothing is."""
    account, found = environment["account_id"], []
    if not roles:
        found.append(problem("admin_roles", "got none; allowed: at least one, or nobody could use the cluster"))
    for index, role in enumerate(roles):
        match = ROLE_ARN.fullmatch(role)
        if match is None or match["account"] != account:
            reason = f"got {role}; allowed: the ARN of a role of the account {account}"
            found.append(problem(f"admin_roles[{index}]", reason))
        elif role in roles[:index]:
            found.append(problem(f"admin_roles[{index}]", f"got {role} twice; allowed: each role once"))
    return found


def range_problems(path: str, ranges: Sequence[str]) -> list[InputPropertyErrorDetails]:
    """Return which of the ranges, given as the argument ``path``, let everybody in."""
    return [
        problem(f"{path}[{index}]", f"got {cidr}; allowed: ranges that are narrower than the internet")
        for index, cidr in enumerate(ranges)
        if cidr in ANYWHERE
    ]


def administer(
    name: str,
    environment: AwsEnvironment,
    *,
    cluster_name: pulumi.Input[str],
    principals: Mapping[str, pulumi.Input[str]],
    options: pulumi.ResourceOptions,
) -> list[pulumi.Output[str]]:
    """Make the principals, by a short name, administrators; return outputs that are known once they are."""
    granted = []
    for short, principal in principals.items():
        entry = aws.eks.AccessEntry(
            f"{name}-access-{short}",
            cluster_name=cluster_name,
            principal_arn=principal,
            type="STANDARD",
            tags=tags(environment, f"{environment['name']}-{short}"),
            opts=options,
        )
        policy = aws.eks.AccessPolicyAssociation(
            f"{name}-administer-{short}",
            cluster_name=cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=ADMINISTRATOR_POLICY,
            access_scope={"type": "cluster"},
            opts=options,
        )
        granted.append(policy.id)
    return granted


def short_names(roles: Sequence[str]) -> dict[str, pulumi.Input[str]]:
    """Return the roles by what follows ``role/`` in their ARNs, which no two of an account share."""
    return {role.partition(":role/")[2].replace("/", "-"): role for role in roles}


def reach(
    name: str,
    environment: AwsEnvironment,
    *,
    security_group: pulumi.Input[str],
    ranges: Sequence[str],
    options: pulumi.ResourceOptions,
) -> list[pulumi.Output[str]]:
    """Let clients reach the private endpoint, by address range; return what is known once they can.

    Machines and pods need no rule: they share the security group, which admits its own members.
    """
    rules = []
    for cidr in sorted(ranges):
        rule = aws.vpc.SecurityGroupIngressRule(
            f"{name}-reach-{cidr}",
            security_group_id=security_group,
            description=f"API server from {cidr}",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            cidr_ipv4=cidr,
            tags=tags(environment, f"{environment['name']}-api-{cidr}"),
            opts=options,
        )
        rules.append(rule.id)
    return rules
