"""Who teams' people are in an EKS cluster, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsClusterFacts, AwsEnvironment
from components.aws.names import tags

__all__ = ["AwsTeamAccess", "AwsTeamAccessArgs"]


class AwsTeamAccessArgs(TypedDict):
    """Which roles are which groups."""

    environment: AwsEnvironment
    """The environment whose cluster it is."""
    cluster: AwsClusterFacts
    """The cluster."""
    groups: Mapping[str, str]
    """ARN of the IAM role that its members take, by the group that role bindings name."""


class AwsTeamAccess(pulumi.ComponentResource):
    """Lets roles of IAM into the cluster as members of groups.

    What a group may do is for the teams' role bindings to say: by itself, it may do nothing.
    """

    groups: pulumi.Output[Sequence[str]]
    """The groups, known once their members are let in."""

    def __init__(self, name: str, args: AwsTeamAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsTeamAccess", name, {}, opts)
        environment, groups = args["environment"], sorted(args["groups"])
        entries = [
            aws.eks.AccessEntry(
                f"{name}-{group}",
                cluster_name=args["cluster"]["name"],
                principal_arn=args["groups"][group],
                kubernetes_groups=[group],
                type="STANDARD",
                tags=tags(environment, f"{environment['name']}-{group}"),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for group in groups
        ]
        self.groups = pulumi.Output.all(*(each.id for each in entries)).apply(lambda _: groups)
        self.register_outputs({"groups": self.groups})
