"""The machine that a benchmark ran on."""

import importlib.metadata
import os
import platform
from collections.abc import Iterable

import psutil

MEBIBYTE = 1 << 20


def machine(packages: Iterable[str]) -> dict[str, object]:
    """Return what figures have to be read with: the machine, how busy it was, and versions."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "memory_mib": psutil.virtual_memory().total // MEBIBYTE,
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }
