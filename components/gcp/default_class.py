"""The ComputeClass of pods that select none, as a Pulumi component."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.gcp.compute_class_spec import API_VERSION, KIND, of_pods_without_class
from components.gcp.facts import GcpEnvironment
from components.gcp.machine_requirements import DEFAULT_CLASS
from components.labels import object_labels

__all__ = ["GcpDefaultClass", "GcpDefaultClassArgs"]


class GcpDefaultClassArgs(TypedDict):
    """Where pods go that select nothing."""

    environment: GcpEnvironment
    """The environment that the cluster belongs to."""
    node_pools: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Names of the node pools of all system pools."""


class GcpDefaultClass(pulumi.ComponentResource):
    """Lets pods that select no class scale the system's node pools and nothing else.

    Without it, the cluster's auto-provisioning would make machines of its own choice for each such pod that finds no
    room, outside of every pool. One per cluster.
    """

    class_name: pulumi.Output[str]
    """Name of the class."""

    def __init__(self, name: str, args: GcpDefaultClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpDefaultClass", name, {}, opts)
        CustomResource(
            f"{name}-class",
            api_version=API_VERSION,
            kind=KIND,
            metadata={
                "name": DEFAULT_CLASS,
                "labels": object_labels(args["environment"]["labels"], component="node-pool", name=DEFAULT_CLASS),
            },
            spec=pulumi.Output.from_input(args["node_pools"]).apply(of_pods_without_class),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.class_name = pulumi.Output.from_input(DEFAULT_CLASS)
        self.register_outputs({"className": self.class_name})
