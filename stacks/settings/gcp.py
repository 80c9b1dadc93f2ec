"""The section of an environment in Google Cloud."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, Strict

from stacks.settings.cloud_values import (
    DatasetName,
    Email,
    GcpBillingAccount,
    GcpName,
    GcpProjectId,
    GcpProjectNumber,
    GkeClusterName,
    GkeEndpoint,
    GkeSecurityGroup,
)
from stacks.settings.model import Section
from stacks.settings.values import Cidr, Many, text

Location = Annotated[
    str,
    text(
        "^[a-z]+-[a-z]+[0-9]+(-[a-z])?$", "a region or a zone of Google Cloud, such as europe-west1 or europe-west1-b"
    ),
]
"""Where a GKE cluster is."""


class ReleaseChannel(StrEnum):
    """How early GKE upgrades the cluster to a new version."""

    RAPID = "rapid"
    """As soon as it is there."""
    REGULAR = "regular"
    """When it has proved itself in rapid."""
    STABLE = "stable"
    """When it has proved itself in regular."""
    EXTENDED = "extended"
    """As regular, and a minor version is supported for about two years."""


class GcpNetworkSettings(Section):
    """A network that is there already, with one subnet in the region."""

    network: GcpName
    """Name of the network."""
    subnetwork: GcpName
    """Name of the subnet of machines."""
    pod_range: GcpName
    """Name of the subnet's secondary range of pods."""
    service_range: GcpName
    """Name of the subnet's secondary range of services."""
    control_plane_cidr: Cidr
    """Addresses of the control plane's interfaces, private."""
    host_project: GcpProjectId | None = None
    """Project of a Shared VPC; the environment's own where it is left out."""


class GcpClusterSettings(Section):
    """A GKE cluster that is there already."""

    name: GkeClusterName
    """Name of the cluster."""
    location: Location
    """Its region, or its zone."""
    endpoint: GkeEndpoint
    """Host name of its DNS endpoint."""


class GcpSettings(Section):
    """Where in Google Cloud the environment is, and who administers it."""

    project: GcpProjectId
    """ID of the project."""
    project_number: GcpProjectNumber
    """Number of the project, in quotes."""
    billing_account: GcpBillingAccount
    """Billing account that the budget watches."""
    admin_groups: Many[Email] = Field(min_length=1, max_length=16)
    """Google groups that administer the cluster."""
    release_channel: Annotated[ReleaseChannel, Strict(strict=False)] = ReleaseChannel.REGULAR
    """How early GKE upgrades the cluster."""
    security_group: GkeSecurityGroup | None = None
    """Google group that holds the teams' groups; needed where teams have groups."""
    existing_network: GcpNetworkSettings | None = None
    """A network to use in place of a new one."""
    existing_cluster: GcpClusterSettings | None = None
    """A GKE cluster to use in place of a new one; it needs existingNetwork."""
    datasets: Many[DatasetName] = Field(default=(), max_length=100)
    """BigQuery datasets that transfers load into. Who may read or write the store of the same name may do so with the
    dataset; other datasets are open to administrators only."""
    lock_logs: bool = False
    """Whether the retention of audit logs is locked. It cannot be undone: logs.retentionDays can only grow from then
    on, and nobody can delete the bucket, or the project, before all logs in it are as old."""
