"""What Karpenter is told of a node pool on every cloud, as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi.errors import InputPropertyErrorDetails

from components.contracts import GPU_RESOURCE, Capacity, MachineShape, NodePoolArgs, Taint
from components.errors import problem
from components.pools import node_labels, node_taints
from components.quantities import cpu, memory

NODE_POOL_API: Final = "karpenter.sh/v1"

EXPIRE_AFTER: Final = "720h"
"""Age at which a node is replaced, so that no machine keeps an old image for ever."""

TERMINATION_GRACE_PERIOD: Final = "24h"
"""How long an expired or drifted node waits for pods that must not be disrupted."""

BUDGETS: Final = (
    {"nodes": "100%", "reasons": ["Empty"]},
    {"nodes": "10%", "reasons": ["Underutilized", "Drifted"]},
)
"""Nodes that may go at one time. A budget without reasons would throttle the removal of empty nodes too."""

CAPACITY_TYPES: Final[Mapping[Capacity, tuple[str, ...]]] = {
    Capacity.ON_DEMAND: ("on-demand",),
    Capacity.SPOT: ("spot",),
    Capacity.SPOT_WITH_FALLBACK: ("spot", "on-demand"),
}
"""Values of ``karpenter.sh/capacity-type``; Karpenter tries spot first where both are allowed."""


def size_problems(args: NodePoolArgs) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the numbers of nodes of the pool; empty where nothing is."""
    least, most = int(args["min_nodes"]), int(args["max_nodes"])
    found = []
    if most < 1:
        found.append(problem("max_nodes", f"got {most}; allowed: at least 1"))
    if not 0 <= least <= most:
        found.append(problem("min_nodes", f"got {least}; allowed: from 0 to max_nodes, {most}"))
    return found


def limits(args: NodePoolArgs, nodes: int) -> dict[str, str]:
    """Return the most that Karpenter may provide: ``nodes`` machines, none larger than the largest shape."""
    shapes: Sequence[MachineShape] = args["shapes"]
    resources = {"nodes": str(nodes)}
    if shapes:
        resources["cpu"] = cpu(nodes * max(shape["cpu"] for shape in shapes))
        resources["memory"] = memory(nodes * max(shape["memory_gib"] for shape in shapes))
    if "gpu" in args:
        resources[GPU_RESOURCE] = str(nodes * int(args["gpu"]["count"]))
    return resources


def requirements(
    args: NodePoolArgs, *, architecture: str, operating_system: str, types: Sequence[str]
) -> list[dict[str, Any]]:
    """Return which machines Karpenter may choose from: those ``types``, bought as the pool says."""
    values = {
        "karpenter.sh/capacity-type": list(CAPACITY_TYPES[args["capacity"]]),
        "kubernetes.io/arch": [architecture],
        "kubernetes.io/os": [operating_system],
        "node.kubernetes.io/instance-type": sorted(set(types)),
    }
    return [{"key": key, "operator": "In", "values": allowed} for key, allowed in values.items()]


def node_pool_spec(
    name: str,
    args: NodePoolArgs,
    *,
    node_class: Mapping[str, str],
    requirements: Sequence[Mapping[str, Any]],
    nodes: int,
    labels: Mapping[str, str] | None = None,
    startup_taints: Sequence[Taint] = (),
) -> dict[str, Any]:
    """Return the specification of the Karpenter NodePool of the pool ``name``.

    ``node_class`` has the keys ``group``, ``kind`` and ``name``; ``nodes`` is the most that Karpenter may provide;
    ``labels`` are those of the nodes beside the pool's; ``startup_taints`` are taken off by what prepares a node.
    """
    template: dict[str, Any] = {
        "nodeClassRef": dict(node_class),
        "requirements": [dict(each) for each in requirements],
        "expireAfter": EXPIRE_AFTER,
        "terminationGracePeriod": TERMINATION_GRACE_PERIOD,
    }
    if taints := node_taints(name, args):
        template["taints"] = [dict(taint) for taint in taints]
    if startup_taints:
        template["startupTaints"] = [
            {"key": taint["key"], "value": taint["value"], "effect": taint["effect"]} for taint in startup_taints
        ]
    return {
        "template": {"metadata": {"labels": {**(labels or {}), **node_labels(name, args)}}, "spec": template},
        "limits": limits(args, nodes),
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": f"{int(args['idle_seconds'])}s",
            "budgets": [{**budget} for budget in BUDGETS],
        },
    }
