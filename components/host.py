"""The component provider: makes the components available to Pulumi programs in every language."""

from importlib.metadata import version
from typing import Final

import pulumi
from pulumi.provider.experimental import component_provider_host

from components.local.cluster import LocalCluster
from components.local.database import LocalDatabase
from components.local.node_pool import LocalNodePool
from components.local.object_store import LocalObjectStore
from components.local.registry import LocalRegistry
from components.local.secret import LocalSecret
from components.local.workload_identity import LocalWorkloadIdentity
from components.workloads.priority_classes import PriorityClasses
from components.workloads.scoring_job import ScoringJobTemplate
from components.workloads.system_namespace import SystemNamespace
from components.workloads.workspace import TeamWorkspace

PACKAGE: Final = "mlplatform"
"""Name of the Pulumi package: the first part of every component's type token."""

COMPONENTS: Final[tuple[type[pulumi.ComponentResource], ...]] = (
    LocalCluster,
    LocalDatabase,
    LocalNodePool,
    LocalObjectStore,
    LocalRegistry,
    LocalSecret,
    LocalWorkloadIdentity,
    PriorityClasses,
    ScoringJobTemplate,
    SystemNamespace,
    TeamWorkspace,
)
"""Every component that other programs can use."""


def serve() -> None:
    """Serve the components until the engine ends the process; prints the port that it listens on."""
    component_provider_host(components=list(COMPONENTS), name=PACKAGE, version=version(PACKAGE))
