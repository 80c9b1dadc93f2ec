"""The settings of one environment."""

from typing import Annotated

from pydantic import Field, Strict

from stacks.settings.aws import AwsSettings
from stacks.settings.cloud_values import ProtectedThing
from stacks.settings.cluster import ClusterSettings
from stacks.settings.foundation import (
    ChartsSettings,
    CloudKind,
    DatabaseSettings,
    NamesSettings,
    NetworkSettings,
    ServicesSettings,
    StoreSettings,
)
from stacks.settings.gcp import GcpSettings
from stacks.settings.model import Section
from stacks.settings.operations import (
    AlertsSettings,
    BudgetSettings,
    DeliverySettings,
    ImageCachesSettings,
    LogsSettings,
)
from stacks.settings.places import region_of
from stacks.settings.pools import NodePoolSettings
from stacks.settings.scoring import ScoringSettings
from stacks.settings.teams import TeamSettings
from stacks.settings.values import (
    DatabaseName,
    Many,
    PoolName,
    StoreName,
    TagKey,
    TagValue,
    TeamName,
    TemplateName,
)

REQUIRED_TAGS = ("costCenter", "owner")
"""Tags that every environment must carry."""


class FileSettings(Section):
    """What an environment file says, below ``config`` and without the ``mlplatform:`` before each key."""

    cloud: Annotated[CloudKind, Strict(strict=False)]
    """Where the environment runs."""
    names: NamesSettings
    """What the environment's resources are named after."""
    tags: dict[TagKey, TagValue] = Field(max_length=32, json_schema_extra={"required": list(REQUIRED_TAGS)})
    """Tags of every resource that can carry any; owner and costCenter are needed."""
    network: NetworkSettings
    """Address ranges and zones."""
    cluster: ClusterSettings
    """The Kubernetes cluster."""
    node_pools: dict[PoolName, NodePoolSettings] = Field(min_length=1)
    """Node pools by name; at least one of purpose system."""
    stores: dict[StoreName, StoreSettings] = Field(default={})
    """Object stores by name."""
    databases: dict[DatabaseName, DatabaseSettings] = Field(default={})
    """PostgreSQL databases by name."""
    teams: dict[TeamName, TeamSettings] = Field(default={})
    """Teams by name."""
    services: ServicesSettings = ServicesSettings()
    """Services of the platform."""
    scoring: dict[TemplateName, ScoringSettings] = Field(default={})
    """Scoring templates by name."""
    charts: ChartsSettings = ChartsSettings()
    """Where Helm charts are pulled from."""
    aws: AwsSettings | None = None
    """Where in AWS the environment is; needed on aws, refused elsewhere."""
    gcp: GcpSettings | None = None
    """Where in Google Cloud the environment is; needed on gcp, refused elsewhere."""
    image_caches: ImageCachesSettings = ImageCachesSettings()
    """Public images that are pulled through the environment's own registry; refused on local."""
    logs: LogsSettings = LogsSettings()
    """Logs of the control plane, of network flows and of access to object stores; refused on local."""
    alerts: AlertsSettings | None = None
    """Who is told when something is wrong; needed on aws and gcp, refused on local."""
    budget: BudgetSettings | None = None
    """What the environment may cost; needed on aws and gcp, refused on local."""
    delivery: DeliverySettings | None = None
    """Who deploys from CI; nobody where it is left out; refused on local."""
    let_go: Many[ProtectedThing] = Field(default=(), max_length=100)
    """What is no longer protected from deletion, such as stores.scores or cluster; refused on local."""


class Settings(FileSettings):
    """The settings of one environment, judged as a whole."""

    environment: str
    """The environment's name, which is its Pulumi stack's name."""

    @property
    def name(self) -> str:
        """First part of every name, ``<platform>-<environment>``; the cluster's name."""
        return f"{self.names.platform}-{self.environment}"

    @property
    def region(self) -> str:
        """The region of the zones, such as ``eu-west-1``; empty on local."""
        return next((region_of(self.cloud, zone) or "" for zone in self.network.zones), "")
