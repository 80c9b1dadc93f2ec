"""What follows from a node pool's declaration on every cloud: its labels, its taints, and how pods select it."""

from typing import Any

from components.contracts import (
    POOL_LABEL,
    PURPOSE_LABEL,
    NodePool,
    NodePoolArgs,
    PoolPurpose,
    Taint,
    Toleration,
)


def node_labels(name: str, args: NodePoolArgs) -> dict[str, str]:
    """Return the labels of the nodes of the pool ``name``."""
    return {**args["labels"], POOL_LABEL: name, PURPOSE_LABEL: args["purpose"].value}


def node_taints(name: str, args: NodePoolArgs) -> list[Taint]:
    """Return the taints of the nodes of the pool ``name``: the pool's own, which system pools lack, and those given."""
    own = [] if args["purpose"] is PoolPurpose.SYSTEM else [Taint(key=POOL_LABEL, value=name, effect="NoSchedule")]
    return [*own, *(Taint(key=taint["key"], value=taint["value"], effect=taint["effect"]) for taint in args["taints"])]


def pool_facts(name: str, args: NodePoolArgs) -> NodePool:
    """Return what workloads need to know of the pool ``name``."""
    return NodePool(
        name=name,
        purpose=args["purpose"],
        node_selector={POOL_LABEL: name},
        tolerations=[
            Toleration(key=taint["key"], value=taint["value"], effect=taint["effect"])
            for taint in node_taints(name, args)
        ],
        max_nodes=int(args["max_nodes"]),
        gpus_per_node=int(args["gpu"]["count"]) if "gpu" in args else 0,
    )


def placement(pool: NodePool) -> dict[str, Any]:
    """Return the fields of a pod's specification that place it on ``pool``."""
    return {
        "nodeSelector": dict(pool["node_selector"]),
        "tolerations": [
            {
                "key": toleration["key"],
                "operator": "Equal",
                "value": toleration["value"],
                "effect": toleration["effect"],
            }
            for toleration in pool["tolerations"]
        ],
    }
