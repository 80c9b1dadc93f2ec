"""What the Google Cloud components of one environment hand to each other.

An output among these facts stands for the thing *ready to be used*: a network's ID is known once its peering exists,
a cluster's endpoint once its control plane answers. Whatever takes the output waits for that without saying so.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class GcpEnvironment(TypedDict):
    """One environment in one project and region."""

    name: str
    """First part of every name, ``<platform>-<environment>``; the cluster's name."""
    project: str
    """ID of the project."""
    project_number: str
    """Number of the project."""
    region: str
    """Region, such as ``europe-west1``."""
    zones: Sequence[str]
    """Zones of the region, such as ``europe-west1-b``."""
    resource_labels: Mapping[str, str]
    """Labels of every resource of Google Cloud that can carry any."""
    labels: Mapping[str, str]
    """Labels of every Kubernetes object."""
    let_go: Sequence[str]
    """Protected things that may be deleted from now on, such as ``stores.scores``."""


class GcpNetworkFacts(TypedDict):
    """A virtual network with one subnet."""

    network: pulumi.Input[str]
    """ID of the network, ``projects/<project>/global/networks/<name>``."""
    subnetwork: pulumi.Input[str]
    """ID of the subnet of machines, ``projects/<project>/regions/<region>/subnetworks/<name>``."""
    pod_range: str
    """Name of the subnet's secondary range of pods."""
    service_range: str
    """Name of the subnet's secondary range of services."""
    control_plane_cidr: str
    """Addresses of the control plane's interfaces."""
    control_plane_subnetwork: NotRequired[pulumi.Input[str]]
    """ID of the subnet of the control plane's interfaces; GKE puts them into that of machines where it is left out."""
    private_services: pulumi.Input[str]
    """ID of the network, known once databases can be reached through private service access."""


class GcpKeysFacts(TypedDict):
    """IDs of the environment's KMS keys, one per kind of data, so that a grant on one opens no other.

    Each is known once the service agents that encrypt with it may use it.
    """

    cluster: pulumi.Input[str]
    """Kubernetes secrets in etcd."""
    disks: pulumi.Input[str]
    """Disks of machines and volumes of pods."""
    stores: pulumi.Input[str]
    """Buckets, BigQuery datasets and Pub/Sub topics."""
    images: pulumi.Input[str]
    """Image repositories."""
    databases: pulumi.Input[str]
    """Databases and their backups."""
    secrets: pulumi.Input[str]
    """Secret Manager."""


class GcpClusterFacts(TypedDict):
    """A GKE cluster that takes workloads."""

    name: pulumi.Input[str]
    """The cluster's name."""
    location: str
    """Region of the cluster."""
    kubernetes_version: str
    """Minor version, such as ``1.35``."""
    endpoint: pulumi.Input[str]
    """Host name of the API server's DNS endpoint."""
    workload_pool: str
    """Workload identity pool, ``<project>.svc.id.goog``."""
    node_service_account: pulumi.Input[str]
    """Email of the machines' service account."""
