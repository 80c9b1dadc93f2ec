"""The platform as rows of a table: one for each top-level component."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from mlplatform.local.deploy.health import Health, State


@dataclass(frozen=True)
class ComponentRow:
    """One component: how many objects it has, how it fares, and what is to be said about it."""

    component: str
    objects: int
    state: State
    details: tuple[str, ...]


def rows(healths: Iterable[tuple[str, Health]]) -> list[ComponentRow]:
    """Gather the health of objects by component, in order of name; a component is as well as its worst object."""
    by_component: dict[str, list[Health]] = defaultdict(list)
    for component, health in healths:
        by_component[component].append(health)
    return [
        ComponentRow(
            component,
            len(found),
            max((each.state for each in found), key=lambda state: state.severity),
            tuple(f"{each.label}: {each.detail}" for each in sorted(found, key=lambda each: each.label) if each.detail),
        )
        for component, found in sorted(by_component.items())
    ]
