"""A local node pool, as a Pulumi component."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.contracts import NodePoolArgs
from components.errors import ArgumentsError
from components.karpenter import NODE_POOL_API
from components.labels import object_labels
from components.local.karpenter import NODE_CLASS_API, node_pool_spec, problems, static_nodes
from components.pools import pool_facts

__all__ = ["LocalNodePool", "LocalNodePoolArgs"]


class LocalNodePoolArgs(TypedDict):
    """Which node pool is wanted."""

    pool_name: str
    """Name of the pool, by which pods select it."""
    pool: NodePoolArgs
    """What its machines are."""
    labels: Mapping[str, str]
    """Labels of the Karpenter objects; those of the nodes are in ``pool``."""


class LocalNodePool(pulumi.ComponentResource):
    """Machines that KWOK simulates: ``min_nodes`` that always run, and as many more as Karpenter finds needed.

    The nodes that always run have the smallest shape. The root disk's size has no meaning here and is not used; so has
    the price, which only orders the choices. Machine families are refused: they are names of one cloud.
    """

    pool_name: pulumi.Output[str]
    """Name of the pool."""
    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that select the pool's nodes and no others."""

    def __init__(self, name: str, args: LocalNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalNodePool", name, {}, opts)
        pool_name, pool = args["pool_name"], args["pool"]
        if found := problems(pool):
            raise ArgumentsError(f"node pool {pool_name}", found)
        labels = object_labels(args["labels"], component="node-pool", name=pool_name)
        if pool["max_nodes"] > pool["min_nodes"]:
            node_class = CustomResource(
                f"{name}-node-class",
                api_version=NODE_CLASS_API,
                kind="KWOKNodeClass",
                metadata={"name": pool_name, "labels": labels},
                spec={},
                opts=pulumi.ResourceOptions(parent=self),
            )
            CustomResource(
                f"{name}-node-pool",
                api_version=NODE_POOL_API,
                kind="NodePool",
                metadata={"name": pool_name, "labels": labels},
                spec=node_pool_spec(pool_name, pool, node_class=pool_name),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[node_class]),
            )
        for node in static_nodes(pool_name, pool, labels):
            index = node["metadata"]["name"].removeprefix(f"{pool_name}-")
            kubernetes.core.v1.Node(
                f"{name}-node-{index}",
                metadata=node["metadata"],
                spec=node["spec"],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.facts = pool_facts(pool_name, pool)
        self.pool_name = pulumi.Output.from_input(pool_name)
        self.node_selector = pulumi.Output.from_input(self.facts["node_selector"])
        self.register_outputs({"poolName": self.pool_name, "nodeSelector": self.node_selector})
