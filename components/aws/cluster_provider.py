"""What both a new and an existing cluster are turned into: a provider, and the contract's facts."""

import pulumi
import pulumi_kubernetes as kubernetes

from components.addresses import first_service_address
from components.aws.facts import AwsNetworkFacts
from components.aws.kubeconfig import kubeconfig
from components.contracts import Cluster

POD_IDENTITY_ENDPOINT = "169.254.170.23/32"
"""Address on every machine where pods get the credentials of their role."""


def cluster_provider(
    name: str,
    *,
    cluster_name: str,
    region: str,
    endpoint: pulumi.Input[str],
    certificate_authority: pulumi.Input[str],
    options: pulumi.ResourceOptions,
) -> kubernetes.Provider:
    """Return the provider of everything that goes into the cluster."""
    return kubernetes.Provider(
        f"{name}-kubernetes",
        kubeconfig=pulumi.Output.all(endpoint, certificate_authority).apply(
            lambda known: kubeconfig(
                name=cluster_name, endpoint=known[0], certificate_authority=known[1], region=region
            )
        ),
        # By its name it stays the same cluster, whatever its address is while that is not known yet.
        cluster_identifier=cluster_name,
        enable_server_side_apply=True,
        # What was retained, or was made by a run that was killed, is taken up again where it comes back.
        upsert_existing_objects=True,
        enable_patch_force=True,
        # A changed secret is changed in place: a retained one could not be replaced under its name.
        enable_secret_mutable=True,
        opts=options,
    )


def cluster_contract(
    *,
    cluster_name: pulumi.Input[str],
    kubernetes_version: str,
    network: AwsNetworkFacts,
    service_cidr: str,
    home_storage_class: pulumi.Input[str],
) -> Cluster:
    """Return what workloads need to know of the cluster.

    Network policies see the API server by its interfaces' addresses, or by its service's before it is translated.
    """
    return Cluster(
        name=cluster_name,
        kubernetes_version=kubernetes_version,
        identity_endpoints=[POD_IDENTITY_ENDPOINT],
        api_server_cidrs=[*network["intra_cidrs"], first_service_address(service_cidr)],
        home_storage_class=home_storage_class,
    )
