"""What the settings ask of a cloud, in the words of the contract."""

from components.contracts import DatabaseArgs, Gpu, MachineShape, NodePoolArgs, Taint
from components.workloads.workspace import TeamPeople
from stacks.settings import DatabaseSettings, NodePoolSettings, PeopleSettings, Settings


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


def database(name: str, settings: DatabaseSettings) -> DatabaseArgs:
    """Return the database that is declared in the settings."""
    args = DatabaseArgs(
        owner=settings.owner or name,
        storage_gib=settings.storage_gib,
        high_availability=settings.high_availability,
        backup_days=settings.backup_days,
    )
    if settings.shape is not None:
        args["shape"] = MachineShape(cpu=settings.shape.cpu, memory_gib=settings.shape.memory_gib)
    return args


def deployed_tags(team: str, settings: Settings) -> dict[str, list[str]]:
    """Return the tags of the team's images that scoring templates run, by repository path, sorted."""
    found: dict[str, set[str]] = {}
    for scoring in settings.scoring.values():
        if scoring.team == team and scoring.tag is not None:
            found.setdefault(f"{team}/{scoring.repository}", set()).add(scoring.tag)
    return {path: sorted(tags) for path, tags in sorted(found.items())}
