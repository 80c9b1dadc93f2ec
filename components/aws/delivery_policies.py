"""What the role that deploys from CI may change, as policy documents: one per group of services.

CI changes an environment that people made first. It makes no network, cluster, key or file system, and no roles but
bounded ones of pods; it deletes nothing that holds data; and it cannot change what it may do itself.
"""

from collections.abc import Mapping
from typing import Any, Final

from components.aws.delivery_reads import in_region, of, read_policies
from components.aws.delivery_services import service_statements
from components.aws.facts import AwsEnvironment
from components.aws.names import (
    ENVIRONMENT_TAG,
    PARTITION,
    arn,
    boundary_arn,
    bucket_arn,
    bucket_name,
    cluster_arn,
    global_arn,
    state_bucket_name,
    state_key_alias,
    workload_role_name,
)
from components.aws.policies import Statement, allow, deny

PASSED_TO: Final = (
    "airflow-env.amazonaws.com",
    "airflow.amazonaws.com",
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "ecr.amazonaws.com",
    "eks-fargate-pods.amazonaws.com",
    "eks.amazonaws.com",
    "firehose.amazonaws.com",
    "logs.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
)
"""Services to which roles of the environment may be handed."""

NEW_NETWORK_PARTS: Final = (
    "elastic-ip",
    "launch-template",
    "natgateway",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc-endpoint",
    "vpc-flow-log",
)


def deploy_policies(environment: AwsEnvironment, cluster_name: str) -> dict[str, list[Statement]]:
    """Return the statements of the deploy role's policies by the policies' names in the environment."""
    return {
        **read_policies(environment, cluster_name),
        "state": state_statements(environment, write=True),
        "change-network": _network(environment, cluster_name),
        "change-cluster": [*_cluster(environment, cluster_name), *_roles(environment)],
        "change-data": [*_keys(environment), *_buckets(environment), *_databases(environment)],
        "change-services": service_statements(environment),
    }


def preview_policies(environment: AwsEnvironment, cluster_name: str) -> dict[str, list[Statement]]:
    """Return the statements of the preview role's policies: they read how things are set up, and no data."""
    return {**read_policies(environment, cluster_name), "preview-state": state_statements(environment, write=False)}


def state_statements(environment: AwsEnvironment, *, write: bool) -> list[Statement]:
    """Allow the use of Pulumi's state, and of the key that encrypts it and the secrets in it."""
    bucket = bucket_arn(state_bucket_name(environment["name"], environment["account_id"]))
    objects = ("GetObject", "PutObject", "DeleteObject") if write else ("GetObject",)
    keys = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey") if write else ("Decrypt", "DescribeKey")
    return [
        allow("ListState", of("s3", "GetBucketLocation ListBucket"), [bucket]),
        allow("UseState", of("s3", *objects), [f"{bucket}/*"]),
        allow(
            "UseStateKey",
            of("kms", *keys),
            [arn(environment, "kms", "key/*")],
            condition={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": state_key_alias(environment["name"])},
            },
        ),
    ]


def _tagged(environment: AwsEnvironment, key: str = f"aws:ResourceTag/{ENVIRONMENT_TAG}") -> Mapping[str, Any]:
    return {"StringEquals": {key: environment["name"]}}


def _ec2(environment: AwsEnvironment, *kinds: str) -> list[str]:
    return [arn(environment, "ec2", f"{kind}/*") for kind in kinds]


def _network(environment: AwsEnvironment, cluster_name: str) -> list[Statement]:
    create = of(
        "ec2",
        "AllocateAddress CreateFlowLogs CreateLaunchTemplate CreateNatGateway CreateRouteTable CreateSecurityGroup",
        "CreateSubnet CreateVpcEndpoint",
    )
    rules = of(
        "ec2",
        "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress ModifySecurityGroupRules",
        "RevokeSecurityGroupEgress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsEgress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
    )
    created = [action.partition(":")[2] for action in (*create, *rules) if ":Authorize" in action or action in create]
    return [
        allow(
            "MakeNetworkParts",
            create,
            _ec2(environment, *(part for part in NEW_NETWORK_PARTS if part != "security-group-rule")),
            condition=_tagged(environment, f"aws:RequestTag/{ENVIRONMENT_TAG}"),
        ),
        allow(
            "MakeNetworkPartsIn",
            of(
                "ec2",
                "CreateFlowLogs CreateNatGateway CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpcEndpoint",
            ),
            _ec2(environment, "elastic-ip", "natgateway", "route-table", "security-group", "subnet", "vpc"),
            condition=_tagged(environment),
        ),
        allow(
            "TagNewNetworkParts",
            of("ec2", "CreateTags"),
            _ec2(environment, *NEW_NETWORK_PARTS),
            condition={"StringEquals": {"ec2:CreateAction": created}},
        ),
        allow(
            "ChangeNetworkParts",
            of(
                "ec2",
                "AssociateRouteTable CreateLaunchTemplateVersion CreateRoute CreateSubnetCidrReservation CreateTags",
                "DeleteFlowLogs",
                "DeleteLaunchTemplate DeleteLaunchTemplateVersions DeleteNatGateway DeleteRoute DeleteRouteTable",
                "DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpcEndpoints DisassociateAddress",
                "DisassociateRouteTable ModifyLaunchTemplate ModifySubnetAttribute ModifyVpcAttribute",
                "ModifyVpcEndpoint ReleaseAddress ReplaceRoute ReplaceRouteTableAssociation",
            ),
            _ec2(environment, *NEW_NETWORK_PARTS, "internet-gateway", "network-interface", "vpc"),
            condition=_tagged(environment),
        ),
        # It names no subnet that a condition could be about.
        allow("EndReservations", of("ec2", "DeleteSubnetCidrReservation"), ["*"], condition=in_region(environment)),
        allow(
            # EKS tries a launch template on behalf of whoever gives it to a node group. CI itself starts no machines.
            "LetEksTryTemplates",
            of("ec2", "RunInstances"),
            [
                *_ec2(environment, "instance", "launch-template", "network-interface", "security-group", "subnet"),
                *_ec2(environment, "volume"),
                f"arn:{PARTITION}:ec2:{environment['region']}::image/*",
            ],
            condition={"Bool": {"aws:ViaAWSService": "true"}},
        ),
        allow("ChangeRules", rules, _ec2(environment, "security-group"), condition=_tagged(environment)),
        allow(
            # The cluster's own group is made by EKS, which tags it so.
            "ChangeRulesOfCluster",
            rules,
            _ec2(environment, "security-group"),
            condition={"StringEquals": {"aws:ResourceTag/aws:eks:cluster-name": cluster_name}},
        ),
        allow(
            "MakeRules",
            of("ec2", "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress ModifySecurityGroupRules"),
            _ec2(environment, "security-group-rule"),
        ),
    ]


def _cluster(environment: AwsEnvironment, cluster_name: str) -> list[Statement]:
    parts = ("access-entry", "addon", "fargateprofile", "nodegroup", "podidentityassociation")
    return [
        allow(
            "ChangeCluster",
            of(
                "eks",
                "CreateAccessEntry CreateAddon CreateFargateProfile CreateNodegroup CreatePodIdentityAssociation",
                "TagResource UntagResource UpdateClusterConfig UpdateClusterVersion",
            ),
            [cluster_arn(environment, cluster_name)],
        ),
        allow(
            "ChangePartsOfCluster",
            of(
                "eks",
                "AssociateAccessPolicy DeleteAccessEntry DeleteAddon DeleteFargateProfile DeleteNodegroup",
                "DeletePodIdentityAssociation DisassociateAccessPolicy TagResource UntagResource UpdateAccessEntry",
                "UpdateAddon UpdateNodegroupConfig UpdateNodegroupVersion UpdatePodIdentityAssociation",
            ),
            [arn(environment, "eks", f"{part}/{cluster_name}/*") for part in parts],
        ),
    ]


def _roles(environment: AwsEnvironment) -> list[Statement]:
    name, account = environment["name"], environment["account_id"]
    pods = global_arn(account, "iam", f"role/{workload_role_name(name, '*')}")
    return [
        allow(
            "MakeBoundedRoles",
            of("iam", "CreateRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy"),
            [pods],
            condition={"StringEquals": {"iam:PermissionsBoundary": boundary_arn(name, account)}},
        ),
        allow(
            "ChangeRolesOfPods",
            of("iam", "DeleteRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription"),
            [pods],
        ),
        allow(
            "HandRolesToServices",
            of("iam", "PassRole"),
            [global_arn(account, "iam", f"role/{name}-*")],
            condition={"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
        ),
    ]


def _keys(environment: AwsEnvironment) -> list[Statement]:
    region = environment["region"]
    keys = [arn(environment, "kms", "key/*")]
    services = ("airflow", "ecr", "elasticfilesystem", "firehose", "rds", "secretsmanager")
    through = {"kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in services]}
    tagged = _tagged(environment)
    return [
        allow(
            "ChangeKeys",
            of("kms", "EnableKeyRotation PutKeyPolicy TagResource UntagResource UpdateKeyDescription"),
            keys,
            condition=tagged,
        ),
        allow(
            "EncryptThroughServices",
            of("kms", "Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext"),
            keys,
            condition={"StringEquals": {**tagged["StringEquals"], **through}},
        ),
        allow(
            "GrantToServices",
            of("kms", "CreateGrant RetireGrant"),
            keys,
            condition={**tagged, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _buckets(environment: AwsEnvironment) -> list[Statement]:
    name, account = environment["name"], environment["account_id"]
    changes = of(
        "s3",
        "PutBucketLogging PutBucketNotification PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock",
        "PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration",
        "PutMetricsConfiguration TagResource UntagResource",
    )
    return [
        allow("MakeBuckets", (*changes, "s3:CreateBucket"), [bucket_arn(bucket_name(name, "*", account))]),
        deny("BucketOfPulumi", changes, [bucket_arn(state_bucket_name(name, account))]),
    ]


def _databases(environment: AwsEnvironment) -> list[Statement]:
    name = environment["name"]
    return [
        allow(
            "MakeDatabases",
            of(
                "rds",
                "AddTagsToResource CreateDBInstance CreateDBParameterGroup CreateDBSubnetGroup",
                "CreateEventSubscription DeleteDBParameterGroup DeleteDBSubnetGroup DeleteEventSubscription",
                "ModifyDBInstance ModifyDBParameterGroup ModifyDBSubnetGroup ModifyEventSubscription",
                "RebootDBInstance RemoveTagsFromResource ResetDBParameterGroup",
            ),
            [
                *(arn(environment, "rds", f"{kind}:{name}-*") for kind in ("db", "es", "pg", "subgrp")),
                arn(environment, "rds", "og:default:*"),
            ],
        ),
        allow(
            # The provider reads a value back once it is written.
            "MakeSecrets",
            of(
                "secretsmanager",
                "CreateSecret GetSecretValue PutResourcePolicy PutSecretValue TagResource UntagResource UpdateSecret",
            ),
            [arn(environment, "secretsmanager", f"secret:{name}{separator}*") for separator in "-/"],
        ),
        allow(
            "ChangeFileSystems",
            of(
                "elasticfilesystem",
                "CreateAccessPoint CreateMountTarget DeleteMountTarget ModifyMountTargetSecurityGroups PutBackupPolicy",
                "PutFileSystemPolicy PutLifecycleConfiguration TagResource UntagResource UpdateFileSystem",
            ),
            [arn(environment, "elasticfilesystem", "file-system/*")],
            condition=_tagged(environment),
        ),
        allow(
            "ChangeBackups",
            of("backup", "CreateBackupSelection DeleteBackupSelection TagResource UntagResource UpdateBackupPlan"),
            [arn(environment, "backup", "backup-plan:*")],
            condition=_tagged(environment),
        ),
        allow(
            "TagVaults",
            of("backup", "TagResource UntagResource"),
            [arn(environment, "backup", f"backup-vault:{name}-*")],
        ),
    ]
