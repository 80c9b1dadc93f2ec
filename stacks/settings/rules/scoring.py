"""Rules of scoring templates: what would otherwise show only when a job is refused or its pods wait for ever."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from components.contracts import PoolPurpose
from components.workloads.scoring_spec import RESERVED_ENVIRONMENT
from stacks.settings.draft import Draft
from stacks.settings.pools import ShapeSettings
from stacks.settings.problems import Finding, did_you_mean, got
from stacks.settings.rules.lists import one_of, unknown_name
from stacks.settings.scoring import ScoringSettings
from stacks.settings.teams import TeamSettings

PURPOSES: Final = (PoolPurpose.SCORING, PoolPurpose.TRAINING)
"""Purposes of the pools that scoring jobs may use."""

HEADROOM_CPU: Final = 0.5
"""Virtual CPUs of a machine that the operating system, the kubelet and the agents on every node take."""

HEADROOM_MEMORY_GIB: Final = 1.0
"""Memory that they take on a small machine, in GiB."""

HEADROOM_MEMORY_SHARE: Final = 0.1
"""Share of a big machine's memory that they take, where it is more than that."""

HOST_NAME: Final = 63
"""The longest name of a host; a pod of an Indexed Job is named after its job and its index."""

RUN_SUFFIX: Final = 11
"""What a CronJob adds to its name for a job: a hyphen and the minute of the run in ten digits."""

JOB_INDEX: Final = "JOB_COMPLETION_INDEX"
"""Environment variable that Kubernetes sets in the pods of an Indexed Job."""


def references(draft: Draft) -> Iterator[Finding]:
    """Require a team that there is, and a pool and a repository that it has."""
    for name, template in _templates(draft):
        here = ("scoring", name)
        if not draft.lacks("teams"):
            yield from unknown_name((*here, "team"), template.team, draft.names("teams"), "teams")
        if not draft.lacks("nodePools"):
            yield from unknown_name((*here, "pool"), template.pool, draft.names("nodePools"), "pools")
        team = _team(draft, template)
        if team is None:
            continue
        if template.pool not in team.pools and (draft.lacks("nodePools") or template.pool in draft.names("nodePools")):
            yield _not_the_teams((*here, "pool"), template.pool, team.pools, f"pools of team {template.team}")
        if template.repository not in team.repositories:
            what = f"repositories of team {template.team}"
            yield _not_the_teams((*here, "repository"), template.repository, team.repositories, what)


def locations(draft: Draft) -> Iterator[Finding]:
    """Require an input that the team may read and an output that it may write."""
    for name, template in _templates(draft):
        team = _team(draft, template)
        readable = tuple(sorted({*team.read_stores, *team.write_stores})) if team else ()
        writable = team.write_stores if team else ()
        for key, place, stores, verb in (
            ("input", template.input, readable, "read"),
            ("output", template.output, writable, "write"),
        ):
            path = ("scoring", name, key, "store")
            known = None if draft.lacks("stores") else draft.names("stores")
            if known is not None and place.store not in known:
                yield from unknown_name(path, place.store, known, "stores")
            elif team is not None and place.store not in stores:
                yield _not_the_teams(path, place.store, stores, f"stores that team {template.team} may {verb}")


def outputs(draft: Draft) -> Iterator[Finding]:
    """Refuse an output inside the job's own input, or where another template writes."""
    writers: dict[tuple[str, str], str] = {}
    for name, template in _templates(draft):
        output, source = template.output, template.input
        path = ("scoring", name, "output", "prefix")
        inside = PurePosixPath(output.prefix).is_relative_to(PurePosixPath(source.prefix))
        if output.store == source.store and inside:
            yield Finding(path, got(output.prefix), f"a prefix outside the input's ({source.store}/{source.prefix})")
        first = writers.setdefault((output.store, output.prefix), name)
        if first != name:
            yield Finding(path, got(output.prefix), f"a prefix of its own; {first} writes there too")


def image(draft: Draft) -> Iterator[Finding]:
    """Require one name of the image, which always means the same image."""
    for name, template in _templates(draft):
        here = ("scoring", name)
        if template.tag is not None and template.digest is not None:
            yield Finding((*here, "digest"), "got a digest beside a tag", "either tag or digest")
        elif template.tag is None and template.digest is None:
            yield Finding(here, "got neither tag nor digest", "either tag or digest")
        if template.tag == "latest":
            yield Finding((*here, "tag"), got("latest"), "a tag that stays the same image, such as 1.0.0")


def counts(draft: Draft) -> Iterator[Finding]:
    """Refuse more pods at one time, or more failures, than shards."""
    for name, template in _templates(draft):
        for key, value in (("parallelism", template.parallelism), ("maxFailedShards", template.max_failed_shards)):
            if value > template.shards:
                yield Finding(("scoring", name, key), got(value), f"at most shards ({template.shards})")


def job_name(draft: Draft) -> Iterator[Finding]:
    """Refuse a name with which the last shard's host name is too long: Kubernetes would refuse every job."""
    for name, template in _templates(draft):
        index = len(str(template.shards - 1)) + 1
        longest = HOST_NAME - RUN_SUFFIX - index
        if len(name) > longest:
            yield Finding(
                ("scoring", name),
                f"got a name of {len(name)} characters",
                f"at most {longest} with {template.shards} shards, as pods are named <template>-<run>-<shard>",
            )


def pool_purpose(draft: Draft) -> Iterator[Finding]:
    """Require a pool that is meant for jobs."""
    if draft.lacks("nodePools"):
        return
    for name, template in _templates(draft):
        pool = draft.settings.node_pools.get(template.pool)
        if pool is not None and pool.purpose not in PURPOSES:
            allowed = f"pools of purpose {' or '.join(PURPOSES)}"
            yield Finding(("scoring", name, "pool"), f"{got(template.pool)}, of purpose {pool.purpose}", allowed)


def fit(draft: Draft) -> Iterator[Finding]:
    """Require a machine with room for a pod beside what runs on every node; families are not looked into."""
    if draft.lacks("nodePools"):
        return
    for name, template in _templates(draft):
        pool = draft.settings.node_pools.get(template.pool)
        if pool is None or not pool.shapes:
            continue
        rooms = [(usable_cpu(shape), usable_memory_gib(shape)) for shape in pool.shapes]
        if any(template.cpu <= cpu and template.memory_gib <= memory for cpu, memory in rooms):
            continue
        here = ("scoring", name)
        cpu, memory = max(cpu for cpu, _ in rooms), max(memory for _, memory in rooms)
        if template.cpu > cpu:
            kept = f"{HEADROOM_CPU:g} is kept for the node itself"
            allowed = f"at most {cpu:g} on the machines of pool {template.pool}, as {kept}"
            yield Finding((*here, "cpu"), got(_number(template.cpu)), allowed)
        if template.memory_gib > memory:
            kept = f"{HEADROOM_MEMORY_SHARE:.0%} and at least {HEADROOM_MEMORY_GIB:g} is kept for the node itself"
            allowed = f"at most {memory:g} on the machines of pool {template.pool}, as {kept}"
            yield Finding((*here, "memoryGib"), got(_number(template.memory_gib)), allowed)
        if template.cpu <= cpu and template.memory_gib <= memory:
            asked = f"got {template.cpu:g} CPUs with {template.memory_gib:g} GiB"
            offers = ", ".join(f"{cpu:g} with {memory:g}" for cpu, memory in rooms)
            yield Finding(here, asked, f"what fits on one machine of pool {template.pool}: {offers}")


def usable_cpu(shape: ShapeSettings) -> float:
    """Return the virtual CPUs of a machine that pods can ask for."""
    return max(0.0, shape.cpu - HEADROOM_CPU)


def usable_memory_gib(shape: ShapeSettings) -> float:
    """Return the memory of a machine that pods can ask for, in GiB."""
    kept = max(HEADROOM_MEMORY_GIB, shape.memory_gib * HEADROOM_MEMORY_SHARE)
    return round(max(0.0, shape.memory_gib - kept), 3)


def quota(draft: Draft) -> Iterator[Finding]:
    """Refuse more pods at one time than the team's quota has room for."""
    for name, template in _templates(draft):
        team = _team(draft, template)
        if team is None:
            continue
        limits = team.quota
        pool = None if draft.lacks("nodePools") else draft.settings.node_pools.get(template.pool)
        for asked, limit, what in (
            (float(template.parallelism), limits.pods, "pods"),
            (template.parallelism * template.cpu, limits.cpu, "CPUs"),
            (template.parallelism * template.memory_gib, limits.memory_gib, "GiB of memory"),
            (template.parallelism if pool is not None and pool.gpu else 0, limits.gpus, "GPUs, one for each pod"),
        ):
            if round(asked, 3) > limit:
                yield Finding(
                    ("scoring", name, "parallelism"),
                    f"{got(template.parallelism)}, which takes {asked:g} {what}",
                    f"at most {limit}, the quota of team {template.team}",
                )


def variables(draft: Draft) -> Iterator[Finding]:
    """Refuse variables that Kubernetes or the job's template sets."""
    allowed = f"names other than {JOB_INDEX} and {RESERVED_ENVIRONMENT}..., which the job sets itself"
    for name, template in _templates(draft):
        for variable in template.env:
            if variable == JOB_INDEX or variable.startswith(RESERVED_ENVIRONMENT):
                yield Finding(("scoring", name, "env", variable), f"got the reserved name {variable}", allowed)


def _not_the_teams(path: tuple[str, ...], name: str, there: tuple[str, ...], what: str) -> Finding:
    return Finding(path, got(name), one_of(what, there), did_you_mean(name, there))


def _number(value: float) -> float | int:
    """Return a whole number as such, so that it is shown as it was written."""
    return int(value) if value.is_integer() else value


def _templates(draft: Draft) -> Iterator[tuple[str, ScoringSettings]]:
    if not draft.lacks("scoring"):
        yield from draft.settings.scoring.items()


def _team(draft: Draft, template: ScoringSettings) -> TeamSettings | None:
    return None if draft.lacks("teams") else draft.settings.teams.get(template.team)


RULES: Final = (references, locations, outputs, image, counts, job_name, pool_purpose, fit, quota, variables)
