"""Rules of teams."""

from collections.abc import Iterator
from typing import Final

from components.contracts import SHARED_IMAGES, PoolPurpose
from stacks.settings.draft import Draft
from stacks.settings.problems import Finding, got
from stacks.settings.rules.lists import one_of, unknown_name
from stacks.settings.teams import TeamSettings

SYSTEM_GROUPS: Final = "system:"
"""Beginning of the groups that Kubernetes makes itself, such as ``system:masters``."""


def pools(draft: Draft) -> Iterator[Finding]:
    """Require pools that there are, and not those of the platform's own pods."""
    if draft.lacks("nodePools"):
        return
    usable = [name for name in draft.names("nodePools") if not _is_system(draft, name)]
    for team, settings in _teams(draft):
        for position, pool in enumerate(settings.pools):
            path = ("teams", team, "pools", position)
            if _is_system(draft, pool):
                yield Finding(path, f"{got(pool)}, a system pool", one_of("pools of other purposes", usable))
            else:
                yield from unknown_name(path, pool, usable, "pools")


def _is_system(draft: Draft, name: str) -> bool:
    pool = draft.settings.node_pools.get(name)
    return pool is not None and pool.purpose is PoolPurpose.SYSTEM


def stores(draft: Draft) -> Iterator[Finding]:
    """Require stores that there are."""
    if draft.lacks("stores"):
        return
    for team, settings in _teams(draft):
        for key, names in (("readStores", settings.read_stores), ("writeStores", settings.write_stores)):
            for position, name in enumerate(names):
                yield from unknown_name(("teams", team, key, position), name, draft.names("stores"), "stores")


def groups(draft: Draft) -> Iterator[Finding]:
    """Refuse a group with two roles in a team, and groups that Kubernetes makes itself."""
    for team, settings in _teams(draft):
        people = settings.people
        roles: dict[str, str] = {}
        for role, names in (("admins", people.admins), ("members", people.members), ("viewers", people.viewers)):
            for position, name in enumerate(names):
                path = ("teams", team, "people", role, position)
                if name.startswith(SYSTEM_GROUPS):
                    yield Finding(path, got(name), f"groups that do not begin with {SYSTEM_GROUPS}")
                elif roles.setdefault(name, role) != role:
                    yield Finding(path, f"{got(name)}, which is among {roles[name]} too", "each group in one role")


def reserved_names(draft: Draft) -> Iterator[Finding]:
    """Refuse a team whose image repositories would be among the platform's own."""
    if SHARED_IMAGES in draft.names("teams"):
        path = ("teams", SHARED_IMAGES)
        yield Finding(path, f'got the name "{SHARED_IMAGES}"', "another name, as the platform's own images are there")


def gpu_quota(draft: Draft) -> Iterator[Finding]:
    """Refuse a quota of GPUs that none of the team's pools has."""
    if not draft.complete("nodePools"):
        return
    pools_by_name = draft.settings.node_pools
    for team, settings in _teams(draft):
        known = [pools_by_name[name] for name in settings.pools if name in pools_by_name]
        if settings.quota.gpus and len(known) == len(settings.pools) and not any(pool.gpu for pool in known):
            path = ("teams", team, "quota", "gpus")
            yield Finding(path, got(settings.quota.gpus), "0, as none of the team's pools has GPUs")


def _teams(draft: Draft) -> Iterator[tuple[str, TeamSettings]]:
    if not draft.lacks("teams"):
        yield from draft.settings.teams.items()


RULES: Final = (pools, stores, groups, reserved_names, gpu_quota)
