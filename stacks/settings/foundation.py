"""Sections that describe the environment as a whole: cloud, names, network, stores, databases, services, charts."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, Strict

from stacks.settings.model import Section
from stacks.settings.pools import ShapeSettings
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
    """Addresses of pods, private, /8 to /24; on aws at most a /16."""
    service_cidr: Cidr
    """Addresses of Kubernetes services, private, /12 to /24; on gcp at most a /16."""
    vpc_cidr: Cidr | None = None
    """Addresses of the virtual network's machines, private, /16 to /22; needed on aws and gcp, refused on local."""
    zones: Many[Zone] = ()
    """Zones of one region to run in, at least two; needed on aws and gcp, refused on local."""
    nat_per_zone: bool = False
    """Whether each zone has a NAT gateway of its own, where one would serve all; on aws only."""


class StoreSettings(Section):
    """An object store."""

    retention_days: int = Field(default=0, ge=0, le=3650)
    """Days after which objects expire; 0 keeps them."""
    update_events: bool = False
    """Whether each new object is announced to whoever starts work on it."""


class DatabaseSettings(Section):
    """A PostgreSQL database."""

    owner: RoleName | None = None
    """Role that owns the database; the database's name where it is left out."""
    storage_gib: int = Field(default=20, ge=20, le=65536)
    """Size of its disk, in GiB."""
    shape: ShapeSettings | None = None
    """Size of its machine; the smallest that the cloud recommends for production where it is left out."""
    high_availability: bool = False
    """Whether a second machine in another zone takes over when the first fails."""
    backup_days: int = Field(default=7, ge=1, le=35)
    """Days that backups are kept."""


class QueueingSettings(Section):
    """The queue that admits jobs team by team."""

    enabled: bool = False
    """Whether jobs wait in a queue for their team's share."""


class AirflowSize(StrEnum):
    """Size of an environment of managed Airflow."""

    SMALL = "small"
    """Tens of workflows."""
    MEDIUM = "medium"
    """Hundreds of workflows."""
    LARGE = "large"
    """A thousand workflows."""


class ManagedAirflowSettings(Section):
    """The cloud's own Airflow: Amazon MWAA or Cloud Composer."""

    enabled: bool = False
    """Whether the environment has one; on aws and gcp only."""
    size: Annotated[AirflowSize, Strict(strict=False)] = AirflowSize.SMALL
    """Size of its schedulers and workers."""
    min_workers: int = Field(default=1, ge=1, le=25)
    """Workers that always run."""
    max_workers: int = Field(default=5, ge=1, le=25)
    """The most workers that ever run."""
    high_availability: bool = False
    """Whether it survives the loss of a zone; always so on aws."""


class ServicesSettings(Section):
    """Services of the platform, each of which can be left out."""

    queueing: QueueingSettings = QueueingSettings()
    """The queue that admits jobs team by team."""
    managed_airflow: ManagedAirflowSettings = ManagedAirflowSettings()
    """The cloud's own Airflow."""


class ChartsSettings(Section):
    """Where Helm charts are pulled from."""

    mirror: ChartMirror | None = None
    """Directory, or oci:// or https:// address, that replaces every chart repository."""
    repositories: dict[ChartName, ChartSource] = Field(default={})
    """Address that replaces one chart's repository, by chart."""
