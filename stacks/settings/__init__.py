"""The only reader of environment files and of ``pulumi.Config``."""

from stacks.settings.document import environments
from stacks.settings.environment import Settings
from stacks.settings.foundation import (
    ChartsSettings,
    CloudKind,
    ClusterSettings,
    DatabaseSettings,
    NamesSettings,
    NetworkSettings,
    QueueingSettings,
    ServicesSettings,
    StoreSettings,
)
from stacks.settings.load import from_pulumi, load_file, pulumi_config
from stacks.settings.pools import GpuSettings, NodePoolSettings, ShapeSettings, TaintEffect, TaintSettings
from stacks.settings.problems import Problem, SettingsError
from stacks.settings.schema import json_schema
from stacks.settings.scoring import LocationSettings, ScoringSettings
from stacks.settings.teams import PeopleSettings, QuotaSettings, TeamSettings

__all__ = [
    "ChartsSettings",
    "CloudKind",
    "ClusterSettings",
    "DatabaseSettings",
    "GpuSettings",
    "LocationSettings",
    "NamesSettings",
    "NetworkSettings",
    "NodePoolSettings",
    "PeopleSettings",
    "Problem",
    "QueueingSettings",
    "QuotaSettings",
    "ScoringSettings",
    "ServicesSettings",
    "Settings",
    "SettingsError",
    "ShapeSettings",
    "StoreSettings",
    "TaintEffect",
    "TaintSettings",
    "TeamSettings",
    "environments",
    "from_pulumi",
    "json_schema",
    "load_file",
    "pulumi_config",
]
