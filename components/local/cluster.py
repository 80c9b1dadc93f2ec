"""The local cluster, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.addresses import first_service_address
from components.contracts import Cluster
from components.labels import object_labels

__all__ = ["LocalCluster", "LocalClusterArgs"]

HOMES = "homes"
"""Name of the storage class of people's home volumes."""


class LocalClusterArgs(TypedDict):
    """Which local cluster is meant."""

    cluster_name: str
    """Name of the cluster, and of its context in the kubeconfig."""
    kubernetes_version: str
    """Minor version of Kubernetes, such as ``1.36``."""
    service_cidr: str
    """Addresses of Kubernetes services, in CIDR notation."""
    labels: Mapping[str, str]
    """Labels of every Kubernetes object."""


def api_server_cidrs(service_cidr: str) -> list[str]:
    """Return where pods see the API server: the first address of the service range, as Kubernetes defines it."""
    return [first_service_address(service_cidr)]


class LocalCluster(pulumi.ComponentResource):
    """The Kubernetes cluster on this machine, reached by the one kubeconfig context that has its name.

    It does not start the cluster: ``mlplatform up`` does, and points ``KUBECONFIG`` at it. The context is pinned, so
    that a kubeconfig whose current context is another cluster fails instead of being deployed to.
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""
    context: pulumi.Output[str]
    """Context of the kubeconfig by which the cluster is reached."""
    kubernetes_version: pulumi.Output[str]
    """Minor version of Kubernetes."""
    api_server_cidrs: pulumi.Output[Sequence[str]]
    """CIDR ranges of the API server as pods see it."""

    def __init__(self, name: str, args: LocalClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalCluster", name, {}, opts)
        self.provider = kubernetes.Provider(
            f"{name}-kubernetes",
            context=args["cluster_name"],
            enable_server_side_apply=True,
            # What was retained, or was made by a run that was killed, is taken up again where it comes back.
            upsert_existing_objects=True,
            enable_patch_force=True,
            # A changed secret is changed in place: a retained one could not be replaced under its name.
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        homes = kubernetes.storage.v1.StorageClass(
            f"{name}-homes",
            metadata={
                "name": HOMES,
                "labels": object_labels(args["labels"], component="storage-class", name=HOMES),
            },
            # Nothing makes volumes here: an administrator's own volumes are bound.
            provisioner="kubernetes.io/no-provisioner",
            reclaim_policy="Retain",
            volume_binding_mode="WaitForFirstConsumer",
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider),
        )
        self.facts = Cluster(
            name=args["cluster_name"],
            kubernetes_version=args["kubernetes_version"],
            identity_endpoints=[],
            api_server_cidrs=api_server_cidrs(args["service_cidr"]),
            home_storage_class=homes.metadata.apply(lambda metadata: str(metadata.name)),
        )
        self.cluster_name = pulumi.Output.from_input(args["cluster_name"])
        self.context = pulumi.Output.from_input(args["cluster_name"])
        self.kubernetes_version = pulumi.Output.from_input(args["kubernetes_version"])
        self.api_server_cidrs = pulumi.Output.from_input(self.facts["api_server_cidrs"])
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "context": self.context,
                "kubernetesVersion": self.kubernetes_version,
                "apiServerCidrs": self.api_server_cidrs,
            }
        )
