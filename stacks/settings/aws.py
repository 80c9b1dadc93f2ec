"""The section of an environment in AWS."""

from pydantic import Field

from stacks.settings.cloud_values import (
    AwsAccountId,
    AwsRoleArn,
    AwsSecurityGroupId,
    AwsSubnetId,
    AwsVpcId,
    CertificateAuthority,
    EksClusterName,
    EksEndpoint,
    Namespace,
)
from stacks.settings.model import Section
from stacks.settings.values import Cidr, GroupName, Many, Zone


class AwsNetworkSettings(Section):
    """A VPC that is there already. Each mapping has one subnet for each of network.zones."""

    vpc_id: AwsVpcId
    """ID of the VPC."""
    private_subnets: dict[Zone, AwsSubnetId]
    """Subnets of machines, which reach the internet through NAT, by zone."""
    intra_subnets: dict[Zone, AwsSubnetId]
    """Subnets of the API server's interfaces and of the databases, by zone; may be the private ones."""
    pod_subnets: dict[Zone, AwsSubnetId] = Field(default={})
    """Subnets of pods, by zone; where they are left out, pods share those of machines and podCidr is vpcCidr."""
    intra_cidrs: Many[Cidr] = Field(min_length=1, max_length=16)
    """Addresses of the intra subnets."""


class AwsClusterSettings(Section):
    """An EKS cluster that is there already."""

    name: EksClusterName
    """Name of the cluster."""
    endpoint: EksEndpoint
    """Address of its API server."""
    certificate_authority: CertificateAuthority
    """Certificate authority of its API server, base64."""
    security_group: AwsSecurityGroupId
    """Its cluster security group."""
    add_ons: bool = True
    """Whether it has CoreDNS, the CSI drivers of EBS and EFS, and metrics already; they are made where it has not."""


class AwsSettings(Section):
    """Where in AWS the environment is, and who administers it."""

    account_id: AwsAccountId
    """The account, 12 digits in quotes."""
    admin_roles: Many[AwsRoleArn] = Field(min_length=1, max_length=16)
    """IAM roles of the account that administer the cluster and the keys."""
    existing_network: AwsNetworkSettings | None = None
    """A VPC to use in place of a new one."""
    existing_cluster: AwsClusterSettings | None = None
    """An EKS cluster to use in place of a new one; it needs existingNetwork."""
    api_client_cidrs: Many[Cidr] = Field(default=(), max_length=20)
    """Private ranges, such as a VPN's, from which the API server's private endpoint is reached."""
    group_roles: dict[GroupName, AwsRoleArn] = Field(default={}, max_length=100)
    """IAM role that the members of a group of teams' people take, by group: nobody is in a group by another way."""
    fargate_namespaces: Many[Namespace] = Field(default=(), max_length=5)
    """Namespaces whose pods run on Fargate: small servers that are always on; at most 5."""
