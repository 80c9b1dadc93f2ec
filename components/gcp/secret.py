"""A secret in Secret Manager and in the cluster, as a Pulumi component."""

import re
from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.contracts import Secret, SecretArgs
from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.names import secret_id
from components.keeping import keep, released
from components.opaque_secret import opaque_secret

__all__ = ["GcpSecret", "GcpSecretArgs", "stored_values"]

SECRET_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""ID of a secret in Secret Manager."""

DESTROY_AFTER: Final = "2592000s"
"""How long a version stays recoverable after somebody destroyed it: 30 days."""


class GcpSecretArgs(TypedDict):
    """Which secret is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    secret_name: str
    """Name of the secret in the environment, and of the Kubernetes secret."""
    secret: SecretArgs
    """Its values and who reads them."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of Secret Manager, whose service agent may use it."""


def stored_values(
    parent: pulumi.Resource,
    name: str,
    environment: GcpEnvironment,
    *,
    identifier: str,
    thing: str,
    key_id: pulumi.Input[str],
    values: pulumi.Input[str],
) -> pulumi.Output[str]:
    """Keep ``values``, JSON text, in the Secret Manager secret ``identifier``; return the secret's resource name.

    The output is known once the values are there. A version whose values were replaced is disabled and not destroyed,
    until the environment lets ``thing`` go. Raises ``ArgumentsError`` where the ID is not one of Secret Manager's.
    """
    if not SECRET_ID.fullmatch(identifier):
        rule = "1 to 255 letters, digits, hyphens and underscores, together with the environment's name"
        raise ArgumentsError(f"secret {name}", [problem("secret_name", f"got {identifier!r}; allowed: {rule}")])
    let_go = released(thing, environment["let_go"])
    secret = gcp.secretmanager.Secret(
        f"{name}-stored-secret",
        secret_id=identifier,
        project=environment["project"],
        replication={
            "user_managed": {
                "replicas": [
                    {
                        "location": environment["region"],
                        "customer_managed_encryption": {"kms_key_name": key_id},
                    }
                ]
            }
        },
        version_destroy_ttl=DESTROY_AFTER,
        labels=environment["resource_labels"],
        deletion_protection=not let_go,
        opts=keep(parent, thing, environment["let_go"]),
    )
    # Not protected: new values replace the version, and protection would refuse that.
    version = gcp.secretmanager.SecretVersion(
        f"{name}-stored-version",
        secret=secret.id,
        secret_data=values,
        deletion_policy="DELETE" if let_go else "DISABLE",
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return pulumi.Output.all(secret.id, version.id).apply(lambda ids: str(ids[0]))


class GcpSecret(pulumi.ComponentResource):
    """A Secret Manager secret, and a Kubernetes secret with the same values for the pods.

    Secret Manager has them as one JSON object, encrypted with the environment's key and in its region only. Nothing
    copies a version that somebody adds there by hand back to the cluster: the program is where values come from.
    """

    secret_name: pulumi.Output[str]
    """Name of the Kubernetes secret."""
    stored: pulumi.Output[str]
    """Resource name of the Secret Manager secret, known once the values are there."""

    def __init__(self, name: str, args: GcpSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpSecret", name, {}, opts)
        environment, secret_name, secret = args["environment"], args["secret_name"], args["secret"]
        values = {key: pulumi.Output.secret(value) for key, value in sorted(secret["values"].items())}
        self.stored = stored_values(
            self,
            name,
            environment,
            identifier=secret_id(environment["name"], secret_name),
            thing=f"secrets.{secret_name}",
            key_id=args["key_id"],
            values=pulumi.Output.json_dumps(values, sort_keys=True),
        )
        resource = opaque_secret(
            f"{name}-secret",
            secret_name,
            secret,
            pulumi.ResourceOptions(parent=self, retain_on_delete=secret.get("retain", False)),
        )
        self.secret_name = resource.metadata.apply(lambda metadata: str(metadata.name))
        self.facts = Secret(namespace=secret["namespace"], name=self.secret_name, keys=sorted(secret["values"]))
        self.register_outputs({"secretName": self.secret_name, "stored": self.stored})
