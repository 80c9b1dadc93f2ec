"""Rules of machines: families, sizes and GPUs that the cloud has, for pools and for databases."""

import math
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, Final

from components.aws import database_sizes as rds
from components.aws import machines as aws_machines
from components.contracts import Gpu, MachineShape
from components.gcp import database_sizes as cloud_sql
from components.gcp import machines as gcp_machines
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.pools import NodePoolSettings, ShapeSettings
from stacks.settings.problems import Finding, KeyPath, did_you_mean, got

TABLES: Final[dict[CloudKind, ModuleType]] = {CloudKind.AWS: aws_machines, CloudKind.GCP: gcp_machines}
"""The machines of each cloud; both modules have the same functions."""

FAMILIES: Final = {
    CloudKind.AWS: "a family of x86-64 instance types, such as m7i",
    CloudKind.GCP: "a family of machine types, such as n2-standard",
}
"""What a family is called."""

MOST_GPUS: Final = 16
"""The most GPUs of one machine that a pool may ask for."""


MOST_HINTS: Final = 6
"""The most families of one series that a hint lists."""


def known(draft: Draft) -> Iterator[Finding]:
    """Require machines that the pool's cloud has, with the GPUs that the pool asks for."""
    if draft.lacks("cloud", "nodePools") or draft.settings.cloud not in TABLES:
        return
    for name, pool in draft.settings.node_pools.items():
        yield from _known(("nodePools", name), pool, draft.settings.cloud)


def _known(here: KeyPath, pool: NodePoolSettings, cloud: CloudKind) -> Iterator[Finding]:
    table = TABLES[cloud]
    gpu = None if pool.gpu is None else Gpu(model=pool.gpu.model, count=pool.gpu.count)
    if gpu is not None:
        found = list(_gpus((*here, "gpu"), gpu, cloud))
        if found:
            yield from found
            return
    families = sorted(table.families())
    fitting = families if gpu is None else _families_with(table, gpu)
    for position, family in enumerate(pool.families):
        path = (*here, "families", position)
        if family not in families:
            yield Finding(path, got(family), f"{FAMILIES[cloud]}, that {cloud} has", _nearest(family, families))
        elif family not in fitting and gpu is not None:
            allowed = f"one of the families with {gpu['count']} {gpu['model']} in a machine: {', '.join(fitting)}"
            yield Finding(path, got(family), allowed)
    for position, shape in enumerate(pool.shapes):
        size = MachineShape(cpu=shape.cpu, memory_gib=shape.memory_gib)
        if not table.choose(size, gpu):
            found_here = f"got {_size(shape.cpu, shape.memory_gib)}"
            allowed = f"a size that machines of {cloud} have"
            if gpu is not None:
                allowed += f" with {gpu['count']} {gpu['model']}"
            near = nearest_shape(shape, table.shapes(gpu))
            yield Finding((*here, "shapes", position), found_here, allowed, f"the nearest is {near}")


def _nearest(family: str, families: Sequence[str]) -> str:
    """Return a hint at the nearest family, or at all of the series where only that was written, as in ``n2``."""
    classes = [each for each in families if each.startswith(f"{family}-")]
    of_series = classes or [each for each in families if each.startswith(family)]
    if len(of_series) in range(2, MOST_HINTS + 1):
        return f"did you mean one of {', '.join(of_series)}?"
    return did_you_mean(family, of_series if len(of_series) == 1 else families)


def _gpus(here: KeyPath, gpu: Gpu, cloud: CloudKind) -> Iterator[Finding]:
    table = TABLES[cloud]
    counts = _counts(table, gpu["model"])
    if not counts:
        models = [model for model in table.gpu_models() if _counts(table, model)]
        allowed = f"one of the GPUs of {cloud}: {', '.join(models)}"
        yield Finding((*here, "model"), got(gpu["model"]), allowed, did_you_mean(gpu["model"], models))
    elif gpu["count"] not in counts:
        allowed = f"as many {gpu['model']} as a machine of {cloud} has: {', '.join(map(str, counts))}"
        yield Finding((*here, "count"), got(gpu["count"]), allowed)


def _counts(table: Any, model: str) -> list[int]:  # noqa: ANN401  a module of machines
    """Return how many of the GPUs a machine can have, sorted."""
    every = table.families()
    counts = range(1, MOST_GPUS + 1)
    return [count for count in counts if table.of_families(every, Gpu(model=model, count=count))]


def _families_with(table: Any, gpu: Gpu) -> list[str]:  # noqa: ANN401  a module of machines
    """Return the families that have machines with exactly such GPUs, sorted."""
    machines = table.machines()
    return sorted({machines[name].family for name in table.of_families(table.families(), gpu)})


def nearest_shape(wanted: ShapeSettings, there: Sequence[MachineShape]) -> str:
    """Say which size differs least from the wanted one, by the ratios of CPUs and of memory."""

    def distance(shape: MachineShape) -> float:
        cpu = math.log(shape["cpu"] / wanted.cpu)
        memory = math.log(shape["memory_gib"] / wanted.memory_gib)
        return abs(cpu) + abs(memory)

    near = min(there, key=distance)
    return _size(near["cpu"], near["memory_gib"])


def _size(cpu: int, memory_gib: int) -> str:
    return f"{cpu} CPUs with {memory_gib} GiB"


def databases(draft: Draft) -> Iterator[Finding]:
    """Require sizes of databases that the cloud's service has."""
    if draft.lacks("cloud", "databases"):
        return
    for name, database in draft.settings.databases.items():
        if database.shape is None:
            continue
        path = ("databases", name, "shape")
        size = MachineShape(cpu=database.shape.cpu, memory_gib=database.shape.memory_gib)
        found = f"got {_size(size['cpu'], size['memory_gib'])}"
        if draft.settings.cloud is CloudKind.AWS and rds.database_class(size) is None:
            near = nearest_shape(database.shape, [MachineShape(cpu=cpu, memory_gib=gib) for cpu, gib in rds.CLASSES])
            yield Finding(path, found, "a size that instance classes of RDS have", f"the nearest is {near}")
        elif draft.settings.cloud is CloudKind.GCP and (problem := cloud_sql.shape_problem(size)) is not None:
            yield Finding(path, found, problem.partition("; allowed: ")[2])


RULES: Final = (known, databases)
