"""What the storage drivers may do in the account, as statements of policies."""

import pulumi

from components.aws.facts import AwsEnvironment
from components.aws.names import ENVIRONMENT_TAG, PARTITION, arn
from components.aws.policies import Statement, allow

EFS_TAG = "efs.csi.aws.com/cluster"
"""Tag that the driver gives to every access point that it makes."""


def disk_key_statements(environment: AwsEnvironment, key_arn: pulumi.Input[str]) -> list[Statement]:
    """Allow EC2 to encrypt disks with the key for whoever has the policy, and nothing else with it."""
    service = {"kms:ViaService": f"ec2.{environment['region']}.amazonaws.com"}
    return [
        allow(
            "EncryptDisks",
            (
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ),
            [key_arn],
            condition={"StringEquals": service},
        ),
        allow(
            "LetEc2UseTheKey",
            ("kms:CreateGrant",),
            [key_arn],
            condition={"StringEquals": service, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def ebs_statements(environment: AwsEnvironment, key_arn: pulumi.Input[str]) -> list[Statement]:
    """Allow the EBS driver to make, attach and delete volumes and snapshots of the environment, and no others.

    The driver tags what it makes with the environment's name, so it cannot touch what has another tag or none.
    """
    name, region = environment["name"], environment["region"]
    volumes, instances = arn(environment, "ec2", "volume/*"), arn(environment, "ec2", "instance/*")
    # A snapshot's ARN names no account.
    snapshots = f"arn:{PARTITION}:ec2:{region}::snapshot/*"
    asked_for = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": name}}
    ours = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": name}}
    return [
        allow(
            "Describe",
            (
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeSnapshots",
                "ec2:DescribeTags",
                "ec2:DescribeVolumeStatus",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            ),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        allow("MakeVolumes", ("ec2:CreateVolume",), [volumes], condition=asked_for),
        allow("MakeVolumesFromOwnSnapshots", ("ec2:CreateVolume",), [snapshots], condition=ours),
        allow("CopyOwnVolumes", ("ec2:CopyVolumes",), [volumes], condition=ours),
        allow("MakeCopies", ("ec2:CopyVolumes",), [volumes], condition=asked_for),
        allow("MakeSnapshots", ("ec2:CreateSnapshot",), [snapshots], condition=asked_for),
        allow(
            "UseOwnVolumes",
            (
                "ec2:AttachVolume",
                "ec2:CreateSnapshot",
                "ec2:DeleteVolume",
                "ec2:DetachVolume",
                "ec2:ModifyVolume",
            ),
            [volumes],
            condition=ours,
        ),
        allow("UseOwnMachines", ("ec2:AttachVolume", "ec2:DetachVolume"), [instances], condition=ours),
        allow("UseOwnSnapshots", ("ec2:DeleteSnapshot", "ec2:LockSnapshot"), [snapshots], condition=ours),
        allow("FastRestoreOwnSnapshots", ("ec2:EnableFastSnapshotRestores",), [snapshots], condition=ours),
        allow(
            "TagWhatIsMade",
            ("ec2:CreateTags",),
            [snapshots, volumes],
            condition={"StringEquals": {"ec2:CreateAction": ["CopyVolumes", "CreateSnapshot", "CreateVolume"]}},
        ),
        allow("UntagOwn", ("ec2:DeleteTags",), [snapshots, volumes], condition=ours),
        *disk_key_statements(environment, key_arn),
    ]


def efs_controller_statements(environment: AwsEnvironment) -> list[Statement]:
    """Allow the EFS driver's controller to make access points, and to delete those that it made."""
    file_systems = arn(environment, "elasticfilesystem", "file-system/*")
    access_points = arn(environment, "elasticfilesystem", "access-point/*")
    return [
        allow(
            "DescribeZones",
            ("ec2:DescribeAvailabilityZones",),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": environment["region"]}},
        ),
        allow(
            "DescribeFileSystems",
            (
                "elasticfilesystem:DescribeAccessPoints",
                "elasticfilesystem:DescribeFileSystems",
                "elasticfilesystem:DescribeMountTargets",
            ),
            [access_points, file_systems],
        ),
        allow(
            "MakeAccessPoints",
            ("elasticfilesystem:CreateAccessPoint",),
            [file_systems],
            condition={
                "StringEquals": {
                    f"aws:RequestTag/{EFS_TAG}": "true",
                    f"aws:ResourceTag/{ENVIRONMENT_TAG}": environment["name"],
                }
            },
        ),
        allow(
            "TagAccessPoints",
            ("elasticfilesystem:TagResource",),
            [access_points],
            condition={"StringEquals": {"elasticfilesystem:CreateAction": "CreateAccessPoint"}},
        ),
        allow(
            "DeleteOwnAccessPoints",
            ("elasticfilesystem:DeleteAccessPoint",),
            [access_points],
            condition={"StringEquals": {f"aws:ResourceTag/{EFS_TAG}": "true"}},
        ),
    ]


def efs_node_statements(environment: AwsEnvironment) -> list[Statement]:
    """Allow the EFS driver on machines to mount the environment's file systems, over the network's mount targets."""
    file_systems = arn(environment, "elasticfilesystem", "file-system/*")
    return [
        allow(
            "DescribeZones",
            ("ec2:DescribeAvailabilityZones",),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": environment["region"]}},
        ),
        allow("FindMountTargets", ("elasticfilesystem:DescribeMountTargets",), [file_systems]),
        allow(
            "Mount",
            (
                "elasticfilesystem:ClientMount",
                "elasticfilesystem:ClientRootAccess",
                "elasticfilesystem:ClientWrite",
            ),
            [file_systems],
            # A mount is decided by how the file system is reached: its tags are not looked at.
            condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        ),
    ]
