"""Roles with their policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import PARTITION, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, document


@dataclass(frozen=True)
class Role:
    """A role whose name and ARN are known once its policies are attached."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]


def service_role(
    name: str,
    environment: AwsEnvironment,
    *,
    role_name: str,
    description: str,
    trusted: Statement,
    options: pulumi.ResourceOptions,
    managed: Sequence[str] = (),
    attached: Mapping[str, pulumi.Input[str]] | None = None,
    inline: Mapping[str, Sequence[Statement]] | None = None,
) -> Role:
    """Make the role ``role_name`` as the resource ``<name>-role``, and what it may do.

    ``managed`` are names of AWS's own policies, ``attached`` ARNs of others by a short name, and ``inline`` statements
    of policies by their names. All resources have the same ``options``.
    """
    role = aws.iam.Role(
        f"{name}-role",
        name=role_name,
        description=description,
        assume_role_policy=document(trusted),
        tags=tags(environment, role_name),
        opts=options,
    )
    policies: list[pulumi.Output[str]] = []
    arns: dict[str, pulumi.Input[str]] = {policy: f"arn:{PARTITION}:iam::aws:policy/{policy}" for policy in managed}
    for short, arn in {**arns, **(attached or {})}.items():
        attachment = aws.iam.RolePolicyAttachment(f"{name}-{short}", role=role.name, policy_arn=arn, opts=options)
        policies.append(attachment.id)
    for short, statements in (inline or {}).items():
        policy = aws.iam.RolePolicy(
            f"{name}-{short}", name=short, role=role.name, policy=document(*statements), opts=options
        )
        policies.append(policy.id)
    return Role(name=ready(role.name, *policies), arn=ready(role.arn, *policies))
