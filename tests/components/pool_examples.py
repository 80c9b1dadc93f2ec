"""Node pools that tests of several modules use."""

from typing import Any, cast

from components.contracts import Capacity, NodePoolArgs, PoolPurpose


def pool_args(**changes: object) -> NodePoolArgs:
    args: dict[str, Any] = {
        "purpose": PoolPurpose.SCORING,
        "shapes": [{"cpu": 32, "memory_gib": 128}, {"cpu": 16, "memory_gib": 64}],
        "families": [],
        "min_nodes": 0,
        "max_nodes": 20,
        "capacity": Capacity.SPOT_WITH_FALLBACK,
        "disk_gib": 100,
        "idle_seconds": 5,
        "labels": {"team-tier": "gold"},
        "taints": [],
        **changes,
    }
    return cast("NodePoolArgs", args)
