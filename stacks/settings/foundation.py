"""Sections that describe the environment as a whole: cloud, names, network, cluster, stores, services, charts."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from stacks.settings.model import Section
from stacks.settings.values import (
    ChartMirror,
    ChartName,
    ChartSource,
    Cidr,
    Many,
    PlatformName,
    RoleName,
    Zone,
)

KubernetesVersion = Literal["1.34", "1.35", "1.36"]
"""Minor versions that the platform's components are written for."""


class CloudKind(StrEnum):
    """Where the environment runs: decides which implementation of the cloud contract is used."""

    LOCAL = "local"
    """This machine: a real Kubernetes control plane with simulated nodes."""
    AWS = "aws"
    """Amazon Web Services: EKS."""
    GCP = "gcp"
    """Google Cloud: GKE."""


class NamesSettings(Section):
    """What the environment's resources are named after."""

    platform: PlatformName
    """First part of every name; the cluster is named <platform>-<environment>."""


class NetworkSettings(Section):
    """Address ranges and zones; no two ranges may overlap."""

    pod_cidr: Cidr
    """Addresses of pods, private, /8 to /24."""
    service_cidr: Cidr
    """Addresses of Kubernetes services, private, /12 to /24."""
    vpc_cidr: Cidr | None = None
    """Addresses of the virtual network's machines, private, /16 to /24; needed on aws and gcp, refused on local."""
    zones: Many[Zone] = ()
    """Zones of one region to run in, at least two; needed on aws and gcp, refused on local."""


class ClusterSettings(Section):
    """The Kubernetes cluster."""

    kubernetes_version: KubernetesVersion
    """Minor version of Kubernetes, in quotes."""


class StoreSettings(Section):
    """An object store."""

    retention_days: int = Field(default=0, ge=0, le=3650)
    """Days after which objects expire; 0 keeps them."""


class DatabaseSettings(Section):
    """A PostgreSQL database."""

    owner: RoleName | None = None
    """Role that owns the database; the database's name where it is left out."""
    storage_gib: int = Field(default=20, ge=20, le=65536)
    """Size of its disk, in GiB."""


class QueueingSettings(Section):
    """The queue that admits jobs team by team."""

    enabled: bool = False
    """Whether jobs wait in a queue for their team's share."""


class ServicesSettings(Section):
    """Services of the platform, each of which can be left out."""

    queueing: QueueingSettings = QueueingSettings()
    """The queue that admits jobs team by team."""


class ChartsSettings(Section):
    """Where Helm charts are pulled from."""

    mirror: ChartMirror | None = None
    """Directory, or oci:// or https:// address, that replaces every chart repository."""
    repositories: dict[ChartName, ChartSource] = Field(default={})
    """Address that replaces one chart's repository, by chart."""
