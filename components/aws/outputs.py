"""Outputs that wait for more than the resource they come from."""

from typing import Any

import pulumi


def ready(value: pulumi.Input[str], *after: pulumi.Input[Any]) -> pulumi.Output[str]:
    """Return ``value``, known once all of ``after`` are: what takes it is made after those and deleted before them."""
    return pulumi.Output.all(value, *after).apply(lambda values: str(values[0]))
