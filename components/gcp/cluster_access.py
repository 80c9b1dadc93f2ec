"""Who administers a GKE cluster, as a Pulumi component."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.gcp.facts import GcpEnvironment

__all__ = ["GcpClusterAdmins", "GcpClusterAdminsArgs"]

ROLE = "roles/container.admin"
"""Everything in the project's clusters, by IAM alone: it needs no object in the cluster."""


class GcpClusterAdminsArgs(TypedDict):
    """Which people administer the cluster."""

    environment: GcpEnvironment
    """The environment whose cluster it is."""
    groups: Sequence[str]
    """Email addresses of Google groups."""


class GcpClusterAdmins(pulumi.ComponentResource):
    """Google groups whose members may do everything in the clusters of the project, and nothing else in it.

    It takes nobody's rights away, because it adds members to the role and leaves those of others alone.
    """

    groups: pulumi.Output[Sequence[str]]
    """The groups, known once their members may use the cluster."""

    def __init__(self, name: str, args: GcpClusterAdminsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpClusterAdmins", name, {}, opts)
        groups = sorted(args["groups"])
        members = [
            gcp.projects.IAMMember(
                f"{name}-{group}",
                project=args["environment"]["project"],
                role=ROLE,
                member=f"group:{group}",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for group in groups
        ]
        self.groups = pulumi.Output.all(*(each.id for each in members)).apply(lambda _: groups)
        self.register_outputs({"groups": self.groups})
