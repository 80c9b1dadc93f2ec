"""Simulated machine types of the local cloud: their names, sizes, zones and labels.

Karpenter reads the types from a file that is made from these facts, and node pools select them by name.
"""

import json
from collections.abc import Mapping
from typing import Final

from components.contracts import GPU_RESOURCE, Gpu, MachineShape
from components.quantities import cpu, memory

ARCHITECTURE: Final = "amd64"
OPERATING_SYSTEM: Final = "linux"
ZONES: Final = ("local-a", "local-b", "local-c")

PODS_PER_MACHINE: Final = 110
"""Pods that one machine takes, Kubernetes' own default."""

SIMULATED_NODE: Final[Mapping[str, str]] = {"kwok.x-k8s.io/node": "fake"}
"""Annotation of a node that KWOK keeps alive."""

CAPACITY_ANNOTATION: Final = "mlplatform/simulated-capacity"
"""Node annotation that holds the node's capacity as a JSON object, for KWOK to copy into its status.

A node's status belongs to its kubelet, so a program cannot declare it beside the node.
"""


def type_name(shape: MachineShape, gpu: Gpu | None = None) -> str:
    """Return the machine type of ``shape``: ``local-16x64``, or ``local-8x32-nvidia-l4-1`` with GPUs."""
    size = f"local-{int(shape['cpu'])}x{int(shape['memory_gib'])}"
    return f"{size}-{gpu['model']}-{int(gpu['count'])}" if gpu else size


def capacity(shape: MachineShape, gpu: Gpu | None = None) -> dict[str, str]:
    """Return what one machine of ``shape`` holds, as Kubernetes quantities by resource."""
    quantities = {
        "cpu": cpu(shape["cpu"]),
        "memory": memory(shape["memory_gib"]),
        "pods": str(PODS_PER_MACHINE),
    }
    return {**quantities, GPU_RESOURCE: str(int(gpu["count"]))} if gpu else quantities


def capacity_annotation(shape: MachineShape, gpu: Gpu | None = None) -> str:
    """Return the value of ``CAPACITY_ANNOTATION`` for one machine of ``shape``."""
    return json.dumps(capacity(shape, gpu), sort_keys=True, separators=(",", ":"))


def machine_labels(shape: MachineShape, gpu: Gpu | None, *, capacity_type: str, zone: str) -> dict[str, str]:
    """Return the labels that a cloud gives one machine."""
    return {
        "karpenter.sh/capacity-type": capacity_type,
        "kubernetes.io/arch": ARCHITECTURE,
        "kubernetes.io/os": OPERATING_SYSTEM,
        "node.kubernetes.io/instance-type": type_name(shape, gpu),
        "topology.kubernetes.io/zone": zone,
    }
