"""Instance types of EC2, from a table whose sources are named in it: what there is, and which ones have a size."""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.contracts import Gpu, MachineShape

ARCHITECTURE: Final = "amd64"
MIB_PER_GIB: Final = 1024

ZONE_LETTERS: Final = "abcdef"
"""Last letters of zones. Which of them a region has differs by account, as AWS shuffles them."""

_TABLE: Final = Path(__file__).with_name("instance_types.json")
_GENERAL: Final = re.compile(r"[cmr]([5-9])[ai]?(-flex)?")
"""Families for general use: compute, general purpose and memory, of the fifth generation on, without extras that cost,
such as local disks or faster networks. Burstable ones are left out: they slow down under load."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One instance type."""

    name: str
    family: str
    cpu: int
    memory_mib: int
    arch: str
    gpu: str | None
    """Name of its GPUs, such as ``l4``; None without."""
    gpus: int
    """Whole GPUs; 0 without, and where an instance has a part of one."""

    @property
    def bare_metal(self) -> bool:
        """Whether it is a whole server, which takes many minutes to start."""
        return ".metal" in self.name


@functools.cache
def _table() -> Mapping[str, Any]:
    return json.loads(_TABLE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@functools.cache
def machines() -> Mapping[str, Machine]:
    """Return every instance type by name, sorted."""
    return {
        name: Machine(
            name=name,
            family=name.partition(".")[0],
            cpu=entry["cpu"],
            memory_mib=entry["memory_mib"],
            arch=entry["arch"],
            gpu=entry.get("gpu"),
            gpus=entry.get("gpus", 0),
        )
        for name, entry in _table()["types"].items()
    }


@functools.cache
def regions() -> tuple[str, ...]:
    """Return the regions, sorted."""
    return tuple(_table()["regions"])


@functools.cache
def families() -> frozenset[str]:
    """Return the families that have types of the architecture that images are built for."""
    return frozenset(each.family for each in machines().values() if each.arch == ARCHITECTURE)


@functools.cache
def gpu_models() -> tuple[str, ...]:
    """Return the GPUs that there are, as an environment file names them, sorted: ``nvidia-l4``."""
    return tuple(sorted({f"nvidia-{each.gpu}" for each in machines().values() if each.gpus}))


def gpu_name(model: str) -> str:
    """Return what EC2 calls the GPU ``model``: ``nvidia-l4`` is ``l4``, ``nvidia-tesla-t4`` is ``t4``."""
    return model.removeprefix("nvidia-").removeprefix("tesla-")


def choose(shape: MachineShape, gpu: Gpu | None = None) -> tuple[str, ...]:
    """Return the types of exactly that size, newest families first; empty where there are none.

    Without GPUs these are the families for general use, or where none of them has the size, every other that has it.
    """
    fitting = [each for each in machines().values() if _usable(each) and _has(each, shape, gpu)]
    general = [each for each in fitting if gpu is not None or _GENERAL.fullmatch(each.family)]
    return tuple(each.name for each in sorted(general or fitting, key=_newest_first))


def of_families(wanted: Iterable[str], gpu: Gpu | None = None) -> tuple[str, ...]:
    """Return the types of those families, smallest first; with ``gpu`` only those that have exactly such GPUs."""
    named = frozenset(wanted)
    fitting = [
        each
        for each in machines().values()
        if each.family in named and _usable(each) and (gpu is None or _has_gpus(each, gpu))
    ]
    return tuple(each.name for each in sorted(fitting, key=lambda each: (each.cpu, each.memory_mib, each.name)))


def shapes(gpu: Gpu | None = None) -> tuple[MachineShape, ...]:
    """Return the sizes that there are for general use, or with such GPUs, smallest first."""
    found = {
        (each.cpu, each.memory_mib // MIB_PER_GIB)
        for each in machines().values()
        if _usable(each)
        and each.memory_mib % MIB_PER_GIB == 0
        and (_has_gpus(each, gpu) if gpu is not None else _GENERAL.fullmatch(each.family))
    }
    return tuple(MachineShape(cpu=cpu, memory_gib=memory) for cpu, memory in sorted(found))


def _usable(machine: Machine) -> bool:
    return machine.arch == ARCHITECTURE and not machine.bare_metal


def _has(machine: Machine, shape: MachineShape, gpu: Gpu | None) -> bool:
    size = (int(shape["cpu"]), int(shape["memory_gib"]) * MIB_PER_GIB)
    if (machine.cpu, machine.memory_mib) != size:
        return False
    return machine.gpu is None if gpu is None else _has_gpus(machine, gpu)


def _has_gpus(machine: Machine, gpu: Gpu) -> bool:
    return machine.gpu == gpu_name(gpu["model"]) and machine.gpus == int(gpu["count"])


def _newest_first(machine: Machine) -> tuple[int, str]:
    digits = re.search(r"\d+", machine.family)
    return -int(digits[0]) if digits else 0, machine.name
