"""A secret in Secrets Manager and in the cluster, as a Pulumi component."""

from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import secret_path, tags
from components.aws.outputs import ready
from components.contracts import Secret, SecretArgs
from components.errors import ArgumentsError, problem
from components.keeping import keep, released
from components.opaque_secret import opaque_secret

__all__ = ["AwsSecret", "AwsSecretArgs"]

RECOVERY_DAYS: Final = 30


class AwsSecretArgs(TypedDict):
    """Which secret is wanted."""

    environment: AwsEnvironment
    """Where it is."""
    secret_name: str
    """Name of the Kubernetes secret, and the last part of the name in Secrets Manager."""
    secret: SecretArgs
    """Its values and who reads them."""
    key_arn: pulumi.Input[str]
    """KMS key that encrypts it in Secrets Manager."""


class AwsSecret(pulumi.ComponentResource):
    """Values in Secrets Manager, as one JSON object, and the Kubernetes secret made from them.

    In Secrets Manager its name is ``<environment>/<namespace>/<secret>``. Nothing rotates it: the values are the
    program's, and change when it is deployed.

    A secret that is retained is kept by Secrets Manager for 30 days after it was let go and deleted, and its name with
    it. Until then the same secret can be made again only after ``aws secretsmanager restore-secret --secret-id <name>``
    and ``pulumi import``, or after ``aws secretsmanager delete-secret --secret-id <name>
    --force-delete-without-recovery``, which loses its values.
    """

    secret_name: pulumi.Output[str]
    """Name of the Kubernetes secret."""
    secret_arn: pulumi.Output[str]
    """ARN of the secret in Secrets Manager; known once it has its values."""

    def __init__(self, name: str, args: AwsSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsSecret", name, {}, opts)
        environment, secret, secret_name = args["environment"], args["secret"], args["secret_name"]
        if not secret["values"]:
            found = problem("secret.values", "got none; allowed: at least one, as an empty secret cannot be stored")
            raise ArgumentsError(f"secret {secret_name}", [found])
        thing, retain = f"secrets.{secret_name}", bool(secret.get("retain", False))
        kept = retain and not released(thing, environment["let_go"])
        retained = pulumi.ResourceOptions(parent=self, retain_on_delete=kept)
        values = {key: pulumi.Output.secret(value) for key, value in sorted(secret["values"].items())}
        stored = aws.secretsmanager.Secret(
            f"{name}-store",
            name=pulumi.Output.from_input(secret["namespace"]).apply(
                lambda namespace: secret_path(environment["name"], namespace, secret_name)
            ),
            description=f"Values of the Kubernetes secret {secret_name}",
            kms_key_id=args["key_arn"],
            # What can be made again need not be recovered, and its name is free at once.
            recovery_window_in_days=RECOVERY_DAYS if retain else 0,
            tags=tags(environment, secret_name),
            opts=keep(self, thing, environment["let_go"]) if retain else retained,
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-store-version",
            secret_id=stored.id,
            secret_string=pulumi.Output.json_dumps(values, sort_keys=True),
            # Not protected: new values are a new version, beside which the last one stays for a while.
            opts=retained,
        )
        resource = opaque_secret(f"{name}-secret", secret_name, secret, retained)
        self.secret_name = resource.metadata.apply(lambda metadata: str(metadata.name))
        self.secret_arn = ready(stored.arn, version.id)
        self.facts = Secret(namespace=secret["namespace"], name=self.secret_name, keys=sorted(secret["values"]))
        self.register_outputs({"secretName": self.secret_name, "secretArn": self.secret_arn})
