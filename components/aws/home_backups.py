"""Backups of home volumes."""

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import arn, homes_backup_role_name, homes_name, tags
from components.aws.policies import Statement, allow, trust
from components.aws.roles import service_role
from components.keeping import keep, released

SCHEDULE = "cron(0 3 * * ? *)"
"""Every day at three, UTC."""

START_MINUTES = 60
COMPLETION_MINUTES = 720


def backup_statements(
    environment: AwsEnvironment, file_system_arn: pulumi.Input[str], key_arn: pulumi.Input[str]
) -> list[Statement]:
    """Return what AWS Backup may do: read this one file system, and write to its vault with the key."""
    vault = arn(environment, "backup", f"backup-vault:{homes_name(environment['name'])}")
    services = [f"{service}.{environment['region']}.amazonaws.com" for service in ("backup", "elasticfilesystem")]
    backups = arn(environment, "backup", "recovery-point:*")
    return [
        allow("ReadHomes", ("elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"), [file_system_arn]),
        allow("WriteToVault", ("backup:CopyIntoBackupVault", "backup:DescribeBackupVault"), [vault]),
        allow("TagBackups", ("backup:TagResource",), [backups]),
        allow(
            "FindHomes",
            ("tag:GetResources",),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": environment["region"]}},
        ),
        allow("LookAtKey", ("kms:DescribeKey",), [key_arn]),
        allow(
            "Encrypt",
            ("kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
            [key_arn],
            condition={"StringEquals": {"kms:ViaService": services}},
        ),
        allow(
            "GrantToServices",
            ("kms:CreateGrant",),
            [key_arn],
            condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def back_up(
    parent: pulumi.Resource,
    name: str,
    environment: AwsEnvironment,
    *,
    thing: str,
    file_system_arn: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    days: int,
) -> None:
    """Back the file system up daily into an encrypted vault, and keep each backup for ``days``.

    The vault stays with its backups until the environment lets ``thing`` go. Restoring is for people to do, with a role
    of their own.
    """
    options = pulumi.ResourceOptions(parent=parent)
    physical_name = homes_name(environment["name"])
    vault = aws.backup.Vault(
        f"{name}-vault",
        name=physical_name,
        kms_key_arn=key_arn,
        force_destroy=released(thing, environment["let_go"]),
        tags=tags(environment, physical_name),
        opts=keep(parent, thing, environment["let_go"]),
    )
    plan = aws.backup.Plan(
        f"{name}-backups",
        name=physical_name,
        rules=[
            {
                "rule_name": "daily",
                "target_vault_name": vault.name,
                "schedule": SCHEDULE,
                "start_window": START_MINUTES,
                "completion_window": COMPLETION_MINUTES,
                "lifecycle": {"delete_after": days},
                "recovery_point_tags": tags(environment, physical_name),
            }
        ],
        tags=tags(environment, physical_name),
        opts=options,
    )
    role = service_role(
        f"{name}-backup",
        environment,
        role_name=homes_backup_role_name(environment["name"]),
        description="Backs up home volumes",
        trusted=trust(
            "Backups",
            {"Service": "backup.amazonaws.com"},
            condition={"StringEqualsIfExists": {"aws:SourceAccount": environment["account_id"]}},
        ),
        options=options,
        inline={"back-up": backup_statements(environment, file_system_arn, key_arn)},
    )
    aws.backup.Selection(
        f"{name}-backed-up",
        name=physical_name,
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=[file_system_arn],
        opts=options,
    )
