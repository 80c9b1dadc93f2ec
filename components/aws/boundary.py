"""The most that roles of pods may do, as a Pulumi component."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import boundary_name, tags
from components.aws.policies import document
from components.aws.workload_policies import boundary_statements

__all__ = ["AwsPermissionsBoundary", "AwsPermissionsBoundaryArgs"]


class AwsPermissionsBoundaryArgs(TypedDict):
    """Whose roles are bounded."""

    environment: AwsEnvironment
    """The environment that it is part of."""


class AwsPermissionsBoundary(pulumi.ComponentResource):
    """The permissions boundary of the environment's roles of pods.

    It is no boundary of the cluster's, the machines' and the controllers' own roles, which have to make and delete
    machines: only people make those, not CI.
    """

    arn: pulumi.Output[str]
    """ARN of the policy."""

    def __init__(self, name: str, args: AwsPermissionsBoundaryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsPermissionsBoundary", name, {}, opts)
        environment = args["environment"]
        policy_name = boundary_name(environment["name"])
        policy = aws.iam.Policy(
            f"{name}-policy",
            name=policy_name,
            description=f"The most that roles of pods of {environment['name']} may do",
            policy=document(*boundary_statements(environment)),
            tags=tags(environment, policy_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": self.arn})
