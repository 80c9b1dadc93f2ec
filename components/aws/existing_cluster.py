"""An EKS cluster that is there already, as a Pulumi component."""

import re
from typing import TypedDict

import pulumi

from components.aws.cluster_provider import cluster_contract, cluster_provider
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsNetworkFacts
from components.aws.names import cluster_arn
from components.errors import ArgumentsError, problem

__all__ = ["AwsExistingCluster", "AwsExistingClusterArgs"]

ENDPOINT = re.compile(r"https://\S+")
SECURITY_GROUP = re.compile(r"sg-[0-9a-f]+")


class AwsExistingClusterArgs(TypedDict):
    """Which cluster is meant."""

    environment: AwsEnvironment
    """The environment that uses the cluster."""
    network: AwsNetworkFacts
    """The network that it is in."""
    cluster_name: str
    """The cluster's name."""
    kubernetes_version: str
    """Its minor version of Kubernetes, such as ``1.35``."""
    service_cidr: str
    """Its addresses of Kubernetes services, in CIDR notation."""
    endpoint: str
    """Address of its API server, ``https://...``."""
    certificate_authority: str
    """Certificate authority of its API server, base64."""
    security_group_id: str
    """Security group of its machines and of its API server's interfaces."""
    home_storage_class: pulumi.Input[str]
    """Storage class of people's home volumes."""


class AwsExistingCluster(pulumi.ComponentResource):
    """A cluster that somebody else makes and keeps: nothing of it is changed.

    Its network plugin has to enforce network policies, its Pod Identity agent has to run, and whoever deploys has to
    be one of its administrators.
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""
    endpoint: pulumi.Output[str]
    """Address of the API server."""

    def __init__(self, name: str, args: AwsExistingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsExistingCluster", name, {}, opts)
        _check(args)
        environment, cluster_name = args["environment"], args["cluster_name"]
        self.facts = AwsClusterFacts(
            name=cluster_name,
            arn=cluster_arn(environment, cluster_name),
            kubernetes_version=args["kubernetes_version"],
            endpoint=args["endpoint"],
            certificate_authority=args["certificate_authority"],
            security_group_id=args["security_group_id"],
        )
        self.provider = cluster_provider(
            name,
            cluster_name=cluster_name,
            region=environment["region"],
            endpoint=args["endpoint"],
            certificate_authority=args["certificate_authority"],
            options=pulumi.ResourceOptions(parent=self),
        )
        self.contract = cluster_contract(
            cluster_name=cluster_name,
            kubernetes_version=args["kubernetes_version"],
            network=args["network"],
            service_cidr=args["service_cidr"],
            home_storage_class=args["home_storage_class"],
        )
        self.cluster_name = pulumi.Output.from_input(cluster_name)
        self.endpoint = pulumi.Output.from_input(args["endpoint"])
        self.register_outputs({"clusterName": self.cluster_name, "endpoint": self.endpoint})


def _check(args: AwsExistingClusterArgs) -> None:
    problems = []
    if not ENDPOINT.fullmatch(args["endpoint"]):
        problems.append(problem("endpoint", f"got {args['endpoint']}; allowed: an address that begins with https://"))
    if not SECURITY_GROUP.fullmatch(args["security_group_id"]):
        reason = f"got {args['security_group_id']}; allowed: the ID of a security group, sg-..."
        problems.append(problem("security_group_id", reason))
    if problems:
        raise ArgumentsError(f"cluster {args['cluster_name']}", problems)
