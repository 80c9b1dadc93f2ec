"""Rules of node pools."""

from collections.abc import Iterator
from typing import Final

from components.contracts import GPU_RESOURCE, Capacity, PoolPurpose
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.pools import NodePoolSettings, TaintEffect
from stacks.settings.problems import Finding, got

RESERVED_DOMAINS: Final = ("k8s.io", "karpenter.sh", "kubernetes.io", "mlplatform")
"""Prefixes of label and taint keys, with everything below them, that Kubernetes and the platform set themselves."""

UNRESERVED: Final = f"keys whose prefix is not in or below {', '.join(RESERVED_DOMAINS)}"


def sizes(draft: Draft) -> Iterator[Finding]:
    """Refuse a pool that would always run more nodes than it may."""
    for name, pool in _pools(draft):
        if pool.min > pool.max:
            yield Finding(("nodePools", name, "min"), got(pool.min), f"at most max ({pool.max})")


def machines(draft: Draft) -> Iterator[Finding]:
    """Require one way of naming a pool's machines, and locally their shapes."""
    for name, pool in _pools(draft):
        here = ("nodePools", name)
        if pool.shapes and pool.families:
            yield Finding((*here, "families"), "got families beside shapes", "either shapes or families")
        elif not pool.shapes and not pool.families:
            yield Finding(here, "got neither shapes nor families", "either shapes or families")
        if pool.families and not draft.lacks("cloud") and draft.settings.cloud is CloudKind.LOCAL:
            yield Finding((*here, "families"), got(pool.families), "shapes, as there are no machine families on local")


def system_pools(draft: Draft) -> Iterator[Finding]:
    """Require a node for the platform's own pods that is always there and not taken away."""
    system = [(name, pool) for name, pool in _pools(draft) if pool.purpose is PoolPurpose.SYSTEM]
    if not system and draft.complete("nodePools"):
        yield Finding(("nodePools",), "got no pool of purpose system", "at least one, for the platform's own pods")
    for name, pool in system:
        here = ("nodePools", name)
        if pool.min == 0:
            found = got(0) if "min" in pool.model_fields_set else "missing"
            yield Finding((*here, "min"), found, "at least 1 in a system pool, which does not scale from zero")
        if pool.capacity not in _steady(draft):
            allowed = f"{' or '.join(_steady(draft))} in a system pool"
            yield Finding((*here, "capacity"), got(pool.capacity), allowed)
        if pool.gpu is not None:
            yield Finding((*here, "gpu"), "got GPUs", "none in a system pool, whose pods do not use them")
        for position, taint in enumerate(pool.taints):
            if taint.effect is not TaintEffect.PREFER_NO_SCHEDULE:
                allowed = f"{TaintEffect.PREFER_NO_SCHEDULE} in a system pool, whose pods tolerate nothing else"
                yield Finding((*here, "taints", position, "effect"), got(taint.effect), allowed)


def _steady(draft: Draft) -> tuple[Capacity, ...]:
    """Return how the machines of a system pool may be bought."""
    if draft.lacks("cloud") or draft.settings.cloud is CloudKind.LOCAL:
        return (Capacity.ON_DEMAND, Capacity.SPOT_WITH_FALLBACK)
    return (Capacity.ON_DEMAND,)


def reserved_keys(draft: Draft) -> Iterator[Finding]:
    """Refuse labels and taints that Kubernetes, Karpenter or the platform set themselves."""
    for name, pool in _pools(draft):
        for key in pool.labels:
            if _reserved(key):
                yield Finding(("nodePools", name, "labels", key), f"got the reserved key {key}", UNRESERVED)
        for position, taint in enumerate(pool.taints):
            if _reserved(taint.key):
                path = ("nodePools", name, "taints", position, "key")
                yield Finding(path, f"got the reserved key {taint.key}", UNRESERVED)


def _reserved(key: str) -> bool:
    prefix, slash, _ = key.rpartition("/")
    return bool(slash) and any(prefix == domain or prefix.endswith(f".{domain}") for domain in RESERVED_DOMAINS)


def taints(draft: Draft) -> Iterator[Finding]:
    """Refuse a taint's key and effect a second time, and the GPU taint where there are no GPUs."""
    for name, pool in _pools(draft):
        seen: set[tuple[str, TaintEffect]] = set()
        for position, taint in enumerate(pool.taints):
            here = ("nodePools", name, "taints", position)
            if (taint.key, taint.effect) in seen and taint not in pool.taints[:position]:
                yield Finding(
                    here, f"got the taint {taint.key}:{taint.effect} a second time", "each key and effect once"
                )
            seen.add((taint.key, taint.effect))
            if taint.key == GPU_RESOURCE and pool.gpu is None:
                yield Finding((*here, "key"), got(taint.key), "this key only in a pool with gpu")


def _pools(draft: Draft) -> Iterator[tuple[str, NodePoolSettings]]:
    if not draft.lacks("nodePools"):
        yield from draft.settings.node_pools.items()


RULES: Final = (sizes, machines, system_pools, reserved_keys, taints)
