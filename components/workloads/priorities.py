"""How important each kind of work is when a pool is full."""

from dataclasses import dataclass
from typing import Final

from components.contracts import PoolPurpose


@dataclass(frozen=True)
class Priority:
    """One Kubernetes PriorityClass.

    ``value`` orders pods, higher first; those that users may have are below a billion. ``preempts`` says whether a
    waiting pod may evict pods of lower value.
    """

    name: str
    value: int
    preempts: bool
    description: str


PRIORITIES: Final = (
    Priority("mlplatform-serving", 100_000, preempts=True, description="Answers requests; evicts whatever is lower."),
    Priority("mlplatform-interactive", 50_000, preempts=True, description="Somebody waits for it: notebook servers."),
    Priority("mlplatform-workflows", 20_000, preempts=True, description="Starts other work: workflow servers, steps."),
    Priority("mlplatform-training", 10_000, preempts=False, description="Long batch work; waits for its turn."),
    Priority(
        "mlplatform-scoring", 5_000, preempts=False, description="Short batch work, made of shards; may be evicted."
    ),
)
"""Every class, most important first."""

PRIORITY_OF_PURPOSE: Final = {
    PoolPurpose.SERVING: "mlplatform-serving",
    PoolPurpose.NOTEBOOKS: "mlplatform-interactive",
    PoolPurpose.WORKFLOWS: "mlplatform-workflows",
    PoolPurpose.TRAINING: "mlplatform-training",
    PoolPurpose.SCORING: "mlplatform-scoring",
}
"""Class of the work that a pool is for. System pools are missing: what runs there brings Kubernetes' own classes."""
