"""A node pool whose machines GKE chooses by a ComputeClass, as a Pulumi component."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.contracts import Capacity, NodePoolArgs, PoolPurpose
from components.errors import ArgumentsError, problem
from components.gcp.compute_class_spec import API_VERSION, KIND, class_facts, of_machines
from components.gcp.facts import GcpClusterFacts, GcpEnvironment, GcpKeysFacts
from components.gcp.machine_requirements import candidates, name_problems, problems
from components.gcp.node_pool import GcpNodePoolArgs, gke_node_pool
from components.labels import object_labels

__all__ = ["GcpComputeClass", "GcpComputeClassArgs"]


class GcpComputeClassArgs(TypedDict):
    """Which node pool is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    cluster: GcpClusterFacts
    """The cluster that it is a part of."""
    keys: GcpKeysFacts
    """Keys of the environment; disks are encrypted with theirs."""
    pool_name: str
    """Name of the pool, by which pods select it, and of its ComputeClass."""
    pool: NodePoolArgs
    """What its machines are."""


class GcpComputeClass(pulumi.ComponentResource):
    """A pool for which GKE makes node pools when pods need them: spot machines while there are any, else on-demand.

    Nodes that always run are a node pool of the smallest machine type, on-demand where the pool falls back to it.
    GKE has no limit of nodes per ComputeClass: those of all pools together are limited by the cluster's
    auto-provisioning, to what all pools may have together. Teams' quotas and queues limit each.
    """

    pool_name: pulumi.Output[str]
    """Name of the pool."""
    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that select the pool's nodes and no others."""

    def __init__(self, name: str, args: GcpComputeClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpComputeClass", name, {}, opts)
        pool_name, pool = args["pool_name"], args["pool"]
        found = problems(pool_name, pool)
        if pool["purpose"] is PoolPurpose.SYSTEM:
            found.append(problem("purpose", f"got {PoolPurpose.SYSTEM}; allowed: every other, system pools are fixed"))
        if found:
            raise ArgumentsError(f"node pool {pool_name}", found)
        CustomResource(
            f"{name}-class",
            api_version=API_VERSION,
            kind=KIND,
            metadata={
                "name": pool_name,
                "labels": object_labels(args["environment"]["labels"], component="node-pool", name=pool_name),
            },
            spec=of_machines(
                pool_name, pool, environment=args["environment"], cluster=args["cluster"], keys=args["keys"]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if least := int(pool["min_nodes"]):
            self._always(name, args, least)
        self.facts = class_facts(pool_name, pool)
        self.pool_name = pulumi.Output.from_input(pool_name)
        self.node_selector = pulumi.Output.from_input(self.facts["node_selector"])
        self.register_outputs({"poolName": self.pool_name, "nodeSelector": self.node_selector})

    def _always(self, name: str, args: GcpComputeClassArgs, nodes: int) -> None:
        pool_name, pool = args["pool_name"], args["pool"]
        smallest = candidates(pool)[0]
        if found := list(name_problems(pool_name, [smallest])):
            raise ArgumentsError(f"node pool {pool_name}", found)
        capacity = Capacity.SPOT if pool["capacity"] is Capacity.SPOT else Capacity.ON_DEMAND
        always: NodePoolArgs = {**pool, "capacity": capacity}
        of_pool: GcpNodePoolArgs = {**args, "pool": always}
        gke_node_pool(self, name, of_pool, smallest, (nodes, nodes))
