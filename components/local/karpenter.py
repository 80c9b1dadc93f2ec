"""Karpenter and Kubernetes objects of one local node pool, as plain data."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pulumi.errors import InputPropertyErrorDetails

from components.contracts import GPU_RESOURCE, MachineShape, NodePoolArgs
from components.errors import problem
from components.local.machines import (
    ARCHITECTURE,
    CAPACITY_ANNOTATION,
    KARPENTER_CAPACITY_TYPES,
    OPERATING_SYSTEM,
    SIMULATED_NODE,
    ZONES,
    capacity_annotation,
    machine_labels,
    type_name,
)
from components.pools import node_labels, node_taints
from components.quantities import cpu, memory

NODE_POOL_API: Final = "karpenter.sh/v1"
NODE_CLASS_API: Final = "karpenter.kwok.sh/v1alpha1"

EXPIRE_AFTER: Final = "720h"
"""Age at which a node is replaced, so that no machine keeps an old image for ever."""

TERMINATION_GRACE_PERIOD: Final = "24h"
"""How long an expired or drifted node waits for pods that must not be disrupted."""

BUDGETS: Final = (
    {"nodes": "100%", "reasons": ["Empty"]},
    {"nodes": "10%", "reasons": ["Underutilized", "Drifted"]},
)
"""Nodes that may go at one time. A budget without reasons would throttle the removal of empty nodes too."""


def problems(args: NodePoolArgs) -> list[InputPropertyErrorDetails]:
    """Return why the local cloud cannot provide the pool; empty where it can."""
    found = []
    least, most = int(args["min_nodes"]), int(args["max_nodes"])
    if args["families"]:
        found.append(
            problem("families", f"got {list(args['families'])}; allowed: none, machine families are a cloud's")
        )
    if not args["shapes"]:
        found.append(problem("shapes", "got none; allowed: at least one"))
    if most < 1:
        found.append(problem("max_nodes", f"got {most}; allowed: at least 1"))
    if not 0 <= least <= most:
        found.append(problem("min_nodes", f"got {least}; allowed: from 0 to max_nodes, {most}"))
    return found


def smallest_shape(shapes: Iterable[MachineShape]) -> MachineShape:
    """Return the shape that nodes which always run have."""
    return min(shapes, key=lambda shape: (shape["cpu"], shape["memory_gib"]))


def limits(args: NodePoolArgs) -> dict[str, str]:
    """Return the most that Karpenter may provide: what ``max_nodes`` leaves after the nodes that always run."""
    nodes = int(args["max_nodes"]) - int(args["min_nodes"])
    resources = {
        "nodes": str(nodes),
        "cpu": cpu(nodes * max(shape["cpu"] for shape in args["shapes"])),
        "memory": memory(nodes * max(shape["memory_gib"] for shape in args["shapes"])),
    }
    if "gpu" in args:
        resources[GPU_RESOURCE] = str(nodes * int(args["gpu"]["count"]))
    return resources


def requirements(args: NodePoolArgs) -> list[dict[str, Any]]:
    """Return which machines Karpenter may choose from."""
    gpu = args.get("gpu")
    values = {
        "karpenter.sh/capacity-type": list(KARPENTER_CAPACITY_TYPES[args["capacity"]]),
        "kubernetes.io/arch": [ARCHITECTURE],
        "kubernetes.io/os": [OPERATING_SYSTEM],
        "node.kubernetes.io/instance-type": sorted({type_name(shape, gpu) for shape in args["shapes"]}),
    }
    return [{"key": key, "operator": "In", "values": allowed} for key, allowed in values.items()]


def node_pool_spec(name: str, args: NodePoolArgs, node_class: str) -> dict[str, Any]:
    """Return the specification of the Karpenter NodePool of the pool ``name``."""
    template: dict[str, Any] = {
        "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": node_class},
        "requirements": requirements(args),
        "expireAfter": EXPIRE_AFTER,
        "terminationGracePeriod": TERMINATION_GRACE_PERIOD,
    }
    if taints := node_taints(name, args):
        template["taints"] = [dict(taint) for taint in taints]
    return {
        "template": {"metadata": {"labels": node_labels(name, args)}, "spec": template},
        "limits": limits(args),
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": f"{int(args['idle_seconds'])}s",
            "budgets": [{**budget} for budget in BUDGETS],
        },
    }


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
            capacity_type=KARPENTER_CAPACITY_TYPES[args["capacity"]][0],
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
