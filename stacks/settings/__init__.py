"""The only reader of environment files and of ``pulumi.Config``."""

from stacks.settings.aws import AwsClusterSettings, AwsNetworkSettings, AwsSettings
from stacks.settings.cluster import (
    ClusterSettings,
    ExclusionSettings,
    MaintenanceSettings,
    PublicEndpointSettings,
    Weekday,
)
from stacks.settings.document import environments
from stacks.settings.environment import Settings
from stacks.settings.foundation import (
    AirflowSize,
    ChartsSettings,
    CloudKind,
    DatabaseSettings,
    ManagedAirflowSettings,
    NamesSettings,
    NetworkSettings,
    QueueingSettings,
    ServicesSettings,
    StoreSettings,
)
from stacks.settings.gcp import GcpClusterSettings, GcpNetworkSettings, GcpSettings, ReleaseChannel
from stacks.settings.load import from_pulumi, load_file, pulumi_config
from stacks.settings.operations import (
    AlertsSettings,
    BudgetSettings,
    DeliverySettings,
    ImageCachesSettings,
    LogsSettings,
    Upstream,
)
from stacks.settings.pools import GpuSettings, NodePoolSettings, ShapeSettings, TaintEffect, TaintSettings
from stacks.settings.problems import Problem, SettingsError
from stacks.settings.schema import json_schema
from stacks.settings.scoring import LocationSettings, ScoringSettings
from stacks.settings.teams import PeopleSettings, QuotaSettings, TeamSettings

__all__ = [
    "AirflowSize",
    "AlertsSettings",
    "AwsClusterSettings",
    "AwsNetworkSettings",
    "AwsSettings",
    "BudgetSettings",
    "ChartsSettings",
    "CloudKind",
    "ClusterSettings",
    "DatabaseSettings",
    "DeliverySettings",
    "ExclusionSettings",
    "GcpClusterSettings",
    "GcpNetworkSettings",
    "GcpSettings",
    "GpuSettings",
    "ImageCachesSettings",
    "LocationSettings",
    "LogsSettings",
    "MaintenanceSettings",
    "ManagedAirflowSettings",
    "NamesSettings",
    "NetworkSettings",
    "NodePoolSettings",
    "PeopleSettings",
    "Problem",
    "PublicEndpointSettings",
    "QueueingSettings",
    "QuotaSettings",
    "ReleaseChannel",
    "ScoringSettings",
    "ServicesSettings",
    "Settings",
    "SettingsError",
    "ShapeSettings",
    "StoreSettings",
    "TaintEffect",
    "TaintSettings",
    "TeamSettings",
    "Upstream",
    "Weekday",
    "environments",
    "from_pulumi",
    "json_schema",
    "load_file",
    "pulumi_config",
]
