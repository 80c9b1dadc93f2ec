"""Which people reach a GKE cluster, as a Pulumi component."""

from collections.abc import Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.gcp.facts import GcpEnvironment

__all__ = ["GcpClusterAccess", "GcpClusterAccessArgs"]

ADMIN: Final = "roles/container.admin"
"""Everything in the project's clusters, by IAM alone: it needs no object in the cluster."""

USER: Final = "roles/container.clusterViewer"
"""To find the project's clusters and to be heard by their API servers, ``container.clusters.connect``, which the DNS
endpoint asks for. What is allowed there is for role bindings in the cluster to say."""

ROLES: Final = (ADMIN, USER)

WORKFORCE: Final = "principalSet:"
"""How groups of workforce identity federation begin; Google groups are addresses."""


class GcpClusterAccessArgs(TypedDict):
    """Who reaches the cluster."""

    environment: GcpEnvironment
    """The environment whose cluster it is."""
    admins: Sequence[str]
    """Email addresses of Google groups that administer the cluster."""
    users: Sequence[str]
    """Email addresses of Google groups, or ``principalSet://`` names, that have rights by role bindings."""


class GcpClusterAccess(pulumi.ComponentResource):
    """Groups whose members may do everything in the clusters of the project, and groups that may only reach them.

    It makes no group and no role binding in the cluster, and it takes nobody's rights away: it adds members to the
    roles and leaves those of others alone.
    """

    groups: pulumi.Output[Sequence[str]]
    """All groups, known once their members reach the cluster."""

    def __init__(self, name: str, args: GcpClusterAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpClusterAccess", name, {}, opts)
        admins = set(args["admins"])
        groups = [
            *((group, "admin", ADMIN) for group in sorted(admins)),
            *((group, "user", USER) for group in sorted(set(args["users"]) - admins)),
        ]
        members = [
            gcp.projects.IAMMember(
                f"{name}-{kind}-{group}",
                project=args["environment"]["project"],
                role=role,
                member=group if group.startswith(WORKFORCE) else f"group:{group}",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for group, kind, role in groups
        ]
        named = [group for group, _, _ in groups]
        self.groups = pulumi.Output.all(*(each.id for each in members)).apply(lambda _: named)
        self.register_outputs({"groups": self.groups})
