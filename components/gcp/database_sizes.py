"""Sizes of Cloud SQL for PostgreSQL, Enterprise edition: which machines there are, and what follows from their memory.

CPUs and memory are what cloud.google.com/sql/docs/postgres/instance-settings allows. The connections are a choice of
this project that follows the steps of Cloud SQL's defaults (cloud.google.com/sql/docs/postgres/flags); as the program
sets them, they hold whatever the defaults are.
"""

import math
from typing import Final

from components.contracts import MachineShape

MEGABYTES_PER_GIB: Final = 1024

LARGEST_CPU: Final = 96
LEAST_MEGABYTES: Final = 3840
"""Memory of the smallest machine with a CPU of its own, 3.75 GB."""

LEAST_PER_CPU: Final = 922
MOST_PER_CPU: Final = 6656
"""Memory for each CPU, in MB: 0.9 to 6.5 GB."""

STEP_MEGABYTES: Final = 256

SMALLEST_RECOMMENDED: Final = (1, LEAST_MEGABYTES)
"""CPUs and MB of the smallest machine that is not shared with others; the service level agreement covers no smaller."""

CONNECTIONS: Final = ((120, 1000), (60, 800), (30, 600), (15, 500), (7.5, 400), (6, 200), (3.75, 100))
"""GB of memory, at least, and connections that are allowed then; from large to small."""


def machine(shape: MachineShape | None) -> tuple[int, int]:
    """Return the CPUs and the memory in MB that ``shape`` asks for; the smallest recommended ones without a shape."""
    if shape is None:
        return SMALLEST_RECOMMENDED
    return int(shape["cpu"]), int(shape["memory_gib"]) * MEGABYTES_PER_GIB


def shape_problem(shape: MachineShape) -> str | None:
    """Return why Cloud SQL has no machine of ``shape``, with the nearest that it has, or None."""
    cpu, megabytes = machine(shape)
    nearest_cpu, least, most = _limits(cpu)
    if cpu == nearest_cpu and least <= megabytes <= most:
        return None
    least_gib, most_gib = math.ceil(least / MEGABYTES_PER_GIB), most // MEGABYTES_PER_GIB
    nearest = min(max(int(shape["memory_gib"]), least_gib), most_gib)
    return (
        f"got {cpu} CPUs and {int(shape['memory_gib'])} GiB; allowed: 1 CPU or an even number to {LARGEST_CPU}, "
        f"and for {nearest_cpu} of them {least_gib} to {most_gib} GiB; the nearest is {nearest_cpu} and {nearest} GiB"
    )


def tier(shape: MachineShape | None) -> str:
    """Return the machine type of ``shape``, such as ``db-custom-4-16384``."""
    cpu, megabytes = machine(shape)
    return f"db-custom-{cpu}-{megabytes}"


def max_connections(shape: MachineShape | None) -> int:
    """Return how many connections a machine of ``shape`` takes."""
    _, megabytes = machine(shape)
    return next(count for gigabytes, count in CONNECTIONS if megabytes >= gigabytes * MEGABYTES_PER_GIB)


def _limits(cpu: int) -> tuple[int, int, int]:
    """Return the nearest number of CPUs that there is, and the least and the most MB of memory that go with it."""
    allowed = 1 if cpu <= 1 else min(cpu + cpu % 2, LARGEST_CPU)
    steps = math.ceil(max(LEAST_MEGABYTES, allowed * LEAST_PER_CPU) / STEP_MEGABYTES)
    return allowed, steps * STEP_MEGABYTES, allowed * MOST_PER_CPU
