"""The cloud contract on this machine."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi

from components.contracts import (
    Cluster,
    Database,
    DatabaseArgs,
    NodePool,
    NodePoolArgs,
    ObjectStore,
    ObjectStoreArgs,
    Registry,
    RegistryArgs,
    Secret,
    SecretArgs,
    WorkloadIdentity,
    WorkloadIdentityArgs,
)
from components.local.cluster import LocalCluster
from components.local.database import LocalDatabase
from components.local.node_pool import LocalNodePool
from components.local.object_store import LocalObjectStore
from components.local.registry import LocalRegistry
from components.local.secret import LocalSecret
from components.local.workload_identity import LocalWorkloadIdentity

__all__ = ["LocalCloud", "LocalCloudArgs"]


class LocalCloudArgs(TypedDict):
    """What the local cloud has to know of its environment."""

    platform: str
    """The platform's name."""
    cluster_name: str
    """The cluster's name, and that of its context in the kubeconfig."""
    kubernetes_version: str
    """Minor version of Kubernetes, such as ``1.36``."""
    service_cidr: str
    """Addresses of Kubernetes services, in CIDR notation."""
    data_directory: str
    """Absolute directory that holds the object stores."""
    labels: Mapping[str, str]
    """Labels of every Kubernetes object."""


class LocalCloud:
    """``components.contracts.Cloud`` over a control plane on this machine with simulated nodes.

    It does not isolate by cloud rights: there is no account behind it whose policies could be tested.
    """

    def __init__(self, args: LocalCloudArgs) -> None:
        self._args = args
        cluster = LocalCluster(
            "cluster",
            {
                "cluster_name": args["cluster_name"],
                "kubernetes_version": args["kubernetes_version"],
                "service_cidr": args["service_cidr"],
                "labels": args["labels"],
            },
        )
        self.provider: pulumi.ProviderResource = cluster.provider
        self.cluster: Cluster = cluster.facts
        self.image_caches: Mapping[str, pulumi.Input[str]] = {}

    def _options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[self.provider])

    def node_pools(self, pools: Mapping[str, NodePoolArgs]) -> Mapping[str, NodePool]:
        """Provide pools of simulated machines."""
        labels = self._args["labels"]
        return {
            name: LocalNodePool(name, {"pool_name": name, "pool": pool, "labels": labels}, self._options()).facts
            for name, pool in pools.items()
        }

    def object_store(self, name: str, args: ObjectStoreArgs) -> ObjectStore:
        """Provide a directory for objects."""
        data_directory = self._args["data_directory"]
        return LocalObjectStore(name, {"store_name": name, "store": args, "data_directory": data_directory}).facts

    def registry(self, name: str, args: RegistryArgs) -> Registry:
        """Provide image references."""
        return LocalRegistry(name, {"platform": self._args["platform"], "registry": args}).facts

    def database(self, name: str, args: DatabaseArgs) -> Database:
        """Provide the address of a PostgreSQL database."""
        return LocalDatabase(name, {"database_name": name, "database": args}).facts

    def workload_identity(self, name: str, args: WorkloadIdentityArgs) -> WorkloadIdentity:
        """Provide a service account."""
        return LocalWorkloadIdentity(name, {"identity": args}, self._options()).facts

    def secret(self, name: str, args: SecretArgs) -> Secret:
        """Provide a secret to pods."""
        return LocalSecret(name, {"secret_name": name, "secret": args}, self._options()).facts

    def watch(self) -> None:
        """Watch over nothing: what runs here costs nothing and has no receivers of alarms."""
