"""How much a team may use: resource quota and limit range, as plain data."""

from typing import Any, Final, TypedDict

from components.contracts import GPU_RESOURCE
from components.quantities import cpu, memory

BURST: Final = 2
"""How many times its request a container's limit may be, so that a node is never promised more than twice over."""

VOLUME_CLAIMS: Final = 50
"""Persistent volume claims of one team."""


class TeamQuota(TypedDict):
    """The most that a team's pods may ask for at one time."""

    cpu: int
    """Virtual CPUs."""
    memory_gib: int
    """Memory, in GiB."""
    gpus: int
    """GPUs."""
    pods: int
    """Pods."""


def resource_quota(quota: TeamQuota) -> dict[str, Any]:
    """Return the specification of the team's ResourceQuota. Services that let in traffic from outside are refused."""
    return {
        "hard": {
            "requests.cpu": cpu(quota["cpu"]),
            "limits.cpu": cpu(BURST * quota["cpu"]),
            "requests.memory": memory(quota["memory_gib"]),
            "limits.memory": memory(BURST * quota["memory_gib"]),
            f"requests.{GPU_RESOURCE}": str(int(quota["gpus"])),
            "pods": str(int(quota["pods"])),
            "persistentvolumeclaims": str(VOLUME_CLAIMS),
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    }


def limit_range() -> dict[str, Any]:
    """Return the specification of the team's LimitRange: what a container gets that asks for nothing, and its burst."""
    return {
        "limits": [
            {
                "type": "Container",
                "defaultRequest": {"cpu": "500m", "memory": "1Gi"},
                "default": {"cpu": "1", "memory": "2Gi"},
                "maxLimitRequestRatio": {"cpu": str(BURST), "memory": str(BURST)},
            }
        ]
    }
