"""A pool whose machines Karpenter makes, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.aws.cluster_roles import SYSTEM_PODS
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.karpenter import AwsKarpenterFacts
from components.aws.karpenter_objects import (
    NODE_CLASS_API,
    NODE_CLASS_KIND,
    minimum_spec,
    node_class_spec,
    node_pool_spec,
    problems,
)
from components.contracts import NodePoolArgs, Taint
from components.errors import ArgumentsError
from components.karpenter import NODE_POOL_API
from components.labels import object_labels
from components.pools import pool_facts

__all__ = ["AwsNodePool", "AwsNodePoolArgs"]

DRAINING = pulumi.CustomTimeouts(delete="60m")
"""How long a deletion may take: Karpenter drains the pool's machines first."""


class AwsNodePoolArgs(TypedDict):
    """Which pool is wanted, and where its machines are."""

    environment: AwsEnvironment
    """The environment that it is part of."""
    network: AwsNetworkFacts
    """The network whose private subnets the machines are in."""
    keys: AwsKeysFacts
    """The environment's keys."""
    cluster: AwsClusterFacts
    """The cluster that the machines join."""
    karpenter: AwsKarpenterFacts
    """Karpenter of the cluster."""
    pool_name: str
    """Name of the pool, by which pods select it."""
    pool: NodePoolArgs
    """What its machines are; of any purpose but ``system``."""
    startup_taints: NotRequired[Sequence[Taint]]
    """Taints that the cluster's add-ons take off new machines; none where it is left out."""


class AwsNodePool(pulumi.ComponentResource):
    """Machines that come when pods of the pool wait, and go when they stand empty: none at all where nothing runs.

    Instance types are exactly those of the shapes asked for, or of the families. Spot capacity is tried first where
    on-demand is the fallback. Machines are never older than a month, and get no public address.
    """

    pool_name: pulumi.Output[str]
    """Name of the pool."""
    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that select the pool's nodes and no others."""

    def __init__(self, name: str, args: AwsNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsNodePool", name, {}, opts)
        environment, pool_name, pool = args["environment"], args["pool_name"], args["pool"]
        if found := problems(pool):
            raise ArgumentsError(f"node pool {pool_name}", found)
        labels = object_labels(environment["labels"], component="node-pool", name=pool_name)
        node_class = CustomResource(
            f"{name}-node-class",
            api_version=NODE_CLASS_API,
            kind=NODE_CLASS_KIND,
            metadata={
                "name": pool_name,
                "labels": labels,
                # An image, subnet or role that Karpenter cannot use fails here, and not when pods wait.
                "annotations": {"pulumi.com/waitFor": "condition=Ready"},
            },
            spec=pulumi.Output.all(
                instance_profile=args["karpenter"]["instance_profile"],
                subnets=[subnet for _, subnet in sorted(args["network"]["private_subnets"].items())],
                security_group=args["cluster"]["security_group_id"],
                disk_key=args["keys"]["disks"],
            ).apply(lambda known: node_class_spec(environment, pool, **known)),
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=DRAINING),
        )
        node_pool = CustomResource(
            f"{name}-node-pool",
            api_version=NODE_POOL_API,
            kind="NodePool",
            metadata={"name": pool_name, "labels": labels},
            spec=node_pool_spec(pool_name, pool, args.get("startup_taints", ())),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[node_class], custom_timeouts=DRAINING),
        )
        if int(pool["min_nodes"]):
            minimum = object_labels(environment["labels"], component="node-pool-minimum", name=pool_name)
            kubernetes.networking.v1.NetworkPolicy(
                f"{name}-minimum-isolation",
                metadata={"name": f"{pool_name}-minimum", "namespace": SYSTEM_PODS, "labels": minimum},
                spec={"pod_selector": {"match_labels": minimum}, "policy_types": ["Egress", "Ingress"]},
                opts=pulumi.ResourceOptions(parent=self),
            )
            deployment: Any = minimum_spec(pool_name, pool, minimum)
            kubernetes.apps.v1.Deployment(
                f"{name}-minimum",
                metadata={"name": f"{pool_name}-minimum", "namespace": SYSTEM_PODS, "labels": minimum},
                spec=deployment,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[node_pool]),
            )
        self.facts = pool_facts(pool_name, pool)
        self.pool_name = pulumi.Output.from_input(pool_name)
        self.node_selector = pulumi.Output.from_input(self.facts["node_selector"])
        self.register_outputs({"poolName": self.pool_name, "nodeSelector": self.node_selector})
