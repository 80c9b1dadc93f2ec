"""Which machine types a node pool gets on Google Cloud, and how many nodes of each."""

from collections.abc import Iterable, Mapping
from typing import Final

from pulumi.errors import InputPropertyErrorDetails

from components.contracts import Capacity, NodePoolArgs, PoolPurpose
from components.errors import problem
from components.gcp.machines import Machine, accelerator, choose, families, machines, of_families
from components.gcp.names import node_pool_name
from components.karpenter import size_problems

SERIES_OF_A_SHAPE: Final[Mapping[Capacity, int]] = {
    Capacity.ON_DEMAND: 1,
    Capacity.SPOT: 2,
    Capacity.SPOT_WITH_FALLBACK: 8,
}
"""How many series are tried for one shape. Spot machines of one series may be gone everywhere at once; an on-demand
pool of several would only divide its nodes."""

SYSTEM_CPU: Final = 4
"""Virtual CPUs of the smallest machine of a family that a system pool takes; smaller ones are full of add-ons."""

NODE_POOL_NAME: Final = 40
"""Characters of a GKE node pool's name."""

DEFAULT_CLASS: Final = "default"
"""ComputeClass of pods that select none."""

RESERVED_BEGINNINGS: Final = ("autopilot", "gke")
"""What names of ComputeClasses may not begin with."""

SHORTEST_NAME: Final = 3
"""Characters of the shortest pool name: ComputeClass refuses a taint whose value has two."""


def created_on_demand(pool: NodePoolArgs) -> bool:
    """Tell whether GKE makes the pool's node pools when they are needed, by a ComputeClass, rather than this program.

    It does where one of several kinds of machine is to be taken, whichever there is: spot before on-demand, or the
    sizes of whole families.
    """
    if pool["purpose"] is PoolPurpose.SYSTEM:
        return False
    return pool["capacity"] is Capacity.SPOT_WITH_FALLBACK or bool(pool["families"])


def candidates(pool: NodePoolArgs) -> list[Machine]:
    """Return the machine types that the pool may use: by size, and of one size preferred series first."""
    gpu = pool.get("gpu")
    if not pool["shapes"]:
        return [machines()[name] for name in of_families(pool["families"], gpu)]
    shapes = sorted(pool["shapes"], key=lambda shape: (int(shape["cpu"]), int(shape["memory_gib"])))
    names = [name for shape in shapes for name in choose(shape, gpu)[: SERIES_OF_A_SHAPE[pool["capacity"]]]]
    return [machines()[name] for name in dict.fromkeys(names)]


def explicit(pool: NodePoolArgs) -> list[Machine]:
    """Return the machine types of the pool's own node pools, smallest first: one per node pool."""
    found = candidates(pool)
    if pool["shapes"]:
        return found
    smallest: dict[str, Machine] = {}
    for machine in found:
        if machine.cpu >= SYSTEM_CPU:
            smallest.setdefault(machine.family, machine)
    return list(smallest.values())


def shares(least: int, most: int, count: int) -> list[tuple[int, int]]:
    """Divide a pool's least and most nodes over ``count`` node pools; those that would get none are left out.

    GKE limits each node pool by itself, so that the sum is what holds: the nodes that always run are of the first,
    which has them and at least as many in all as any other.
    """
    first = max(least, -(-most // count))
    rest = most - first
    others = [rest // (count - 1) + (position < rest % (count - 1)) for position in range(count - 1)] if rest else []
    return [(least, first), *((0, each) for each in others if each)]


def most_resources(pools: Mapping[str, NodePoolArgs]) -> dict[str, int]:
    """Return the most that nodes of all pools hold: ``cpu``, ``memory`` in GiB, and GPUs by Google's name of them."""
    total: dict[str, int] = {"cpu": 0, "memory": 0}
    for pool in pools.values():
        nodes, found = int(pool["max_nodes"]), candidates(pool) if created_on_demand(pool) else explicit(pool)
        total["cpu"] += nodes * max((each.cpu for each in found), default=0)
        total["memory"] += nodes * max((-int(-each.memory_gib // 1) for each in found), default=0)
        if "gpu" in pool:
            model = accelerator(pool["gpu"]["model"])
            total[model] = total.get(model, 0) + nodes * int(pool["gpu"]["count"])
    return dict(sorted(total.items()))


def problems(name: str, pool: NodePoolArgs) -> list[InputPropertyErrorDetails]:
    """Return why Google Cloud cannot provide the pool ``name``; empty where it can."""
    found = [*_name_problems(name, pool), *size_problems(pool), *_machine_problems(pool)]
    if pool["purpose"] is PoolPurpose.SYSTEM and pool["capacity"] is not Capacity.ON_DEMAND:
        found.append(
            problem("capacity", f"got {pool['capacity']}; allowed: {Capacity.ON_DEMAND} for the purpose system")
        )
    return found


def _name_problems(name: str, pool: NodePoolArgs) -> Iterable[InputPropertyErrorDetails]:
    if pool["purpose"] is PoolPurpose.SYSTEM:
        return
    if len(name) < SHORTEST_NAME:
        yield problem("pool_name", f"got {name}; allowed: at least {SHORTEST_NAME} characters")
    if name == DEFAULT_CLASS or name.startswith(RESERVED_BEGINNINGS):
        kept = f"{DEFAULT_CLASS}, nor what begins with {' or '.join(RESERVED_BEGINNINGS)}"
        yield problem("pool_name", f"got {name}; allowed: not {kept}")


def _machine_problems(pool: NodePoolArgs) -> Iterable[InputPropertyErrorDetails]:
    gpu = pool.get("gpu")
    if bool(pool["shapes"]) == bool(pool["families"]):
        yield problem("shapes", "allowed: either shapes or families")
        return
    with_gpus = f" with {int(gpu['count'])} {gpu['model']}" if gpu else ""
    for shape in pool["shapes"]:
        if not choose(shape, gpu):
            size = f"{int(shape['cpu'])} CPUs and {int(shape['memory_gib'])} GiB{with_gpus}"
            yield problem("shapes", f"got {size}; allowed: a size that a machine type of Google Cloud has")
    for family in pool["families"]:
        if family not in families():
            yield problem("families", f"got {family}; allowed: a family of Google Cloud, such as n2-standard")
        elif not of_families([family], gpu):
            yield problem("families", f"got {family}; allowed: a family that has machine types{with_gpus}")


def name_problems(name: str, types: Iterable[Machine]) -> Iterable[InputPropertyErrorDetails]:
    """Return which node pools of the pool ``name`` would have names that GKE does not take."""
    for machine in types:
        full = node_pool_name(name, machine.name)
        if len(full) > NODE_POOL_NAME:
            yield problem("pool_name", f"got {name}, which makes {full}; allowed: {NODE_POOL_NAME} characters with it")
