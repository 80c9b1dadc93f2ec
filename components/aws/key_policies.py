"""Who may use the environment's KMS keys, and for what: pure functions from the environment to statements.

Every key is administered by the account, that is by whoever its IAM policies allow. Its use is given to the account as
well, but only through the services that hold the key's kind of data: a role that may read a bucket can have its key
used by S3, and cannot decrypt anything by itself. A service that acts on nobody's behalf is named with a condition
that ties it to this account.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.aws.facts import AwsEnvironment
from components.aws.names import arn, global_arn
from components.aws.policies import Statement, allow

ADMINISTRATION: Final = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What keeps a key: none of it encrypts or decrypts."""

CRYPTOGRAPHY: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What a service does with a key for its data."""

ENVELOPE: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""What a sender does with the key of a queue or a topic."""

THROUGH: Final[Mapping[str, Sequence[str]]] = {
    "disks": ("backup", "ec2", "elasticfilesystem"),
    "stores": ("s3",),
    "images": ("ecr",),
    "databases": ("rds",),
    # RDS makes the secret of a master password on behalf of whoever makes the database.
    "secrets": ("rds", "secretsmanager"),
    "logs": ("airflow", "firehose", "s3", "sns", "sqs"),
}
"""Services through which the account uses each key."""

FOR_SERVICES: Final = frozenset({"databases", "disks", "logs"})
"""Keys on which grants are given to any service of AWS that a resource is made in.

Backups, delivery streams and managed Airflow take theirs from whoever makes them, by which name is not documented.
"""

LAUNCHERS: Final = (
    # The role by which groups of EC2 Auto Scaling, and so managed node groups, launch machines with encrypted disks.
    "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    # The roles by which EC2 launches what Karpenter asks of it in one request.
    "ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet",
    "spot.amazonaws.com/AWSServiceRoleForEC2Spot",
)
"""Service-linked roles that launch machines on nobody's behalf."""

ITSELF: Final = ("*",)
"""What a key policy calls the key that it belongs to."""


def key_statements(environment: AwsEnvironment, kind: str, administrators: Sequence[str] = ()) -> list[Statement]:
    """Return the statements of the policy of the key of ``kind``, a field of ``AwsKeysFacts``.

    ``administrators`` are ARNs of roles that administer it whatever their own policies say.
    """
    statements = [allow("AccountAdministers", ADMINISTRATION, ITSELF, principal=_account(environment))]
    if administrators:
        roles = {"AWS": sorted(administrators)}
        statements.append(allow("AdministratorsAdminister", ADMINISTRATION, ITSELF, principal=roles))
    if kind == "cluster":
        return [*statements, *_cluster(environment)]
    statements.extend(_use(environment, kind))
    if kind == "disks":
        statements.extend(_launches(environment))
    if kind == "logs":
        statements.extend(_logs(environment))
    return statements


def _account(environment: AwsEnvironment) -> dict[str, Any]:
    return {"AWS": global_arn(environment["account_id"], "iam", "root")}


def _cluster(environment: AwsEnvironment) -> list[Statement]:
    # EKS takes a grant from whoever creates the cluster, and documents that a condition on it makes that fail.
    return [
        allow(
            "AccountEncryptsKubernetesSecrets",
            ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"),
            ITSELF,
            principal=_account(environment),
        )
    ]


def _use(environment: AwsEnvironment, kind: str) -> list[Statement]:
    services = [f"{service}.{environment['region']}.amazonaws.com" for service in THROUGH[kind]]
    through = {"StringEquals": {"kms:ViaService": services}}
    grants = {"Bool": {"kms:GrantIsForAWSResource": "true"}} if kind in FOR_SERVICES else through
    account = _account(environment)
    return [
        allow("AccountUsesThroughServices", CRYPTOGRAPHY, ITSELF, principal=account, condition=through),
        allow("AccountGrantsToServices", ("kms:CreateGrant",), ITSELF, principal=account, condition=grants),
    ]


def _launches(environment: AwsEnvironment) -> list[Statement]:
    account_id = environment["account_id"]
    # A role that is named as a principal must exist, and in a new account these do not yet: they are named by a
    # condition instead, which nobody else meets.
    launchers: dict[str, dict[str, Any]] = {
        "StringEquals": {"kms:CallerAccount": account_id},
        "ArnEquals": {
            "aws:PrincipalArn": [global_arn(account_id, "iam", f"role/aws-service-role/{role}") for role in LAUNCHERS]
        },
    }
    everybody = {"AWS": "*"}
    return [
        allow("LaunchersUse", CRYPTOGRAPHY, ITSELF, principal=everybody, condition=launchers),
        allow(
            "LaunchersGrantToServices",
            ("kms:CreateGrant",),
            ITSELF,
            principal=everybody,
            condition={**launchers, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _logs(environment: AwsEnvironment) -> list[Statement]:
    name, account_id = environment["name"], environment["account_id"]
    queues = [arn(environment, "sqs", each) for each in (name, f"{name}-*")]
    topics = [arn(environment, "sns", each) for each in (name, f"{name}-*")]
    to_queues = {"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": queues}}
    to_topics = {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}}
    of_account = {"StringEquals": {"aws:SourceAccount": account_id}}
    return [
        allow(
            "LogGroups",
            CRYPTOGRAPHY,
            ITSELF,
            principal={"Service": f"logs.{environment['region']}.amazonaws.com"},
            condition={
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn(environment, "logs", "log-group:*")},
            },
        ),
        allow(
            "DeliveredLogs",
            CRYPTOGRAPHY,
            ITSELF,
            principal={"Service": "delivery.logs.amazonaws.com"},
            condition={**of_account, "ArnLike": {"aws:SourceArn": arn(environment, "logs", "*")}},
        ),
        # Events say neither their account nor their rule when the key is used: what is known is what they are sent to.
        allow(
            "SendersToQueues",
            ENVELOPE,
            ITSELF,
            principal={"Service": ["events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"]},
            condition=to_queues,
        ),
        allow(
            "EventsToTopics",
            ENVELOPE,
            ITSELF,
            principal={"Service": ["events.amazonaws.com", "events.rds.amazonaws.com"]},
            condition=to_topics,
        ),
        allow(
            "AlarmsAndBudgetsToTopics",
            ENVELOPE,
            ITSELF,
            principal={"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]},
            condition={**of_account, **to_topics},
        ),
    ]
