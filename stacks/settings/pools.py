"""Node pools: machines of one kind that scale together."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, Strict

from components.contracts import Capacity, Gpu, MachineShape, NodePoolArgs, PoolPurpose, Taint
from stacks.settings.model import Section, either
from stacks.settings.values import GpuModel, LabelKey, LabelValue, MachineFamily, Many


class TaintEffect(StrEnum):
    """What a taint does to a pod that does not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    """The pod is not placed there."""
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    """The pod is placed there only where nothing else is free."""
    NO_EXECUTE = "NoExecute"
    """The pod is not placed there, and evicted where it already runs."""


class ShapeSettings(Section):
    """One machine size, independent of any cloud's type names."""

    cpu: int = Field(ge=1, le=896)
    """Virtual CPUs of one machine."""
    memory_gib: int = Field(ge=1, le=32768)
    """Memory of one machine, in GiB."""


class GpuSettings(Section):
    """GPUs of one machine."""

    model: GpuModel
    """The accelerator's name, such as nvidia-l4."""
    count: int = Field(ge=1, le=16)
    """GPUs of one machine."""


class TaintSettings(Section):
    """A Kubernetes node taint."""

    key: LabelKey
    """Taint key."""
    value: LabelValue = ""
    """Taint value."""
    effect: Annotated[TaintEffect, Strict(strict=False)]
    """What it does to pods that do not tolerate it."""


class NodePoolSettings(Section):
    """A group of like machines that scales between two sizes."""

    model_config = either("shapes", "families")

    purpose: Annotated[PoolPurpose, Strict(strict=False)]
    """What runs on the pool."""
    shapes: Many[ShapeSettings] = ()
    """Machine sizes to choose from; either these or families."""
    families: Many[MachineFamily] = ()
    """The cloud's machine families to choose from, such as m7i; either these or shapes; not on local."""
    min: int = Field(default=0, ge=0, le=1000)
    """Nodes that always run; 0 scales from zero. A system pool has at least 1."""
    max: int = Field(ge=1, le=1000)
    """The most nodes that ever run."""
    capacity: Annotated[Capacity, Strict(strict=False)] = Capacity.ON_DEMAND
    """How the machines are bought; a system pool is not spot, and on aws and gcp it is on-demand."""
    disk_gib: int = Field(default=100, ge=20, le=16384)
    """Root disk of one machine, in GiB."""
    idle_seconds: int = Field(default=300, ge=0, le=86400)
    """How long a node may stand empty before it is removed."""
    labels: dict[LabelKey, LabelValue] = Field(default={})
    """Labels of the nodes, beside the pool's and the purpose's."""
    taints: Many[TaintSettings] = ()
    """Taints of the nodes, beside the pool's own."""
    gpu: GpuSettings | None = None
    """GPUs of each machine."""

    def arguments(self) -> NodePoolArgs:
        """Return the pool in the words of the contract."""
        args = NodePoolArgs(
            purpose=self.purpose,
            shapes=[MachineShape(cpu=shape.cpu, memory_gib=shape.memory_gib) for shape in self.shapes],
            families=list(self.families),
            min_nodes=self.min,
            max_nodes=self.max,
            capacity=self.capacity,
            disk_gib=self.disk_gib,
            idle_seconds=self.idle_seconds,
            labels=dict(self.labels),
            taints=[Taint(key=taint.key, value=taint.value, effect=taint.effect.value) for taint in self.taints],
        )
        if self.gpu is not None:
            args["gpu"] = Gpu(model=self.gpu.model, count=self.gpu.count)
        return args
