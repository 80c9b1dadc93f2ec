"""Machine types and zones of Google Cloud, from a dated table whose sources are named in it."""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.contracts import Gpu, MachineShape

_TABLE: Final = Path(__file__).with_name("machine_types.json")

_GENERAL: Final = ("n2", "n2d", "c3", "c3d", "e2")
"""Series for general use that take persistent disks, in order of preference; others are chosen by family only."""

_HYPERDISK_ONLY: Final = ("n4", "c4")
"""Series that take no persistent disks."""

_GPU_NAMES: Final[Mapping[str, str]] = {
    "nvidia-a100": "nvidia-tesla-a100",
    "nvidia-h100": "nvidia-h100-80gb",
}
"""Accelerators whose name in an environment file, which is the same on every cloud, is not Google's."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One predefined machine type."""

    name: str
    family: str
    """Series and class, such as ``n2-standard``."""
    cpu: int
    memory_gib: float
    gpu: str | None
    """Google's name of its GPUs, such as ``nvidia-l4``; None without."""
    gpus: int
    """GPUs; 0 without."""

    @property
    def series(self) -> str:
        """The series, such as ``n2``."""
        return self.name.partition("-")[0]

    @property
    def disk_type(self) -> str:
        """The balanced kind of boot disk that it takes."""
        return "hyperdisk-balanced" if self.series in _HYPERDISK_ONLY else "pd-balanced"


@functools.cache
def _table() -> Mapping[str, Any]:
    return json.loads(_TABLE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@functools.cache
def machines() -> Mapping[str, Machine]:
    """Return every machine type by name, sorted."""
    return {
        name: Machine(
            name=name,
            family=name.rpartition("-")[0],
            cpu=entry["cpu"],
            memory_gib=entry["memory_gib"],
            gpu=entry.get("gpu"),
            gpus=entry.get("gpus", 0),
        )
        for name, entry in _table()["types"].items()
    }


@functools.cache
def zones() -> Mapping[str, tuple[str, ...]]:
    """Return the zones of each region, both sorted: ``europe-west1`` has ``europe-west1-b`` and others."""
    return {
        region: tuple(f"{region}-{letter}" for letter in letters)
        for region, letters in sorted(_table()["zones"].items())
    }


@functools.cache
def families() -> frozenset[str]:
    """Return the families, such as ``n2-standard``."""
    return frozenset(each.family for each in machines().values())


@functools.cache
def gpu_models() -> tuple[str, ...]:
    """Return the accelerators that there are, as an environment file names them, sorted."""
    spelled = {google: name for name, google in _GPU_NAMES.items()}
    return tuple(sorted({spelled.get(each.gpu, each.gpu) for each in machines().values() if each.gpu}))


def accelerator(model: str) -> str:
    """Return Google's name of the accelerator ``model``: ``nvidia-a100`` is ``nvidia-tesla-a100``."""
    return _GPU_NAMES.get(model, model)


def choose(shape: MachineShape, gpu: Gpu | None = None) -> tuple[str, ...]:
    """Return the types of exactly that size, preferred ones first; empty where there are none."""
    fitting = [each for each in machines().values() if _has(each, shape, gpu)]
    if gpu is not None:
        return tuple(each.name for each in fitting)
    general = sorted(
        (each for each in fitting if each.series in _GENERAL), key=lambda each: _GENERAL.index(each.series)
    )
    return tuple(each.name for each in general or fitting)


def of_families(wanted: Iterable[str], gpu: Gpu | None = None) -> tuple[str, ...]:
    """Return the types of those families, smallest first; with ``gpu`` only those that have exactly such GPUs."""
    named = frozenset(wanted)
    fitting = [each for each in machines().values() if each.family in named and (gpu is None or _has_gpus(each, gpu))]
    return tuple(each.name for each in sorted(fitting, key=lambda each: (each.cpu, each.memory_gib, each.name)))


def shapes(gpu: Gpu | None = None) -> tuple[MachineShape, ...]:
    """Return the sizes in whole GiB that there are for general use, or with such GPUs, smallest first."""
    found = {
        (each.cpu, int(each.memory_gib))
        for each in machines().values()
        if each.memory_gib == int(each.memory_gib)
        and (_has_gpus(each, gpu) if gpu is not None else each.gpu is None and each.series in _GENERAL)
    }
    return tuple(MachineShape(cpu=cpu, memory_gib=memory) for cpu, memory in sorted(found))


def _has(machine: Machine, shape: MachineShape, gpu: Gpu | None) -> bool:
    if (machine.cpu, machine.memory_gib) != (int(shape["cpu"]), int(shape["memory_gib"])):
        return False
    return machine.gpu is None if gpu is None else _has_gpus(machine, gpu)


def _has_gpus(machine: Machine, gpu: Gpu) -> bool:
    return machine.gpu == accelerator(gpu["model"]) and machine.gpus == int(gpu["count"])
