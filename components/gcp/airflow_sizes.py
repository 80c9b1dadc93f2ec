"""Sizes of managed Airflow: what its schedulers, web server and workers have, and how many of them there are.

Each process has CPUs in steps of a half and 1 to 8 GB of memory for each, as Cloud Composer 3 wants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi_gcp as gcp

Workloads = gcp.composer.EnvironmentConfigWorkloadsConfigArgsDict

RESILIENT_COUNT: Final = 2
"""How many there have to be of each kind, in two zones, where the environment survives the loss of one."""


@dataclass(frozen=True)
class Machine:
    """What one process has."""

    cpu: float
    """CPUs."""
    memory_gb: float
    """Memory, in GB."""
    storage_gb: int
    """Disk, in GB."""


@dataclass(frozen=True)
class Size:
    """One size of environment."""

    environment_size: str
    """Size of what Google runs for it, its database included."""
    scheduler: Machine
    dag_processor: Machine
    web_server: Machine
    worker: Machine
    schedulers: int
    dag_processors: int


SIZES: Final[Mapping[str, Size]] = {
    "small": Size(
        "ENVIRONMENT_SIZE_SMALL",
        scheduler=Machine(0.5, 2, 1),
        dag_processor=Machine(1, 4, 1),
        web_server=Machine(0.5, 2, 1),
        worker=Machine(0.5, 2, 10),
        schedulers=1,
        dag_processors=1,
    ),
    "medium": Size(
        "ENVIRONMENT_SIZE_MEDIUM",
        scheduler=Machine(1, 4, 1),
        dag_processor=Machine(2, 8, 1),
        web_server=Machine(1, 4, 1),
        worker=Machine(1, 4, 10),
        schedulers=1,
        dag_processors=2,
    ),
    "large": Size(
        "ENVIRONMENT_SIZE_LARGE",
        scheduler=Machine(1, 4, 1),
        dag_processor=Machine(2, 8, 1),
        web_server=Machine(2, 8, 1),
        worker=Machine(1, 4, 10),
        schedulers=2,
        dag_processors=2,
    ),
}
"""Sizes by the names of the settings."""


def workloads(size: Size, *, min_workers: int, max_workers: int, resilient: bool) -> Workloads:
    """Return what the environment's processes have, and how many there are of each."""
    least = RESILIENT_COUNT if resilient else 1
    return {
        "scheduler": {
            "cpu": size.scheduler.cpu,
            "memory_gb": size.scheduler.memory_gb,
            "storage_gb": size.scheduler.storage_gb,
            "count": RESILIENT_COUNT if resilient else size.schedulers,
        },
        "dag_processor": {
            "cpu": size.dag_processor.cpu,
            "memory_gb": size.dag_processor.memory_gb,
            "storage_gb": size.dag_processor.storage_gb,
            "count": max(least, size.dag_processors),
        },
        "triggerer": {"cpu": 0.5, "memory_gb": 1, "count": least},
        "web_server": {
            "cpu": size.web_server.cpu,
            "memory_gb": size.web_server.memory_gb,
            "storage_gb": size.web_server.storage_gb,
        },
        "worker": {
            "cpu": size.worker.cpu,
            "memory_gb": size.worker.memory_gb,
            "storage_gb": size.worker.storage_gb,
            "min_count": max(least, min_workers),
            "max_count": max_workers,
        },
    }
