"""A local PostgreSQL database, as a Pulumi component."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_random as random

from components.contracts import SYSTEM_NAMESPACE, Database, DatabaseArgs

__all__ = ["LocalDatabase", "LocalDatabaseArgs"]

DEFAULT_HOST = f"postgresql.{SYSTEM_NAMESPACE}.svc"
PORT = 5432


class LocalDatabaseArgs(TypedDict):
    """Which database is wanted."""

    database_name: str
    """Name of the database."""
    database: DatabaseArgs
    """What is asked of it."""
    host: NotRequired[str]
    """Host name of the PostgreSQL server; a service of the platform's own namespace where it is left out."""


class LocalDatabase(pulumi.ComponentResource):
    """The address of a PostgreSQL database, and a password that is made once.

    It does not run a server, so the size of the disk is not used. The password is retained when the database leaves
    the program, as the cluster's secret is: whoever takes it out by mistake can still read it there.
    """

    dsn: pulumi.Output[str]
    """``postgresql://user:password@host:port/name``; a secret."""
    password: pulumi.Output[str]
    """The owner's password; a secret."""

    def __init__(self, name: str, args: LocalDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalDatabase", name, {}, opts)
        database, owner = args["database_name"], args["database"]["owner"]
        host = args.get("host", DEFAULT_HOST)
        # Without special characters: the password is part of an address, and of configuration files of other programs.
        password = random.RandomPassword(
            f"{name}-password",
            length=32,
            special=False,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.password = pulumi.Output.secret(password.result)
        self.dsn = pulumi.Output.format("postgresql://{0}:{1}@{2}:{3}/{4}", owner, self.password, host, PORT, database)
        self.facts = Database(name=database, host=host, port=PORT, user=owner, password=self.password, dsn=self.dsn)
        self.register_outputs({"dsn": self.dsn, "password": self.password})
