"""The environment's KMS keys, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment, AwsKeysFacts
from components.aws.key_policies import key_statements
from components.aws.names import key_alias, tags
from components.aws.policies import document
from components.keeping import keep

__all__ = ["AwsKeys", "AwsKeysArgs"]

DELETION_WINDOW_DAYS: Final = 30
"""Days for which the deletion of a key can be taken back: the most that KMS allows."""

PURPOSES: Final[Mapping[str, str]] = {
    "cluster": "Kubernetes secrets in etcd",
    "disks": "Disks of machines and volumes of pods",
    "stores": "Buckets",
    "images": "Image repositories",
    "databases": "Databases, their backups and their performance data",
    "secrets": "Secrets Manager",
    "logs": "Log groups, queues, topics and delivery streams",
}
"""What each key is for."""


class AwsKeysArgs(TypedDict):
    """Whose keys are wanted."""

    environment: AwsEnvironment
    """Where they are."""
    administrators: NotRequired[Sequence[str]]
    """ARNs of roles that administer the keys whatever their own policies say; they must exist."""


class AwsKeys(pulumi.ComponentResource):
    """One symmetric key per kind of data, so that a grant on one opens no other; each has an alias and is rotated.

    Whoever uses one needs a policy of their own that allows it, and comes to it through the service that holds the
    data. A key that a service finds by itself, such as the one of the state of Pulumi, is not made here.
    """

    aliases: pulumi.Output[Mapping[str, str]]
    """Alias of each key, by its kind."""
    arns: pulumi.Output[Mapping[str, str]]
    """ARN of each key, by its kind."""

    def __init__(self, name: str, args: AwsKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsKeys", name, {}, opts)
        environment = args["environment"]
        aliases: dict[str, pulumi.Output[str]] = {}
        arns: dict[str, pulumi.Output[str]] = {}
        for kind, description in PURPOSES.items():
            alias = key_alias(environment["name"], kind)
            key = aws.kms.Key(
                f"{name}-{kind}",
                description=f"{environment['name']}: {description}",
                deletion_window_in_days=DELETION_WINDOW_DAYS,
                enable_key_rotation=True,
                policy=document(*key_statements(environment, kind, args.get("administrators", ()))),
                tags=tags(environment, alias.removeprefix("alias/")),
                opts=keep(self, "keys", environment["let_go"]),
            )
            aliases[kind] = aws.kms.Alias(
                f"{name}-{kind}-alias",
                name=alias,
                target_key_id=key.key_id,
                opts=pulumi.ResourceOptions(parent=self),
            ).name
            arns[kind] = key.arn
        self.facts = AwsKeysFacts(
            cluster=arns["cluster"],
            disks=arns["disks"],
            stores=arns["stores"],
            images=arns["images"],
            databases=arns["databases"],
            secrets=arns["secrets"],
            logs=arns["logs"],
        )
        self.aliases = pulumi.Output.all(**aliases)
        self.arns = pulumi.Output.all(**arns)
        self.register_outputs({"aliases": self.aliases, "arns": self.arns})
