"""Nothing is ever lost: what holds data is protected and retained until its environment file lets it go."""

from collections.abc import Sequence
from typing import Any

import pulumi


def released(thing: str, let_go: Sequence[str]) -> bool:
    """Tell whether ``thing``, such as ``stores.scores`` or ``cluster``, is among what the environment lets go."""
    return thing in let_go


def keep(
    parent: pulumi.Resource,
    thing: str,
    let_go: Sequence[str],
    **options: Any,  # noqa: ANN401  as pulumi.ResourceOptions
) -> pulumi.ResourceOptions:
    """Return options of a resource that holds data, or without which data cannot be read.

    It is protected, so that the engine refuses to delete or replace it, and retained, so that it stays where the
    protection was taken off by hand. An environment that lists ``thing`` under ``letGo`` gives up both: the change
    after that may delete it.
    """
    kept = not released(thing, let_go)
    return pulumi.ResourceOptions(parent=parent, protect=kept, retain_on_delete=kept, **options)
