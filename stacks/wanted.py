"""What the settings ask of a cloud, in the words of the contract."""

from components.contracts import Gpu, MachineShape, NodePoolArgs, Taint
from components.workloads.workspace import TeamPeople
from stacks.settings import NodePoolSettings, PeopleSettings


def node_pool(settings: NodePoolSettings) -> NodePoolArgs:
    """Return the pool that is declared in the settings."""
    args = NodePoolArgs(
        purpose=settings.purpose,
        shapes=[MachineShape(cpu=shape.cpu, memory_gib=shape.memory_gib) for shape in settings.shapes],
        families=list(settings.families),
        min_nodes=settings.min,
        max_nodes=settings.max,
        capacity=settings.capacity,
        disk_gib=settings.disk_gib,
        idle_seconds=settings.idle_seconds,
        labels=dict(settings.labels),
        taints=[Taint(key=taint.key, value=taint.value, effect=taint.effect.value) for taint in settings.taints],
    )
    if settings.gpu is not None:
        args["gpu"] = Gpu(model=settings.gpu.model, count=settings.gpu.count)
    return args


def people(settings: PeopleSettings) -> TeamPeople:
    """Return the groups that are declared in the settings."""
    return TeamPeople(admins=settings.admins, members=settings.members, viewers=settings.viewers)
