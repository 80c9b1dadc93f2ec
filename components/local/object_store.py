"""A local object store, as a Pulumi component."""

from pathlib import PurePosixPath
from typing import TypedDict

import pulumi

from components.contracts import ObjectStore, ObjectStoreArgs
from components.errors import ArgumentsError, problem

__all__ = ["LocalObjectStore", "LocalObjectStoreArgs"]


class LocalObjectStoreArgs(TypedDict):
    """Which object store is wanted."""

    store_name: str
    """Name of the store in the environment."""
    store: ObjectStoreArgs
    """What is asked of it."""
    data_directory: str
    """Absolute directory that holds one directory per store."""


class LocalObjectStore(pulumi.ComponentResource):
    """A directory in place of a bucket.

    It does not make the directory, because that belongs to whichever program writes there first, and it expires
    nothing: ``retention_days`` is a promise of the cloud's storage service, which a directory has none of.
    """

    url: pulumi.Output[str]
    """Base address, ``file://`` and the directory, without a trailing slash."""

    def __init__(self, name: str, args: LocalObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalObjectStore", name, {}, opts)
        directory = PurePosixPath(args["data_directory"])
        if not directory.is_absolute():
            found = problem("data_directory", f"got {args['data_directory']!r}; allowed: an absolute path")
            raise ArgumentsError(f"object store {args['store_name']}", [found])
        url = f"file://{directory / args['store_name']}"
        self.facts = ObjectStore(name=args["store_name"], url=url)
        self.url = pulumi.Output.from_input(url)
        self.register_outputs({"url": self.url})
