"""What an environment on AWS stands on, in the order in which it is made: keys, logs, network, cluster, homes."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.audit_logs import AwsAuditLogs
from components.aws.boundary import AwsPermissionsBoundary
from components.aws.cluster import AwsCluster
from components.aws.delivery import AwsDelivery, AwsDeliveryArgs
from components.aws.existing_cluster import AwsExistingCluster
from components.aws.existing_network import AwsExistingNetworkArgs, existing_network
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.homes import HOMES, AwsHomes
from components.aws.image_caches import AwsImageCaches
from components.aws.keys import AwsKeys
from components.aws.names import log_stream_name
from components.aws.network import AwsNetwork
from components.aws.runner import AwsRunner, AwsRunnerArgs
from components.aws.team_access import AwsTeamAccess
from components.contracts import Cluster

__all__ = ["AwsDeliveryWanted", "AwsExistingClusterWanted", "AwsFoundation", "AwsFoundationArgs", "AwsPlace"]


class AwsPlace(TypedDict):
    """Where components of an environment are put."""

    network: AwsNetworkFacts
    """The network."""
    keys: AwsKeysFacts
    """The keys."""
    cluster: AwsClusterFacts
    """The cluster."""


class AwsDeliveryWanted(TypedDict):
    """Who deploys from CI."""

    repository: str
    """``owner/repository`` at GitHub."""
    branch: str
    """The branch that is deployed."""
    runner: bool
    """Whether jobs run on machines inside the network."""
    connection_arn: NotRequired[str]
    """ARN of the connection to GitHub through which they are asked for, once somebody has completed it."""
    identity_provider_arn: NotRequired[str]
    """ARN of the account's provider of GitHub's identities; one is made where it is left out."""


class AwsExistingClusterWanted(TypedDict):
    """A cluster that is there already."""

    name: str
    """Its name."""
    endpoint: str
    """Address of its API server."""
    certificate_authority: str
    """Certificate authority of its API server, base64."""
    security_group: str
    """Its cluster security group."""
    add_ons: bool
    """Whether it has the add-ons that the platform makes in a new cluster."""


class AwsFoundationArgs(TypedDict):
    """What an environment on AWS stands on."""

    vpc_cidr: str
    """Addresses of machines."""
    pod_cidr: str
    """Addresses of pods."""
    service_cidr: str
    """Addresses of Kubernetes services."""
    nat_per_zone: bool
    """Whether each zone has a NAT gateway, and endpoints of AWS's services, of its own."""
    kubernetes_version: str
    """Minor version of Kubernetes."""
    public_cidrs: Sequence[str]
    """Ranges that reach the API server from outside; empty for none."""
    admin_roles: Sequence[str]
    """ARNs of the roles that administer the cluster and the keys."""
    api_client_cidrs: Sequence[str]
    """Private ranges that reach the API server; empty for none."""
    group_roles: Mapping[str, str]
    """ARN of the role that members of a group take, by group."""
    log_days: int
    """Days that logs are kept in buckets."""
    image_caches: Sequence[str]
    """Public registries whose images are cached."""
    image_credentials: Mapping[str, str]
    """Secret of the credential of a public registry, by registry."""
    delivery: NotRequired[AwsDeliveryWanted]
    """Who deploys from CI; nobody where it is left out."""
    existing_network: NotRequired[AwsExistingNetworkArgs]
    """A network in place of a new one."""
    existing_cluster: NotRequired[AwsExistingClusterWanted]
    """A cluster in place of a new one."""


class AwsFoundation:
    """Provider, keys, logs, network, cluster, homes, image caches and delivery of one environment."""

    nat_gateways: Mapping[str, pulumi.Input[str]]
    """IDs of the NAT gateways by zone; empty where the network was there already."""
    log_group: pulumi.Output[str]
    """Log group of the control plane."""

    def __init__(self, environment: AwsEnvironment, args: AwsFoundationArgs) -> None:
        self._environment, self._args = environment, args
        self.aws = aws.Provider("aws", region=environment["region"], allowed_account_ids=[environment["account_id"]])
        only_aws = self._options()
        self.boundary = AwsPermissionsBoundary("permissions-boundary", {"environment": environment}, only_aws).arn
        keys = AwsKeys("keys", {"environment": environment, "administrators": args["admin_roles"]}, only_aws).facts
        logs = AwsAuditLogs(
            "logs",
            {"environment": environment, "key_arn": keys["logs"], "retention_days": args["log_days"]},
            only_aws,
        )
        self.audit_logs = logs.audit_logs_bucket
        self.access_logs, self.log_group = logs.access_logs_bucket, logs.control_plane_log_group
        self.delivery_streams = {"control-plane": pulumi.Output.from_input(log_stream_name(environment["name"]))}
        network = self._network(logs.facts["flow_logs_destination"])
        cluster = self._cluster(network, keys)
        self.kubernetes = cluster.provider
        self.place = AwsPlace(network=network, keys=keys, cluster=cluster.facts)
        if args["group_roles"]:
            AwsTeamAccess(
                "team-access",
                {"environment": environment, "cluster": cluster.facts, "groups": args["group_roles"]},
                only_aws,
            )
        homes = AwsHomes(
            "homes", {"environment": environment, "network": network, "keys": keys}, self._options(self.kubernetes)
        )
        self.contract = Cluster({**cluster.contract, "home_storage_class": homes.home_storage_class})
        caches = AwsImageCaches(
            "image-caches",
            {
                "environment": environment,
                "key_arn": keys["images"],
                "registries": args["image_caches"],
                "credentials": args["image_credentials"],
            },
            only_aws,
        )
        self.image_caches, self.node_policies = caches.facts["prefixes"], caches.facts["node_policies"]
        if "delivery" in args:
            self._delivery(args["delivery"])

    def _options(self, *further: pulumi.ProviderResource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[self.aws, *further])

    def _network(self, flow_logs_destination: pulumi.Input[str]) -> AwsNetworkFacts:
        args = self._args
        if "existing_network" in args:
            self.nat_gateways = {}
            return existing_network(args["existing_network"])
        network = AwsNetwork(
            "network",
            {
                "environment": self._environment,
                "vpc_cidr": args["vpc_cidr"],
                "pod_cidr": args["pod_cidr"],
                "nat_per_zone": args["nat_per_zone"],
                "endpoints_per_zone": args["nat_per_zone"],
                "flow_logs_destination": flow_logs_destination,
            },
            self._options(),
        )
        self.nat_gateways = network.nat_gateways
        return network.facts

    def _cluster(self, network: AwsNetworkFacts, keys: AwsKeysFacts) -> AwsCluster | AwsExistingCluster:
        args = self._args
        if "existing_cluster" in args:
            existing = args["existing_cluster"]
            return AwsExistingCluster(
                "cluster",
                {
                    "environment": self._environment,
                    "network": network,
                    "cluster_name": existing["name"],
                    "kubernetes_version": args["kubernetes_version"],
                    "service_cidr": args["service_cidr"],
                    "endpoint": existing["endpoint"],
                    "certificate_authority": existing["certificate_authority"],
                    "security_group_id": existing["security_group"],
                    "home_storage_class": HOMES,
                },
                self._options(),
            )
        return AwsCluster(
            "cluster",
            {
                "environment": self._environment,
                "network": network,
                "keys": keys,
                "kubernetes_version": args["kubernetes_version"],
                "service_cidr": args["service_cidr"],
                "home_storage_class": HOMES,
                "log_group": self.log_group,
                "admin_roles": args["admin_roles"],
                "public_access_cidrs": args["public_cidrs"],
                "api_client_cidrs": args["api_client_cidrs"],
            },
            self._options(),
        )

    def _delivery(self, wanted: AwsDeliveryWanted) -> None:
        environment, cluster = self._environment, self.place["cluster"]
        args = AwsDeliveryArgs(
            environment=environment, repository=wanted["repository"], branch=wanted["branch"], cluster=cluster
        )
        if "identity_provider_arn" in wanted:
            args["identity_provider_arn"] = wanted["identity_provider_arn"]
        AwsDelivery("delivery", args, self._options())
        if wanted["runner"]:
            self._runner(wanted)

    def _runner(self, wanted: AwsDeliveryWanted) -> None:
        args = AwsRunnerArgs(
            environment=self._environment,
            repository=wanted["repository"],
            network=self.place["network"],
            cluster_security_group_id=self.place["cluster"]["security_group_id"],
            logs_key_arn=self.place["keys"]["logs"],
            connected="connection_arn" in wanted,
        )
        if "connection_arn" in wanted:
            args["connection_arn"] = wanted["connection_arn"]
        AwsRunner("runner", args, self._options())
