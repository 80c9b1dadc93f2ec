"""Rules of the environment's name, its tags, its version of Kubernetes and its databases."""

import re
from collections.abc import Iterator
from typing import Final

from components import versions
from components.postgres_names import RESERVED_DATABASES, reserved_roles, role_is_reserved
from stacks.settings.draft import Draft
from stacks.settings.environment import REQUIRED_TAGS
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, got, nearest

ENVIRONMENT_NAME: Final = re.compile("[a-z]([a-z0-9-]{0,28}[a-z0-9])?")
"""What an environment may be named, so that every cloud accepts it as a part of a name."""


def environment_name(draft: Draft) -> Iterator[Finding]:
    """Refuse a name of the environment that cannot be a part of names everywhere."""
    if not ENVIRONMENT_NAME.fullmatch(draft.environment):
        yield Finding(
            (),
            f"got the environment name {draft.environment}",
            "lower-case letters, digits and hyphens, beginning with a letter, ending with a letter or digit, "
            "at most 30 characters",
        )


def required_tags(draft: Draft) -> Iterator[Finding]:
    """Require the tags that say who owns the environment and who pays for it."""
    if draft.lacks("tags"):
        return
    tags = draft.settings.tags
    for key in REQUIRED_TAGS:
        if key not in tags:
            near = nearest(key, [tag for tag in tags if tag not in REQUIRED_TAGS])
            hint = f'is "{near}" meant to be it?' if near else ""
            yield Finding(("tags", key), "missing", "a tag value; every environment carries it", hint)


def kubernetes_version(draft: Draft) -> Iterator[Finding]:
    """Require, locally, the version whose programs are run."""
    if draft.lacks("cluster", "cloud") or draft.settings.cloud is not CloudKind.LOCAL:
        return
    version = draft.settings.cluster.kubernetes_version
    local = versions.KUBERNETES.removeprefix("v").rpartition(".")[0]
    if version != local:
        yield Finding(("cluster", "kubernetesVersion"), got(version), f"{local} on local, the version that it runs")


def reserved_databases(draft: Draft) -> Iterator[Finding]:
    """Refuse databases and owners whose names PostgreSQL or a managed service keeps for itself."""
    if draft.lacks("databases"):
        return
    for name in draft.names("databases"):
        if name in RESERVED_DATABASES:
            allowed = f"a name that PostgreSQL does not reserve ({', '.join(RESERVED_DATABASES)})"
            yield Finding(("databases", name), f"got the name {name}", allowed)
    allowed = f"a role that PostgreSQL does not reserve ({reserved_roles()})"
    for name, database in draft.settings.databases.items():
        owner = name if database.owner is None else database.owner
        if not role_is_reserved(owner):
            continue
        if database.owner is not None:
            yield Finding(("databases", name, "owner"), got(owner), allowed)
        elif name not in RESERVED_DATABASES:
            yield Finding(("databases", name), f"got the name {name}, which its owner has too", allowed)


RULES: Final = (
    environment_name,
    required_tags,
    kubernetes_version,
    reserved_databases,
)
