"""The machine types that Karpenter's simulated cloud offers: one for each shape of the environment's node pools."""

from collections.abc import Mapping
from typing import Any, Final

from components.contracts import Gpu, MachineShape
from components.local import machines
from stacks.settings import Settings

_CPU_PRICE: Final = 0.040
_MEMORY_GIB_PRICE: Final = 0.005
_GPU_PRICE: Final = 0.700
_SPOT_FACTOR: Final = 0.3
_CAPACITY_FACTORS: Final[Mapping[str, float]] = {"on-demand": 1.0, "spot": _SPOT_FACTOR}


def instance_types(settings: Settings) -> list[dict[str, Any]]:
    """Return Karpenter's description of every machine type, in order of name.

    Prices are invented, in an unnamed currency per hour: they grow with the size, and spot costs less than on demand.
    """
    types: dict[str, dict[str, Any]] = {}
    disks: dict[str, int] = {}
    for pool in settings.node_pools.values():
        gpu = Gpu(model=pool.gpu.model, count=pool.gpu.count) if pool.gpu else None
        for size in pool.shapes:
            shape = MachineShape(cpu=size.cpu, memory_gib=size.memory_gib)
            name = machines.type_name(shape, gpu)
            # Pools of one shape share the type, whose disk has to be large enough for each of them.
            disks[name] = max(disks.get(name, 0), pool.disk_gib)
            types[name] = _instance_type(name, shape, gpu, disks[name])
    return [types[name] for name in sorted(types)]


def _instance_type(name: str, shape: MachineShape, gpu: Gpu | None, disk_gib: int) -> dict[str, Any]:
    price = (
        shape["cpu"] * _CPU_PRICE + shape["memory_gib"] * _MEMORY_GIB_PRICE + (gpu["count"] if gpu else 0) * _GPU_PRICE
    )
    return {
        "name": name,
        "architecture": machines.ARCHITECTURE,
        "operatingSystems": [machines.OPERATING_SYSTEM],
        "resources": {**machines.capacity(shape, gpu), "ephemeral-storage": f"{disk_gib}Gi"},
        "offerings": [
            _offering(zone, capacity, round(price * factor, 4))
            for zone in machines.ZONES
            for capacity, factor in _CAPACITY_FACTORS.items()
        ],
    }


def _offering(zone: str, capacity: str, price: float) -> dict[str, Any]:
    return {
        "Price": price,
        "Available": True,
        "Requirements": [
            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity]},
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]},
        ],
    }
