"""What the AWS components of one environment hand to each other.

An output among these facts stands for the thing *ready to be used*: a subnet's ID is known once its routes exist, a
cluster's endpoint once whoever deploys may use it. Whatever takes the output waits for that without saying so.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi


class AwsEnvironment(TypedDict):
    """One environment in one account and region."""

    name: str
    """First part of every name, ``<platform>-<environment>``; the cluster's name."""
    account_id: str
    """The account, 12 digits."""
    region: str
    """Region, such as ``eu-west-1``."""
    zones: Sequence[str]
    """Availability zones of the region, such as ``eu-west-1a``."""
    tags: Mapping[str, str]
    """Tags of every resource that can carry any."""
    labels: Mapping[str, str]
    """Labels of every Kubernetes object."""
    let_go: Sequence[str]
    """Protected things that may be deleted from now on, such as ``stores.scores``."""


class AwsNetworkFacts(TypedDict):
    """A virtual network. Subnets are given by zone."""

    vpc_id: pulumi.Input[str]
    """ID of the VPC."""
    vpc_cidr: str
    """Addresses of the machines."""
    pod_cidr: str
    """Addresses of the pods."""
    private_subnets: Mapping[str, pulumi.Input[str]]
    """IDs of the subnets of machines, which reach the internet through NAT, by zone."""
    intra_subnets: Mapping[str, pulumi.Input[str]]
    """IDs of the subnets that reach nothing outside the VPC: the API server's interfaces and the databases, by zone."""
    pod_subnets: Mapping[str, pulumi.Input[str]]
    """IDs of the subnets of pods, by zone; empty where pods share the machines' subnets."""
    intra_cidrs: Sequence[str]
    """Addresses of the intra subnets."""


class AwsKeysFacts(TypedDict):
    """ARNs of the environment's KMS keys, one per kind of data, so that a grant on one opens no other."""

    cluster: pulumi.Input[str]
    """Kubernetes secrets in etcd."""
    disks: pulumi.Input[str]
    """Disks of machines and volumes of pods."""
    stores: pulumi.Input[str]
    """Buckets."""
    images: pulumi.Input[str]
    """Image repositories."""
    databases: pulumi.Input[str]
    """Databases, their backups and their performance data."""
    secrets: pulumi.Input[str]
    """Secrets Manager."""
    logs: pulumi.Input[str]
    """Log groups, queues, topics and delivery streams."""


class AwsClusterFacts(TypedDict):
    """An EKS cluster that takes workloads."""

    name: pulumi.Input[str]
    """The cluster's name."""
    arn: str
    """The cluster's ARN."""
    kubernetes_version: str
    """Minor version, such as ``1.35``."""
    endpoint: pulumi.Input[str]
    """Address of the API server."""
    certificate_authority: pulumi.Input[str]
    """Certificate authority of the API server, base64."""
    security_group_id: pulumi.Input[str]
    """Security group of machines and of the API server's interfaces."""
