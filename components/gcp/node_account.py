"""The service account of an environment's machines."""

from typing import Final

import pulumi
import pulumi_gcp as gcp

from components.gcp.facts import GcpEnvironment
from components.gcp.names import node_account_id, service_account_email

ROLES: Final = ("roles/container.defaultNodeServiceAccount",)
"""What machines do in the project by themselves: write logs and metrics. Image repositories grant them the right to
pull, each by itself. What pods do is for their own identities."""


def node_account(parent: pulumi.Resource, name: str, environment: GcpEnvironment) -> pulumi.Output[str]:
    """Make the service account of machines; return its email, known once it has its roles."""
    account_id = node_account_id(environment["name"])
    account = gcp.serviceaccount.Account(
        f"{name}-nodes",
        account_id=account_id,
        project=environment["project"],
        display_name=f"Machines of {environment['name']}",
        opts=pulumi.ResourceOptions(parent=parent),
    )
    email = service_account_email(account_id, environment["project"])
    grants = [
        gcp.projects.IAMMember(
            f"{name}-nodes-{role.partition('/')[2].replace('.', '-')}",
            project=environment["project"],
            role=role,
            member=f"serviceAccount:{email}",
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[account]),
        )
        for role in ROLES
    ]
    return pulumi.Output.all(account.email, *(grant.id for grant in grants)).apply(lambda values: str(values[0]))
