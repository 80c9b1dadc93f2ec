"""A node pool whose machines this program names, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp
from pulumi_kubernetes.apiextensions import CustomResource

from components.contracts import NodePoolArgs, PoolPurpose
from components.errors import ArgumentsError
from components.gcp import node_config
from components.gcp.compute_class_spec import API_VERSION, KIND, class_facts, of_node_pools
from components.gcp.facts import GcpClusterFacts, GcpEnvironment, GcpKeysFacts
from components.gcp.machine_requirements import explicit, name_problems, problems, shares
from components.gcp.machines import Machine
from components.labels import object_labels
from components.pools import pool_facts

__all__ = ["GcpNodePool", "GcpNodePoolArgs", "gke_node_pool"]


class GcpNodePoolArgs(TypedDict):
    """Which node pool is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    cluster: GcpClusterFacts
    """The cluster that it is a part of."""
    keys: GcpKeysFacts
    """Keys of the environment; disks are encrypted with theirs."""
    pool_name: str
    """Name of the pool, by which pods select it."""
    pool: NodePoolArgs
    """What its machines are."""


def gke_node_pool(
    parent: pulumi.Resource, name: str, args: GcpNodePoolArgs, machine: Machine, share: tuple[int, int]
) -> gcp.container.NodePool:
    """Make the node pool of one machine type, with ``share``, its least and most nodes; ``name`` is the component's."""
    arguments = node_config.arguments(
        args["pool_name"],
        args["pool"],
        machine,
        share,
        environment=args["environment"],
        cluster=args["cluster"],
        keys=args["keys"],
    )
    return gcp.container.NodePool(
        f"{name}-{machine.name}",
        # How many nodes there are is the autoscaler's affair from the first moment on.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["initialNodeCount", "nodeCount"]),
        **arguments,
    )


class GcpNodePool(pulumi.ComponentResource):
    """Node pools of GKE, one per machine type, which scale from ``min_nodes`` to ``max_nodes`` in all.

    GKE limits each node pool by itself. So that the whole keeps its limit, its node pools divide it. A ComputeClass
    of the pool's name, which pods select too, keeps everything that is not in the pool's node pools away from its
    pods, and removes idle nodes after the pool's time. A system pool has neither taint nor class of its own.
    """

    pool_name: pulumi.Output[str]
    """Name of the pool."""
    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that select the pool's nodes and no others."""
    node_pools: pulumi.Output[Sequence[str]]
    """Names of its node pools in GKE."""

    def __init__(self, name: str, args: GcpNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpNodePool", name, {}, opts)
        pool_name, pool = args["pool_name"], args["pool"]
        if found := problems(pool_name, pool):
            raise ArgumentsError(f"node pool {pool_name}", found)
        types = explicit(pool)
        if found := list(name_problems(pool_name, types)):
            raise ArgumentsError(f"node pool {pool_name}", found)
        divided = shares(int(pool["min_nodes"]), int(pool["max_nodes"]), len(types))
        made = [gke_node_pool(self, name, args, machine, share) for machine, share in zip(types, divided, strict=False)]
        names = [each.name for each in made]
        if pool["purpose"] is PoolPurpose.SYSTEM:
            self.facts = pool_facts(pool_name, pool)
        else:
            CustomResource(
                f"{name}-class",
                api_version=API_VERSION,
                kind=KIND,
                metadata={
                    "name": pool_name,
                    "labels": object_labels(args["environment"]["labels"], component="node-pool", name=pool_name),
                },
                spec=of_node_pools(pool, names),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.facts = class_facts(pool_name, pool)
        self.pool_name = pulumi.Output.from_input(pool_name)
        self.node_selector = pulumi.Output.from_input(self.facts["node_selector"])
        self.node_pools = pulumi.Output.all(*names).apply(list)
        self.register_outputs(
            {"poolName": self.pool_name, "nodeSelector": self.node_selector, "nodePools": self.node_pools}
        )
