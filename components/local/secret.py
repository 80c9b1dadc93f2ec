"""A local secret, as a Pulumi component."""

from typing import TypedDict

import pulumi

from components.contracts import Secret, SecretArgs
from components.opaque_secret import opaque_secret

__all__ = ["LocalSecret", "LocalSecretArgs"]


class LocalSecretArgs(TypedDict):
    """Which secret is wanted."""

    secret_name: str
    """Name of the Kubernetes secret."""
    secret: SecretArgs
    """Its values and who reads them."""


class LocalSecret(pulumi.ComponentResource):
    """A Kubernetes secret whose values come straight from the program.

    There is no secret store outside the cluster to keep them in, and nothing rotates them.
    """

    secret_name: pulumi.Output[str]
    """Name of the Kubernetes secret."""

    def __init__(self, name: str, args: LocalSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalSecret", name, {}, opts)
        secret = args["secret"]
        resource = opaque_secret(
            f"{name}-secret",
            args["secret_name"],
            secret,
            pulumi.ResourceOptions(parent=self, retain_on_delete=secret.get("retain", False)),
        )
        self.secret_name = resource.metadata.apply(lambda metadata: str(metadata.name))
        self.facts = Secret(namespace=secret["namespace"], name=self.secret_name, keys=sorted(secret["values"]))
        self.register_outputs({"secretName": self.secret_name})
