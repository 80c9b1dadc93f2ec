"""What an environment on Google Cloud stands on, in the order in which it is made."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.contracts import Cluster, NodePoolArgs
from components.gcp.access_logs import GcpAccessLogs
from components.gcp.audit_logs import GcpAuditLogs
from components.gcp.cluster import GcpCluster, GcpExistingCluster, contract
from components.gcp.cluster_access import GcpClusterAccess
from components.gcp.cluster_spec import GcpClusterArgs, GcpMaintenanceExclusion
from components.gcp.facts import GcpClusterFacts, GcpEnvironment, GcpKeysFacts, GcpNetworkFacts
from components.gcp.homes import GcpHomes
from components.gcp.image_caches import GcpImageCaches
from components.gcp.keys import GcpKeys
from components.gcp.maintenance import GcpMaintenanceWindow
from components.gcp.network import GcpExistingNetworkArgs, GcpNetwork, existing_network
from components.gcp.project_services import GcpProjectServices
from components.gcp.services import MANAGED_AIRFLOW

__all__ = [
    "GcpExistingClusterWanted",
    "GcpExistingNetworkWanted",
    "GcpFoundation",
    "GcpFoundationArgs",
    "GcpPlace",
]


class GcpPlace(TypedDict):
    """Where components of an environment are put."""

    network: GcpNetworkFacts
    """The network."""
    keys: GcpKeysFacts
    """The keys."""
    cluster: GcpClusterFacts
    """The cluster."""


class GcpExistingNetworkWanted(TypedDict):
    """A network that is there already."""

    network: str
    """Its name."""
    subnetwork: str
    """Name of its subnet of machines."""
    pod_range: str
    """Name of the subnet's secondary range of pods."""
    service_range: str
    """Name of the subnet's secondary range of services."""
    control_plane_cidr: str
    """Addresses of the control plane's interfaces."""
    host_project: NotRequired[str]
    """Project of a Shared VPC; the environment's own where it is left out."""


class GcpExistingClusterWanted(TypedDict):
    """A cluster that is there already."""

    name: str
    """Its name."""
    location: str
    """Its region or zone."""
    endpoint: str
    """Host name of its DNS endpoint."""


class GcpFoundationArgs(TypedDict):
    """What an environment on Google Cloud stands on."""

    vpc_cidr: str
    """Addresses of machines."""
    pod_cidr: str
    """Addresses of pods."""
    service_cidr: str
    """Addresses of Kubernetes services."""
    kubernetes_version: str
    """Minor version of Kubernetes."""
    release_channel: str
    """How early GKE upgrades."""
    maintenance: GcpMaintenanceWindow
    """When GKE may upgrade."""
    exclusions: Sequence[GcpMaintenanceExclusion]
    """When it may not."""
    public_cidrs: Sequence[str]
    """Ranges that reach the API server by a public address; empty for none."""
    admin_groups: Sequence[str]
    """Google groups that administer the cluster."""
    people: Sequence[str]
    """Groups of the teams, which reach the cluster and have rights in it by role bindings."""
    security_group: NotRequired[str]
    """Google group that holds the teams' groups."""
    pools: Mapping[str, NodePoolArgs]
    """All node pools."""
    log_days: int
    """Days that logs are kept in buckets."""
    lock_logs: bool
    """Whether those days are locked, for ever."""
    image_caches: Sequence[str]
    """Public registries whose images are cached."""
    datasets: bool
    """Whether there are BigQuery datasets."""
    managed_airflow: bool
    """Whether there is a managed Airflow."""
    existing_network: NotRequired[GcpExistingNetworkWanted]
    """A network in place of a new one."""
    existing_cluster: NotRequired[GcpExistingClusterWanted]
    """A cluster in place of a new one."""


class GcpFoundation:
    """Provider, services, keys, logs, network, cluster, homes and image caches of one environment."""

    def __init__(self, environment: GcpEnvironment, args: GcpFoundationArgs) -> None:
        self._environment, self._args = environment, args
        self.gcp = gcp.Provider(
            "gcp",
            project=environment["project"],
            region=environment["region"],
            # A person's own credentials belong to no project: the API of budgets refuses them without one.
            billing_project=environment["project"],
            user_project_override=True,
        )
        existing = args.get("existing_cluster")
        self.cluster_name = environment["name"] if existing is None else existing["name"]
        options = self.options()
        airflow = args["managed_airflow"]
        project = GcpProjectServices(
            "services", {"environment": environment, "further": MANAGED_AIRFLOW if airflow else []}, options
        ).project
        network = self._network(project)
        keys = GcpKeys(
            "keys",
            {
                "environment": environment,
                "project": project,
                "datasets": args["datasets"],
                "managed_airflow": airflow,
            },
            options,
        ).facts
        self.access_logs = self._logs(keys)
        cluster = self._cluster(network, keys)
        self.kubernetes = cluster.provider
        self.place = GcpPlace(network=network, keys=keys, cluster=cluster.facts)
        homes = GcpHomes("homes", {"environment": environment, "keys": keys}, self.options(self.kubernetes))
        self.contract: Cluster = contract(cluster.facts, network, args["service_cidr"], homes.home_storage_class)
        GcpClusterAccess(
            "cluster-access",
            {"environment": environment, "admins": args["admin_groups"], "users": args["people"]},
            options,
        )
        self.image_caches = GcpImageCaches(
            "image-caches",
            {
                "environment": environment,
                "upstreams": args["image_caches"],
                "key_id": keys["images"],
                "node_service_account": cluster.facts["node_service_account"],
            },
            options,
        ).facts

    def options(self, *further: pulumi.ProviderResource) -> pulumi.ResourceOptions:
        """Return options with the provider of Google Cloud, and with ``further`` ones."""
        return pulumi.ResourceOptions(providers=[self.gcp, *further])

    def _network(self, project: pulumi.Input[str]) -> GcpNetworkFacts:
        args = self._args
        if "existing_network" in args:
            given = args["existing_network"]
            existing = GcpExistingNetworkArgs(
                environment=self._environment,
                project=project,
                network=given["network"],
                subnetwork=given["subnetwork"],
                pod_range=given["pod_range"],
                service_range=given["service_range"],
                control_plane_cidr=given["control_plane_cidr"],
            )
            if "host_project" in given:
                existing["host_project"] = given["host_project"]
            return existing_network(existing)
        return GcpNetwork(
            "network",
            {
                "environment": self._environment,
                "project": project,
                "vpc_cidr": args["vpc_cidr"],
                "pod_cidr": args["pod_cidr"],
                "service_cidr": args["service_cidr"],
            },
            self.options(),
        ).facts

    def _logs(self, keys: GcpKeysFacts) -> pulumi.Output[str]:
        """Make the buckets of logs, and return the one that accesses to other buckets are logged in."""
        days = self._args["log_days"]
        access = GcpAccessLogs(
            "access-logs",
            {"environment": self._environment, "key_id": keys["stores"], "retention_days": days},
            self.options(),
        )
        GcpAuditLogs(
            "audit-logs",
            {
                "environment": self._environment,
                "cluster_name": self.cluster_name,
                "key_id": keys["stores"],
                "access_log_bucket": access.bucket,
                "retention_days": days,
                "lock": self._args["lock_logs"],
            },
            self.options(),
        )
        return access.bucket

    def _cluster(self, network: GcpNetworkFacts, keys: GcpKeysFacts) -> GcpCluster | GcpExistingCluster:
        args = self._args
        if "existing_cluster" in args:
            given = args["existing_cluster"]
            return GcpExistingCluster(
                "cluster",
                {
                    "environment": self._environment,
                    "kubernetes_version": args["kubernetes_version"],
                    "cluster_name": given["name"],
                    "location": given["location"],
                    "endpoint": given["endpoint"],
                },
                self.options(),
            )
        wanted = GcpClusterArgs(
            environment=self._environment,
            network=network,
            keys=keys,
            kubernetes_version=args["kubernetes_version"],
            release_channel=args["release_channel"],
            maintenance=args["maintenance"],
            exclusions=args["exclusions"],
            pools=args["pools"],
            image_patterns=[],
        )
        if args["public_cidrs"]:
            wanted["public_cidrs"] = args["public_cidrs"]
        if "security_group" in args:
            wanted["security_group"] = args["security_group"]
        return GcpCluster("cluster", wanted, self.options())
