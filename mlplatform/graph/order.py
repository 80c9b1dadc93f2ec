"""The canonical order of resources."""

import heapq
from collections import defaultdict
from collections.abc import Sequence

from mlplatform.graph.model import Resource


def canonical(registered: Sequence[Resource]) -> tuple[Resource, ...]:
    """Sort topologically by parent, provider and dependencies, by URN among those that are ready at the same time.

    ``registered`` is in order of registration; only URNs that were registered before their dependent count, which the
    SDK guarantees for real ones, so that there is no cycle.
    """
    position = {resource.urn: index for index, resource in enumerate(registered)}
    dependents: defaultdict[str, list[str]] = defaultdict(list)
    waiting: dict[str, int] = {}
    for index, resource in enumerate(registered):
        before = {resource.parent, resource.provider, *resource.dependencies}
        known = [urn for urn in before if urn is not None and position.get(urn, index) < index]
        waiting[resource.urn] = len(known)
        for urn in known:
            dependents[urn].append(resource.urn)
    ready = [urn for urn, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[Resource] = []
    while ready:
        urn = heapq.heappop(ready)
        order.append(registered[position[urn]])
        for dependent in dependents[urn]:
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                heapq.heappush(ready, dependent)
    return tuple(order)
