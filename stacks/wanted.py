"""What the settings ask of a cloud, in the words of the contract."""

from components.contracts import DatabaseArgs, MachineShape
from components.workloads.workspace import TeamPeople
from stacks.settings import DatabaseSettings, PeopleSettings, Settings


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
