"""Karpenter and Kubernetes objects of one local node pool, as plain data."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pulumi.errors import InputPropertyErrorDetails

from components import karpenter
from components.contracts import MachineShape, NodePoolArgs
from components.errors import problem
from components.karpenter import CAPACITY_TYPES, size_problems
from components.local.machines import (
    ARCHITECTURE,
    CAPACITY_ANNOTATION,
    OPERATING_SYSTEM,
    SIMULATED_NODE,
    ZONES,
    capacity_annotation,
    machine_labels,
    type_name,
)
from components.pools import node_labels, node_taints

NODE_CLASS_API: Final = "karpenter.kwok.sh/v1alpha1"


def problems(args: NodePoolArgs) -> list[InputPropertyErrorDetails]:
    """Return why the local cloud cannot provide the pool; empty where it can."""
    found = []
    if args["families"]:
        found.append(
            problem("families", f"got {list(args['families'])}; allowed: none, machine families are a cloud's")
        )
    if not args["shapes"]:
        found.append(problem("shapes", "got none; allowed: at least one"))
    return [*found, *size_problems(args)]


def smallest_shape(shapes: Iterable[MachineShape]) -> MachineShape:
    """Return the shape that nodes which always run have."""
    return min(shapes, key=lambda shape: (shape["cpu"], shape["memory_gib"]))


def limits(args: NodePoolArgs) -> dict[str, str]:
    """Return the most that Karpenter may provide: what ``max_nodes`` leaves after the nodes that always run."""
    return karpenter.limits(args, _provided(args))


def requirements(args: NodePoolArgs) -> list[dict[str, Any]]:
    """Return which machines Karpenter may choose from."""
    gpu = args.get("gpu")
    return karpenter.requirements(
        args,
        architecture=ARCHITECTURE,
        operating_system=OPERATING_SYSTEM,
        types=[type_name(shape, gpu) for shape in args["shapes"]],
    )


def node_pool_spec(name: str, args: NodePoolArgs, node_class: str) -> dict[str, Any]:
    """Return the specification of the Karpenter NodePool of the pool ``name``."""
    return karpenter.node_pool_spec(
        name,
        args,
        node_class={"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": node_class},
        requirements=requirements(args),
        nodes=_provided(args),
    )


def _provided(args: NodePoolArgs) -> int:
    return int(args["max_nodes"]) - int(args["min_nodes"])


def static_nodes(name: str, args: NodePoolArgs, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the nodes of the pool ``name`` that always run: ``<pool>-0`` and on, in turn over the zones.

    Each has the keys ``metadata`` (name, labels with ``labels`` among them, annotations) and ``spec``.
    """
    gpu = args.get("gpu")
    taints = [dict(taint) for taint in node_taints(name, args)]
    nodes = []
    for index in range(int(args["min_nodes"])):
        hostname = f"{name}-{index}"
        shape = smallest_shape(args["shapes"])
        machine = machine_labels(
            shape,
            gpu,
            capacity_type=CAPACITY_TYPES[args["capacity"]][0],
            zone=ZONES[index % len(ZONES)],
        )
        annotations = {**SIMULATED_NODE, CAPACITY_ANNOTATION: capacity_annotation(shape, gpu)}
        if taints:
            # The node controller writes to the same list of taints when a node comes up or is lost.
            annotations["pulumi.com/patchForce"] = "true"
        nodes.append(
            {
                "metadata": {
                    "name": hostname,
                    "labels": {**labels, **node_labels(name, args), **machine, "kubernetes.io/hostname": hostname},
                    "annotations": annotations,
                },
                "spec": {"taints": taints} if taints else {},
            }
        )
    return nodes
