"""Teams: who they are, where they may run and how much."""

from pydantic import Field

from stacks.settings.model import Section
from stacks.settings.values import GroupName, Many, PoolName, RepositoryName, StoreName


class PeopleSettings(Section):
    """Groups of the identity provider, by what their members may do in the team's namespace."""

    admins: Many[GroupName] = ()
    """Groups that may also grant access."""
    members: Many[GroupName] = ()
    """Groups that may run work."""
    viewers: Many[GroupName] = ()
    """Groups that may look but not touch."""


class QuotaSettings(Section):
    """The most that a team's pods may ask for at one time."""

    cpu: int = Field(ge=1, le=1_000_000)
    """Virtual CPUs."""
    memory_gib: int = Field(ge=1, le=10_000_000)
    """Memory, in GiB."""
    gpus: int = Field(default=0, ge=0, le=10_000)
    """GPUs."""
    pods: int = Field(ge=1, le=100_000)
    """Pods."""


class TeamSettings(Section):
    """A team and its namespace."""

    people: PeopleSettings = PeopleSettings()
    """Groups of the identity provider, by what their members may do."""
    pools: Many[PoolName] = Field(min_length=1)
    """Node pools that the team's pods may run on; none of them a system pool."""
    quota: QuotaSettings
    """The most that the team's pods may ask for at one time."""
    repositories: Many[RepositoryName] = ()
    """Image repositories of the team; their paths begin with the team's name."""
    read_stores: Many[StoreName] = ()
    """Object stores that the team's pods may read."""
    write_stores: Many[StoreName] = ()
    """Object stores that the team's pods may read and write."""
