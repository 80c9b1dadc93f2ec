"""Roles of a cluster's control plane and of the add-ons without which it has no network."""

import pulumi

from components.aws import cni
from components.aws.facts import AwsEnvironment, AwsNetworkFacts
from components.aws.names import addon_role_name, cluster_arn, cluster_role_name
from components.aws.policies import trust
from components.aws.roles import Role, service_role
from components.aws.workload_policies import pod_trust

SYSTEM_PODS = "kube-system"
"""Namespace of the add-ons."""


def cluster_role(name: str, environment: AwsEnvironment, options: pulumi.ResourceOptions) -> Role:
    """Make the role of the control plane, which manages the cluster's network interfaces and load balancers."""
    return service_role(
        name,
        environment,
        role_name=cluster_role_name(environment["name"]),
        description=f"Control plane of {environment['name']}",
        trusted=trust(
            "ControlPlane",
            {"Service": "eks.amazonaws.com"},
            condition={
                "StringEquals": {"aws:SourceAccount": environment["account_id"]},
                "ArnLike": {"aws:SourceArn": cluster_arn(environment, environment["name"])},
            },
        ),
        managed=["AmazonEKSClusterPolicy"],
        options=options,
    )


def cni_role(name: str, environment: AwsEnvironment, network: AwsNetworkFacts, options: pulumi.ResourceOptions) -> Role:
    """Make the role of the network plugin."""
    return service_role(
        f"{name}-vpc-cni",
        environment,
        role_name=addon_role_name(environment["name"], "vpc-cni"),
        description=f"Network plugin of {environment['name']}",
        trusted=pod_trust(environment, cluster_arn(environment, environment["name"]), SYSTEM_PODS, cni.SERVICE_ACCOUNT),
        inline={"interfaces": cni.statements(environment, network)},
        options=options,
    )
