"""The GKE cluster of an environment, as Pulumi components."""

from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as kubernetes

from components.addresses import first_service_address
from components.contracts import Cluster
from components.errors import ArgumentsError
from components.gcp.cluster_security import image_policy
from components.gcp.cluster_spec import GcpClusterArgs, cluster_arguments, problems, workload_pool
from components.gcp.facts import GcpClusterFacts, GcpEnvironment, GcpNetworkFacts
from components.gcp.kubeconfig import kubeconfig
from components.gcp.node_account import node_account
from components.keeping import keep, released

__all__ = ["GcpCluster", "GcpClusterArgs", "GcpExistingCluster", "GcpExistingClusterArgs", "contract"]

THING: Final = "cluster"

IDENTITY_ENDPOINTS: Final = ("169.254.169.254/32",)
"""Where pods get their identity: GKE's metadata server, at the address at which Dataplane V2 sees it."""


class GcpExistingClusterArgs(TypedDict):
    """A cluster that is there already."""

    environment: GcpEnvironment
    """The environment that uses it."""
    kubernetes_version: str
    """Its minor version, such as ``1.35``."""
    cluster_name: str
    """Its name."""
    location: str
    """Its region, or its zone."""
    endpoint: str
    """Host name of its DNS endpoint."""


def contract(
    cluster: GcpClusterFacts, network: GcpNetworkFacts, service_cidr: str, home_storage_class: pulumi.Input[str]
) -> Cluster:
    """Return what workloads need to know of the cluster.

    Network policies see the API server at the address of its service before Dataplane V2 translates it, and at one of
    the control plane's interfaces after that.
    """
    return Cluster(
        name=cluster["name"],
        kubernetes_version=cluster["kubernetes_version"],
        identity_endpoints=list(IDENTITY_ENDPOINTS),
        api_server_cidrs=[first_service_address(service_cidr), network["control_plane_cidr"]],
        home_storage_class=home_storage_class,
    )


def _provider(
    parent: pulumi.Resource, name: str, cluster_name: str, endpoint: pulumi.Input[str]
) -> kubernetes.Provider:
    return kubernetes.Provider(
        f"{name}-kubernetes",
        kubeconfig=pulumi.Output.from_input(endpoint).apply(lambda host: kubeconfig(cluster_name, host)),
        # A new endpoint or credential plugin is the same cluster still: without this, all in it would be replaced.
        cluster_identifier=cluster_name,
        enable_server_side_apply=True,
        # What was retained, or was made by a run that was killed, is taken up again where it comes back.
        upsert_existing_objects=True,
        enable_patch_force=True,
        # A changed secret is changed in place: a retained one could not be replaced under its name.
        enable_secret_mutable=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )


class GcpCluster(pulumi.ComponentResource):
    """A regional GKE Standard cluster whose machines have no public addresses, reached by its DNS endpoint.

    Secrets and disks are encrypted with the environment's keys, images are admitted from known registries only, and
    pods act as themselves rather than as their machine. Node pools are components of their own; the one that GKE makes
    with a cluster is removed. The Binary Authorization policy is the whole project's: a project has one environment.
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""
    endpoint: pulumi.Output[str]
    """Host name of the API server's DNS endpoint."""
    node_service_account: pulumi.Output[str]
    """Email of the machines' service account."""

    def __init__(self, name: str, args: GcpClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpCluster", name, {}, opts)
        environment = args["environment"]
        if found := problems(args):
            raise ArgumentsError(f"cluster {environment['name']}", found)
        policy = gcp.binaryauthorization.Policy(
            f"{name}-images",
            opts=pulumi.ResourceOptions(parent=self),
            **image_policy(environment, args["image_patterns"]),
        )
        self.node_service_account = node_account(self, name, environment)
        cluster = gcp.container.Cluster(
            f"{name}-cluster",
            opts=keep(
                self,
                THING,
                environment["let_go"],
                depends_on=[policy],
                # Of the node pool that is gone, and GKE answers for it with that of another.
                ignore_changes=["nodeConfig"],
                custom_timeouts=pulumi.CustomTimeouts(create="60m", update="120m", delete="60m"),
            ),
            **cluster_arguments(args, self.node_service_account, protected=not released(THING, environment["let_go"])),
        )
        self.cluster_name = cluster.name
        self.endpoint = cluster.control_plane_endpoints_config.apply(
            lambda config: str(config.dns_endpoint_config.endpoint) if config.dns_endpoint_config else ""
        )
        self.provider = _provider(self, name, environment["name"], self.endpoint)
        self.facts = GcpClusterFacts(
            name=self.cluster_name,
            location=environment["region"],
            kubernetes_version=args["kubernetes_version"],
            endpoint=self.endpoint,
            workload_pool=workload_pool(environment["project"]),
            node_service_account=self.node_service_account,
        )
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "endpoint": self.endpoint,
                "nodeServiceAccount": self.node_service_account,
            }
        )


class GcpExistingCluster(pulumi.ComponentResource):
    """A GKE cluster that is there already, whose node pools this program adds to.

    It changes nothing of the cluster itself. Its owner answers for a DNS endpoint, Workload Identity, Dataplane V2,
    auto-provisioning with limits and a default ComputeClass, without which pools cannot do what is asked of them.
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""
    node_service_account: pulumi.Output[str]
    """Email of the service account of machines that this program adds."""

    def __init__(self, name: str, args: GcpExistingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpExistingCluster", name, {}, opts)
        environment = args["environment"]
        self.node_service_account = node_account(self, name, environment)
        self.provider = _provider(self, name, args["cluster_name"], args["endpoint"])
        self.facts = GcpClusterFacts(
            name=args["cluster_name"],
            location=args["location"],
            kubernetes_version=args["kubernetes_version"],
            endpoint=args["endpoint"],
            workload_pool=workload_pool(environment["project"]),
            node_service_account=self.node_service_account,
        )
        self.cluster_name = pulumi.Output.from_input(args["cluster_name"])
        self.register_outputs({"clusterName": self.cluster_name, "nodeServiceAccount": self.node_service_account})
