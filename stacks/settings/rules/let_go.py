"""Rules of what an environment lets go."""

from collections.abc import Iterator
from typing import Final

from components.contracts import SHARED_IMAGES
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, did_you_mean, got
from stacks.settings.rules.lists import one_of


def let_go(draft: Draft) -> Iterator[Finding]:
    """Require of what is let go that the environment has it: a name that is misspelled would protect nothing less."""
    if draft.lacks("letGo", "cloud") or draft.settings.cloud is CloudKind.LOCAL:
        return
    for position, thing in enumerate(draft.settings.let_go):
        path = ("letGo", position)
        kind, dot, name = thing.partition(".")
        if dot:
            names = _names(draft, kind)
            if names is not None and name not in names:
                allowed = one_of(f"{kind} of the environment", [f"{kind}.{each}" for each in names])
                yield Finding(path, got(thing), allowed, did_you_mean(thing, [f"{kind}.{each}" for each in names]))
        elif (reason := _missing(draft, kind)) is not None:
            yield Finding(path, got(thing), reason)


def _names(draft: Draft, kind: str) -> list[str] | None:
    """Return the names of one kind of protected thing, or ``None`` where they are not known."""
    if kind == "datasets":
        if draft.lacks("gcp"):
            return None
        return sorted(draft.settings.gcp.datasets) if draft.settings.gcp is not None else []
    section = {"databases": "databases", "registries": "teams", "secrets": "databases", "stores": "stores"}[kind]
    if draft.lacks(section):
        return None
    names = draft.names(section)
    if kind == "registries":
        return sorted([*names, SHARED_IMAGES])
    return [f"database-{name}" for name in names] if kind == "secrets" else names


def _missing(draft: Draft, thing: str) -> str | None:
    """Say why the environment has no such thing of its own, or return ``None`` where it may have one."""
    settings = draft.settings
    places = [] if draft.lacks("aws", "gcp") else [settings.aws, settings.gcp]
    if thing == "airflow" and not draft.lacks("services") and not settings.services.managed_airflow.enabled:
        return "what the environment has; services.managedAirflow is not enabled"
    for place in places:
        if place is not None and thing == "network" and place.existing_network is not None:
            return "what the environment has made; the network was there already"
        if place is not None and thing == "cluster" and place.existing_cluster is not None:
            return "what the environment has made; the cluster was there already"
    return None


RULES: Final = (let_go,)
