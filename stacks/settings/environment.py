"""The settings of one environment."""

from typing import Annotated

from pydantic import Field, Strict

from stacks.settings.foundation import (
    ChartsSettings,
    CloudKind,
    ClusterSettings,
    DatabaseSettings,
    NamesSettings,
    NetworkSettings,
    ServicesSettings,
    StoreSettings,
)
from stacks.settings.model import Section
from stacks.settings.pools import NodePoolSettings
from stacks.settings.scoring import ScoringSettings
from stacks.settings.teams import TeamSettings
from stacks.settings.values import (
    DatabaseName,
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


class Settings(FileSettings):
    """The settings of one environment, judged as a whole."""

    environment: str
    """The environment's name, which is its Pulumi stack's name."""
