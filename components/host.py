"""The component provider: makes the components available to Pulumi programs in every language."""

from importlib.metadata import version
from typing import Final

import pulumi
from pulumi.provider.experimental import component_provider_host

from components.aws.addons import AwsAddons
from components.aws.alarms import AwsAlarms, AwsAlarmTopic
from components.aws.audit_logs import AwsAuditLogs
from components.aws.boundary import AwsPermissionsBoundary
from components.aws.budget import AwsBudget
from components.aws.cluster import AwsCluster
from components.aws.database import AwsDatabase
from components.aws.delivery import AwsDelivery
from components.aws.existing_cluster import AwsExistingCluster
from components.aws.fargate import AwsFargateProfile
from components.aws.gpu import AwsGpuSupport
from components.aws.homes import AwsHomes
from components.aws.image_caches import AwsImageCaches
from components.aws.karpenter import AwsKarpenter
from components.aws.keys import AwsKeys
from components.aws.managed_airflow import AwsManagedAirflow
from components.aws.managed_nodes import AwsManagedNodes
from components.aws.network import AwsNetwork
from components.aws.node_logs import AwsNodeLogs
from components.aws.node_pool import AwsNodePool
from components.aws.object_store import AwsObjectStore
from components.aws.registry import AwsRegistry
from components.aws.runner import AwsRunner
from components.aws.secret import AwsSecret
from components.aws.team_access import AwsTeamAccess
from components.aws.workload_identity import AwsWorkloadIdentity
from components.gcp.access_logs import GcpAccessLogs
from components.gcp.alerts import GcpAlerts
from components.gcp.audit_logs import GcpAuditLogs
from components.gcp.budget import GcpBudget
from components.gcp.cluster import GcpCluster, GcpExistingCluster
from components.gcp.cluster_access import GcpClusterAccess
from components.gcp.compute_class import GcpComputeClass
from components.gcp.database import GcpDatabase
from components.gcp.dataset import GcpDataset
from components.gcp.default_class import GcpDefaultClass
from components.gcp.delivery import GcpDelivery
from components.gcp.homes import GcpHomes
from components.gcp.image_caches import GcpImageCaches
from components.gcp.keys import GcpKeys
from components.gcp.managed_airflow import GcpManagedAirflow
from components.gcp.network import GcpNetwork
from components.gcp.node_pool import GcpNodePool
from components.gcp.object_store import GcpObjectStore
from components.gcp.project_services import GcpProjectServices
from components.gcp.registry import GcpRegistry
from components.gcp.secret import GcpSecret
from components.gcp.update_events import GcpUpdateEvents
from components.gcp.workload_identity import GcpWorkloadIdentity
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
    AwsAddons,
    AwsAlarmTopic,
    AwsAlarms,
    AwsAuditLogs,
    AwsBudget,
    AwsCluster,
    AwsDatabase,
    AwsDelivery,
    AwsExistingCluster,
    AwsFargateProfile,
    AwsGpuSupport,
    AwsHomes,
    AwsImageCaches,
    AwsKarpenter,
    AwsKeys,
    AwsManagedAirflow,
    AwsManagedNodes,
    AwsNetwork,
    AwsNodeLogs,
    AwsNodePool,
    AwsObjectStore,
    AwsPermissionsBoundary,
    AwsRegistry,
    AwsRunner,
    AwsSecret,
    AwsTeamAccess,
    AwsWorkloadIdentity,
    GcpAccessLogs,
    GcpAlerts,
    GcpAuditLogs,
    GcpBudget,
    GcpCluster,
    GcpClusterAccess,
    GcpComputeClass,
    GcpDatabase,
    GcpDataset,
    GcpDefaultClass,
    GcpDelivery,
    GcpExistingCluster,
    GcpHomes,
    GcpImageCaches,
    GcpKeys,
    GcpManagedAirflow,
    GcpNetwork,
    GcpNodePool,
    GcpObjectStore,
    GcpProjectServices,
    GcpRegistry,
    GcpSecret,
    GcpUpdateEvents,
    GcpWorkloadIdentity,
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
