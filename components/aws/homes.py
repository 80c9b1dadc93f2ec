"""Home volumes and disks for pods, as a Pulumi component."""

from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.aws.facts import AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.home_backups import back_up
from components.aws.names import arn, global_arn, homes_name, propagated_tags, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, allow, deny, document
from components.errors import ArgumentsError, problem
from components.keeping import keep
from components.labels import object_labels

__all__ = ["AwsHomes", "AwsHomesArgs", "AwsHomesFacts"]

HOMES: Final = "homes"
"""Name of the storage class of home volumes, and what the environment lets go to give them up."""

DISKS: Final = "fast"
"""Name of the cluster's default storage class: disks of one zone."""

NFS: Final = 2049

USER_ID: Final = 1000
GROUP_ID: Final = 100
"""User and group of the images of Jupyter, ``jovyan`` and ``users``."""

BACKUP_DAYS: Final = 35
LONGEST_BACKUP_DAYS: Final = 36500


class AwsHomesArgs(TypedDict):
    """Where volumes are made."""

    environment: AwsEnvironment
    """Where they are."""
    network: AwsNetworkFacts
    """The network from which they are mounted."""
    keys: AwsKeysFacts
    """The keys; that of disks encrypts them."""
    user_id: NotRequired[int]
    """User that all files of a home volume belong to, whoever writes them; 1000 where it is left out."""
    group_id: NotRequired[int]
    """Group that all files of a home volume belong to; 100 where it is left out."""
    backup_days: NotRequired[int]
    """Days for which each day's backup of the home volumes is kept; 35 where it is left out."""


class AwsHomesFacts(TypedDict):
    """What volumes are made by."""

    file_system_arn: pulumi.Output[str]
    """ARN of the file system: what the storage driver's roles are let into."""
    home_storage_class: pulumi.Output[str]
    """Storage class of home volumes, known once they can be made and mounted in every zone."""
    disk_storage_class: pulumi.Output[str]
    """The cluster's default storage class: a disk that is usable from one zone."""


def file_system_statements(environment: AwsEnvironment, file_system_arn: pulumi.Input[str]) -> list[Statement]:
    """Return who may mount the file system: roles of the account that their policies allow to, encrypted on the way.

    A policy replaces the default, by which whoever reaches a mount target may do everything without a name.
    """
    mount, write = "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"
    return [
        allow(
            "RolesOfAccount",
            (mount, write),
            [file_system_arn],
            principal={"AWS": global_arn(environment["account_id"], "iam", "root")},
            condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        ),
        deny(
            "DenyPlaintext",
            (mount, write, "elasticfilesystem:ClientRootAccess"),
            [file_system_arn],
            principal={"AWS": "*"},
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
    ]


def home_parameters(file_system_id: pulumi.Input[str], user_id: int, group_id: int) -> dict[str, pulumi.Input[str]]:
    """Return the parameters of the storage class of home volumes.

    Each volume is an access point: a directory that its pod sees as the root, and a user that every access is made by.
    One user for all, rather than one of a range each, is what programs expect that look at who owns their files.

    The directory is named after the volume and not after its claim: a volume's name is short, where EFS takes paths of
    100 characters, and no later claim of the same name is given the files of an earlier one.
    """
    return {
        "provisioningMode": "efs-ap",
        "fileSystemId": file_system_id,
        "directoryPerms": "700",
        "uid": str(user_id),
        "gid": str(group_id),
        "basePath": "/homes",
        "subPathPattern": "${.PVC.namespace}/${.PV.name}",
        "ensureUniqueDirectory": "false",
    }


def disk_parameters(environment: AwsEnvironment, key_arn: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """Return the parameters of the storage class of disks; the disks carry the environment's tags."""
    parameters: dict[str, pulumi.Input[str]] = {
        "type": "gp3",
        "csi.storage.k8s.io/fstype": "ext4",
        "encrypted": "true",
        "kmsKeyId": key_arn,
    }
    for number, (key, value) in enumerate(sorted(propagated_tags(environment).items()), start=1):
        parameters[f"tagSpecification_{number}"] = f"{key}={value}"
    return parameters


class AwsHomes(pulumi.ComponentResource):
    """A file system for people's home volumes, which outlive their claims and are there in every zone, and disks.

    Its files are backed up daily into a vault of their own. It makes no storage driver: those of EFS and EBS are
    add-ons of the cluster. The driver's pods on machines mount as a role (service account ``efs-csi-node-sa``), which
    needs ``elasticfilesystem:ClientMount`` and ``ClientWrite`` on the file system.
    """

    file_system_id: pulumi.Output[str]
    """ID of the file system."""
    home_storage_class: pulumi.Output[str]
    """Storage class of home volumes."""
    disk_storage_class: pulumi.Output[str]
    """The cluster's default storage class."""

    def __init__(self, name: str, args: AwsHomesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsHomes", name, {}, opts)
        self._environment = environment = args["environment"]
        backup_days = int(args.get("backup_days", BACKUP_DAYS))
        if not 1 <= backup_days <= LONGEST_BACKUP_DAYS:
            found = problem("backup_days", f"got {backup_days}; allowed: from 1 to {LONGEST_BACKUP_DAYS}")
            raise ArgumentsError(f"homes {name}", [found])
        self._name = name
        self._children = pulumi.ResourceOptions(parent=self)
        file_system_id = self._file_system(args["keys"]["disks"]).id
        file_system_arn = pulumi.Output.concat(arn(environment, "elasticfilesystem", "file-system/"), file_system_id)
        self.file_system_id = self._mountable(file_system_id, file_system_arn, args["network"])
        back_up(
            self,
            name,
            environment,
            thing=HOMES,
            file_system_arn=file_system_arn,
            key_arn=args["keys"]["disks"],
            days=backup_days,
        )
        self.home_storage_class = self._storage_class(
            HOMES,
            provisioner="efs.csi.aws.com",
            parameters=home_parameters(
                self.file_system_id, int(args.get("user_id", USER_ID)), int(args.get("group_id", GROUP_ID))
            ),
            reclaim_policy="Retain",
            volume_binding_mode="Immediate",
            mount_options=["tls", "iam"],
        )
        self.disk_storage_class = self._storage_class(
            DISKS,
            default=True,
            provisioner="ebs.csi.aws.com",
            parameters=disk_parameters(environment, args["keys"]["disks"]),
            reclaim_policy="Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
        )
        self.facts = AwsHomesFacts(
            file_system_arn=file_system_arn,
            home_storage_class=self.home_storage_class,
            disk_storage_class=self.disk_storage_class,
        )
        self.register_outputs(
            {
                "fileSystemId": self.file_system_id,
                "homeStorageClass": self.home_storage_class,
                "diskStorageClass": self.disk_storage_class,
            }
        )

    def _file_system(self, key_arn: pulumi.Input[str]) -> aws.efs.FileSystem:
        physical_name = homes_name(self._environment["name"])
        return aws.efs.FileSystem(
            f"{self._name}-file-system",
            creation_token=physical_name,
            encrypted=True,
            kms_key_id=key_arn,
            performance_mode="generalPurpose",
            throughput_mode="elastic",
            lifecycle_policies=[
                {"transition_to_ia": "AFTER_30_DAYS"},
                {"transition_to_archive": "AFTER_90_DAYS"},
                {"transition_to_primary_storage_class": "AFTER_1_ACCESS"},
            ],
            tags=tags(self._environment, physical_name),
            opts=keep(self, HOMES, self._environment["let_go"]),
        )

    def _mountable(
        self,
        file_system_id: pulumi.Output[str],
        file_system_arn: pulumi.Output[str],
        network: AwsNetworkFacts,
    ) -> pulumi.Output[str]:
        """Let machines mount the file system in every zone; return its ID, known once they can."""
        policy = aws.efs.FileSystemPolicy(
            f"{self._name}-policy",
            file_system_id=file_system_id,
            policy=document(*file_system_statements(self._environment, file_system_arn)),
            opts=self._children,
        )
        group_id = self._security_group(network)
        targets = [
            aws.efs.MountTarget(
                f"{self._name}-{zone}",
                file_system_id=file_system_id,
                subnet_id=subnet,
                security_groups=[group_id],
                opts=self._children,
            ).id
            for zone, subnet in sorted(network["intra_subnets"].items())
        ]
        return ready(file_system_id, policy.id, *targets)

    def _security_group(self, network: AwsNetworkFacts) -> pulumi.Output[str]:
        group_name = homes_name(self._environment["name"])
        group = aws.ec2.SecurityGroup(
            f"{self._name}-security-group",
            name=group_name,
            description="Home volumes",
            vpc_id=network["vpc_id"],
            tags=tags(self._environment, group_name),
            opts=self._children,
        )
        # Pods may share the range of machines, and a rule twice is refused.
        ranges = {network["pod_cidr"]: "pods", network["vpc_cidr"]: "machines"}
        rules = [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-nfs-{who}",
                security_group_id=group.id,
                description=f"NFS from {who}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=NFS,
                to_port=NFS,
                tags=tags(self._environment, f"{group_name}-{who}"),
                opts=self._children,
            ).id
            for cidr, who in ranges.items()
        ]
        return ready(group.id, *rules)

    def _storage_class(
        self,
        name: str,
        *,
        default: bool = False,
        **arguments: Any,  # noqa: ANN401  as kubernetes.storage.v1.StorageClass
    ) -> pulumi.Output[str]:
        storage_class = kubernetes.storage.v1.StorageClass(
            f"{self._name}-{name}",
            metadata={
                "name": name,
                "labels": object_labels(self._environment["labels"], component="storage-class", name=name),
                "annotations": {"storageclass.kubernetes.io/is-default-class": str(default).lower()},
            },
            opts=self._children,
            **arguments,
        )
        return storage_class.metadata.apply(lambda metadata: str(metadata.name))
