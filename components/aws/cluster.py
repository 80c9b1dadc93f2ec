"""An EKS cluster, as a Pulumi component."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws import cni
from components.aws.cluster_access import administer, range_problems, reach, role_problems, short_names
from components.aws.cluster_provider import cluster_contract, cluster_provider
from components.aws.cluster_roles import cluster_role, cni_role
from components.aws.eks_versions import KUBE_PROXY, KUBERNETES_VERSIONS
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.names import cluster_arn, tags
from components.aws.outputs import ready
from components.errors import ArgumentsError, problem
from components.keeping import keep, released
from components.versions import EKS_POD_IDENTITY_AGENT, EKS_VPC_CNI

__all__ = ["AwsCluster", "AwsClusterArgs"]

FEWEST_ZONES = 2

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Every log that EKS keeps of a control plane."""


class AwsClusterArgs(TypedDict):
    """Which cluster is wanted."""

    environment: AwsEnvironment
    """The environment, which the cluster is named after."""
    network: AwsNetworkFacts
    """The network that it is in."""
    keys: AwsKeysFacts
    """The environment's keys."""
    kubernetes_version: str
    """Minor version of Kubernetes, such as ``1.35``."""
    service_cidr: str
    """Addresses of Kubernetes services, in CIDR notation."""
    home_storage_class: pulumi.Input[str]
    """Storage class of people's home volumes."""
    log_group: pulumi.Input[str]
    """Name of the log group ``/aws/eks/<cluster>/cluster``, made before: EKS would make one that is not encrypted."""
    admin_roles: Sequence[str]
    """ARNs of the roles, of the same account, that may do everything in the cluster; at least one."""
    public_access_cidrs: NotRequired[Sequence[str]]
    """Ranges from which the public endpoint can be reached; there is none where they are empty or left out."""
    api_client_cidrs: NotRequired[Sequence[str]]
    """Ranges, such as a VPN's, from which the private endpoint can be reached; none where it is left out."""


class AwsCluster(pulumi.ComponentResource):
    """An EKS cluster with nobody in it but the roles that are named, and the add-ons that machines need to join.

    Who made it has no rights in it. Its API server is reached inside the network, and from outside only where ranges
    are given. Kubernetes secrets are encrypted with the environment's key, and all logs of the control plane are kept.
    Its security group is the one that EKS makes: it admits its own members and nobody else. It makes no machines, and
    no IAM OIDC provider: pods get their roles by Pod Identity.
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster, known once machines can join it and its administrators use it."""
    endpoint: pulumi.Output[str]
    """Address of the API server."""
    certificate_authority: pulumi.Output[str]
    """Certificate authority of the API server, base64."""
    security_group_id: pulumi.Output[str]
    """Security group of machines and of the API server's interfaces."""
    kubernetes_version: pulumi.Output[str]
    """Minor version of Kubernetes."""

    def __init__(self, name: str, args: AwsClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsCluster", name, {}, opts)
        _check(args)
        environment = args["environment"]
        cluster = self._cluster(name, args)
        security_group = cluster.vpc_config.apply(lambda config: str(config.cluster_security_group_id))
        options = pulumi.ResourceOptions(parent=self)
        principals = short_names(args["admin_roles"])
        usable = [
            *administer(name, environment, cluster_name=cluster.name, principals=principals, options=options),
            *reach(
                name,
                environment,
                security_group=security_group,
                ranges=args.get("api_client_cidrs", ()),
                options=options,
            ),
            *self._addons(name, args, cluster, security_group),
        ]
        self.cluster_name = ready(cluster.name, *usable)
        self.endpoint = ready(cluster.endpoint, *usable)
        self.certificate_authority = cluster.certificate_authority.apply(lambda authority: str(authority.data))
        self.security_group_id = security_group
        self.kubernetes_version = pulumi.Output.from_input(args["kubernetes_version"])
        self.facts = AwsClusterFacts(
            name=self.cluster_name,
            arn=cluster_arn(environment, environment["name"]),
            kubernetes_version=args["kubernetes_version"],
            endpoint=self.endpoint,
            certificate_authority=self.certificate_authority,
            security_group_id=security_group,
        )
        self.provider = cluster_provider(
            name,
            cluster_name=environment["name"],
            region=environment["region"],
            endpoint=self.endpoint,
            certificate_authority=self.certificate_authority,
            options=options,
        )
        self.contract = cluster_contract(
            cluster_name=self.cluster_name,
            kubernetes_version=args["kubernetes_version"],
            network=args["network"],
            service_cidr=args["service_cidr"],
            home_storage_class=args["home_storage_class"],
        )
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "endpoint": self.endpoint,
                "certificateAuthority": self.certificate_authority,
                "securityGroupId": self.security_group_id,
                "kubernetesVersion": self.kubernetes_version,
            }
        )

    def _cluster(self, name: str, args: AwsClusterArgs) -> aws.eks.Cluster:
        environment, network = args["environment"], args["network"]
        role = cluster_role(name, environment, keep(self, "cluster", environment["let_go"]))
        ranges = list(args.get("public_access_cidrs", ()))
        return aws.eks.Cluster(
            f"{name}-cluster",
            name=environment["name"],
            version=args["kubernetes_version"],
            role_arn=ready(role.arn, args["log_group"]),
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            deletion_protection=not released("cluster", environment["let_go"]),
            enabled_cluster_log_types=list(LOG_TYPES),
            encryption_config={"provider": {"key_arn": args["keys"]["cluster"]}, "resources": ["secrets"]},
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": args["service_cidr"]},
            # A version out of standard support would be upgraded by EKS, rather than cost six times as much.
            upgrade_policy={"support_type": "STANDARD"},
            vpc_config={
                "subnet_ids": [subnet for _, subnet in sorted(network["intra_subnets"].items())],
                "endpoint_private_access": True,
                "endpoint_public_access": bool(ranges),
                # Left empty, it would be everybody.
                "public_access_cidrs": ranges or None,
            },
            zonal_shift_config={"enabled": True},
            tags=tags(environment, environment["name"]),
            opts=keep(self, "cluster", environment["let_go"]),
        )

    def _addons(
        self, name: str, args: AwsClusterArgs, cluster: aws.eks.Cluster, security_group: pulumi.Output[str]
    ) -> list[pulumi.Output[str]]:
        """Make the add-ons without which a machine is not ready; return outputs that are known once they are there."""
        environment, options = args["environment"], pulumi.ResourceOptions(parent=self)
        agent = aws.eks.Addon(
            f"{name}-pod-identity-agent",
            cluster_name=cluster.name,
            addon_name="eks-pod-identity-agent",
            addon_version=EKS_POD_IDENTITY_AGENT,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=tags(environment, f"{environment['name']}-pod-identity-agent"),
            opts=options,
        )
        role = cni_role(name, environment, args["network"], options)
        network_plugin = aws.eks.Addon(
            f"{name}-vpc-cni",
            cluster_name=cluster.name,
            addon_name="vpc-cni",
            addon_version=EKS_VPC_CNI,
            configuration_values=cni.configuration_values(environment, args["network"], security_group),
            pod_identity_associations=[{"role_arn": role.arn, "service_account": cni.SERVICE_ACCOUNT}],
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=tags(environment, f"{environment['name']}-vpc-cni"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[agent]),
        )
        proxy = aws.eks.Addon(
            f"{name}-kube-proxy",
            cluster_name=cluster.name,
            addon_name="kube-proxy",
            addon_version=KUBE_PROXY[args["kubernetes_version"]],
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=tags(environment, f"{environment['name']}-kube-proxy"),
            opts=options,
        )
        return [agent.id, network_plugin.id, proxy.id]


def _check(args: AwsClusterArgs) -> None:
    network, version = args["network"], args["kubernetes_version"]
    problems = role_problems(args["environment"], args["admin_roles"])
    if version not in KUBERNETES_VERSIONS:
        allowed = ", ".join(KUBERNETES_VERSIONS)
        problems.append(problem("kubernetes_version", f"got {version}; allowed: {allowed}"))
    if len(network["intra_subnets"]) < FEWEST_ZONES:
        reason = f"got subnets of {len(network['intra_subnets'])} zones; allowed: of at least {FEWEST_ZONES}"
        problems.append(problem("network.intra_subnets", reason))
    problems += range_problems("public_access_cidrs", args.get("public_access_cidrs", ()))
    problems += range_problems("api_client_cidrs", args.get("api_client_cidrs", ()))
    if problems:
        raise ArgumentsError(f"cluster {args['environment']['name']}", problems)
