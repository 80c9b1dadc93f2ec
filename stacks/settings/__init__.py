"""The only reader of an environment's file and of ``pulumi.Config``."""

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
from stacks.settings.pools import GpuSettings, NodePoolSettings, ShapeSettings, TaintEffect, TaintSettings
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
    "QueueingSettings",
    "QuotaSettings",
    "ScoringSettings",
    "ServicesSettings",
    "Settings",
    "ShapeSettings",
    "StoreSettings",
    "TaintEffect",
    "TaintSettings",
    "TeamSettings",
]
