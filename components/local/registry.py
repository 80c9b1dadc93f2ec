"""Local image repositories, as a Pulumi component."""

from typing import TypedDict

import pulumi

from components.contracts import Registry, RegistryArgs

__all__ = ["LocalRegistry", "LocalRegistryArgs"]


class LocalRegistryArgs(TypedDict):
    """Which image repositories are wanted."""

    platform: str
    """The platform's name, the first part of every repository's path."""
    registry: RegistryArgs
    """The repositories."""


class LocalRegistry(pulumi.ComponentResource):
    """Image references in the form that a registry would give them.

    There is no registry behind them and nothing can be pushed: simulated nodes pull no images.
    """

    prefix: pulumi.Output[str]
    """What precedes a repository's path in an image reference."""

    def __init__(self, name: str, args: LocalRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalRegistry", name, {}, opts)
        prefix = f"registry.local/{args['platform']}"
        self.facts = Registry(prefix=prefix, repositories=list(args["registry"]["repositories"]))
        self.prefix = pulumi.Output.from_input(prefix)
        self.register_outputs({"prefix": self.prefix})
