"""Contradictions: what each value allows by itself but the environment as a whole does not."""

from collections.abc import Callable, Iterator
from typing import Final

from stacks.settings.draft import Draft
from stacks.settings.problems import Finding
from stacks.settings.rules import (
    addresses,
    aws,
    clouds,
    foundation,
    gcp,
    gke_pools,
    let_go,
    lists,
    machines,
    maintenance,
    names,
    network,
    operations,
    pools,
    scoring,
    teams,
)

Rule = Callable[[Draft], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    *lists.RULES,
    *foundation.RULES,
    *clouds.RULES,
    *names.RULES,
    *network.RULES,
    *addresses.RULES,
    *aws.RULES,
    *gcp.RULES,
    *operations.RULES,
    *maintenance.RULES,
    *let_go.RULES,
    *pools.RULES,
    *machines.RULES,
    *gke_pools.RULES,
    *teams.RULES,
    *scoring.RULES,
)
"""Every rule. A rule is pure, and stays silent about what it cannot judge."""


def contradictions(draft: Draft) -> Iterator[Finding]:
    """Apply every rule to what of an environment is valid by itself."""
    for rule in RULES:
        yield from rule(draft)
