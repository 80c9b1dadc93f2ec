"""The services of Google Cloud that an environment's project uses, as a Pulumi component."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.gcp.facts import GcpEnvironment
from components.gcp.services import SERVICES

__all__ = ["GcpProjectServices", "GcpProjectServicesArgs"]


class GcpProjectServicesArgs(TypedDict):
    """Which services are wanted."""

    environment: GcpEnvironment
    """The environment whose project it is."""
    further: Sequence[str]
    """Services beside those that every environment uses, such as ``composer``, without ``.googleapis.com``."""


class GcpProjectServices(pulumi.ComponentResource):
    """Enables what the project uses: again what the bootstrap has enabled, and what has come to be used since.

    It never disables a service: something that this program knows nothing of may use it too. The service accounts
    through which services act are no part of it; keys bring those that encrypt.
    """

    project: pulumi.Output[str]
    """ID of the project, known once its services are enabled."""

    def __init__(self, name: str, args: GcpProjectServicesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpProjectServices", name, {}, opts)
        project = args["environment"]["project"]
        enabled = [
            gcp.projects.Service(
                f"{name}-{service}",
                project=project,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for service in sorted({*SERVICES, *args["further"]})
        ]
        self.project = pulumi.Output.all(project, *(service.id for service in enabled)).apply(lambda ids: str(ids[0]))
        self.register_outputs({"project": self.project})
