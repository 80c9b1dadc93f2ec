"""What both roles of CI may look at: how things are set up, and no data, as policy documents."""

from components.aws.facts import AwsEnvironment
from components.aws.names import arn, bucket_arn, bucket_name, cluster_arn, global_arn
from components.aws.policies import Statement, allow


def of(service: str, *names: str) -> tuple[str, ...]:
    """Return the actions of ``service`` by the names in ``names``, which are separated by spaces."""
    return tuple(f"{service}:{name}" for text in names for name in text.split())


def log_groups(environment: AwsEnvironment) -> list[str]:
    """Return the ARNs of the environment's log groups, whose names the services choose that write to them."""
    name = environment["name"]
    return [arn(environment, "logs", f"log-group:{each}") for each in (f"/aws/*/{name}*", f"airflow-{name}*")]


def in_region(environment: AwsEnvironment) -> dict[str, dict[str, str]]:
    """Return the condition of what is done in the environment's region."""
    return {"StringEquals": {"aws:RequestedRegion": environment["region"]}}


def read_policies(environment: AwsEnvironment, cluster_name: str) -> dict[str, list[Statement]]:
    """Return the statements of the policies by the policies' names in the environment."""
    return {
        "read-foundation": [*_unlimited(environment), *_foundation(environment, cluster_name)],
        "read-services": [*_data(environment), *_services(environment)],
    }


def _unlimited(environment: AwsEnvironment) -> list[Statement]:
    """Allow what AWS cannot limit to resources, in this region only."""
    return [
        allow(
            "DescribeInRegion",
            (
                *of(
                    "ec2",
                    "DescribeAccountAttributes DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones",
                    "DescribeDhcpOptions DescribeFlowLogs DescribeImages DescribeInternetGateways",
                    "DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeManagedPrefixLists",
                    "DescribeNatGateways DescribeNetworkAcls DescribeNetworkInterfaces DescribePrefixLists",
                    "DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets",
                    "DescribeTags DescribeVpcEndpointServices DescribeVpcEndpoints DescribeVpcs",
                    "GetSubnetCidrReservations",
                ),
                *of(
                    "ecr",
                    "DescribePullThroughCacheRules DescribeRepositoryCreationTemplates",
                    "GetRegistryScanningConfiguration",
                ),
                *of("eks", "DescribeAddonConfiguration DescribeAddonVersions"),
                *of("kms", "ListAliases"),
                *of("logs", "DescribeLogGroups DescribeResourcePolicies GetLogDelivery ListLogDeliveries"),
                *of("rds", "DescribeDBEngineVersions DescribeOrderableDBInstanceOptions"),
                *of("sns", "GetSubscriptionAttributes"),
            ),
            ["*"],
            condition=in_region(environment),
        ),
    ]


def _foundation(environment: AwsEnvironment, cluster_name: str) -> list[Statement]:
    name, account = environment["name"], environment["account_id"]
    parts = ("access-entry", "addon", "fargateprofile", "nodegroup", "podidentityassociation")
    return [
        allow("ReadVpcs", of("ec2", "DescribeVpcAttribute"), [arn(environment, "ec2", "vpc/*")]),
        allow(
            "ReadCluster",
            of(
                "eks",
                "DescribeCluster DescribeUpdate ListAccessEntries ListAddons ListFargateProfiles ListNodegroups",
                "ListPodIdentityAssociations ListTagsForResource ListUpdates",
            ),
            [cluster_arn(environment, cluster_name)],
        ),
        allow(
            "ReadPartsOfCluster",
            of(
                "eks",
                "DescribeAccessEntry DescribeAddon DescribeFargateProfile DescribeNodegroup",
                "DescribePodIdentityAssociation DescribeUpdate ListAssociatedAccessPolicies ListTagsForResource",
            ),
            [arn(environment, "eks", f"{part}/{cluster_name}/*") for part in parts],
        ),
        allow(
            "ReadRoles",
            of(
                "iam",
                "GetInstanceProfile GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies",
                "ListInstanceProfilesForRole ListPolicyTags ListPolicyVersions ListRolePolicies ListRoleTags",
            ),
            [global_arn(account, "iam", f"{kind}/{name}-*") for kind in ("instance-profile", "policy", "role")],
        ),
        allow(
            "ReadIdentityProvider",
            of("iam", "GetOpenIDConnectProvider"),
            [global_arn(account, "iam", "oidc-provider/token.actions.githubusercontent.com")],
        ),
        allow(
            "ReadKeys",
            of("kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags"),
            [arn(environment, "kms", "key/*")],
        ),
    ]


def _data(environment: AwsEnvironment) -> list[Statement]:
    name, account = environment["name"], environment["account_id"]
    return [
        allow(
            "ReadBuckets",
            of(
                "s3",
                "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging",
                "GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy",
                "GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning",
                "GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetMetricsConfiguration",
                "GetReplicationConfiguration ListBucket ListTagsForResource",
            ),
            [bucket_arn(bucket_name(name, "*", account))],
        ),
        allow(
            "ReadDatabases",
            of(
                "rds",
                "DescribeDBParameterGroups DescribeDBParameters DescribeDBSubnetGroups DescribeEventSubscriptions",
                "ListTagsForResource",
            ),
            [arn(environment, "rds", f"{kind}:{name}-*") for kind in ("db", "es", "pg", "subgrp")],
        ),
        # The provider looks servers up by their resource ID, which is a search among all of them.
        allow("FindDatabases", of("rds", "DescribeDBInstances"), [arn(environment, "rds", "db:*")]),
        allow(
            "ReadSecretsButNotTheirValues",
            of("secretsmanager", "DescribeSecret GetResourcePolicy ListSecretVersionIds"),
            [arn(environment, "secretsmanager", f"secret:{name}{separator}*") for separator in "-/"],
        ),
        allow(
            "ReadFileSystems",
            of(
                "elasticfilesystem",
                "DescribeBackupPolicy DescribeFileSystemPolicy DescribeFileSystems DescribeLifecycleConfiguration",
                "DescribeMountTargetSecurityGroups DescribeMountTargets ListTagsForResource",
            ),
            [arn(environment, "elasticfilesystem", "file-system/*")],
        ),
        allow(
            "ReadBackups",
            of(
                "backup",
                "DescribeBackupVault GetBackupPlan GetBackupSelection GetBackupVaultAccessPolicy ListBackupSelections",
                "ListTags",
            ),
            [arn(environment, "backup", pattern) for pattern in ("backup-plan:*", f"backup-vault:{name}-*")],
        ),
        allow(
            "ReadRepositories",
            of("ecr", "DescribeRepositories GetLifecyclePolicy GetRepositoryPolicy ListTagsForResource"),
            [arn(environment, "ecr", f"repository/{name}{separator}*") for separator in "-/"],
        ),
    ]


def _services(environment: AwsEnvironment) -> list[Statement]:
    name, account = environment["name"], environment["account_id"]
    return [
        allow(
            "ReadQueues",
            of("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"),
            [arn(environment, "sqs", f"{name}*")],
        ),
        allow(
            "ReadTopics",
            of("sns", "GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource"),
            [arn(environment, "sns", f"{name}-*")],
        ),
        allow(
            "ReadEventRules",
            of("events", "DescribeRule ListTagsForResource ListTargetsByRule"),
            [arn(environment, "events", f"rule/{name}-*")],
        ),
        allow(
            "ReadLogGroups",
            of("logs", "DescribeLogStreams DescribeSubscriptionFilters ListTagsForResource"),
            log_groups(environment),
        ),
        allow(
            "ReadDeliveryStreams",
            of("firehose", "DescribeDeliveryStream ListTagsForDeliveryStream"),
            [arn(environment, "firehose", f"deliverystream/{name}-*")],
        ),
        allow(
            "ReadAlarms",
            of("cloudwatch", "DescribeAlarms ListTagsForResource"),
            [arn(environment, "cloudwatch", f"alarm:{name}-*")],
        ),
        allow(
            "ReadBudget",
            of("budgets", "ListTagsForResource ViewBudget"),
            [global_arn(account, "budgets", f"budget/{name}*")],
        ),
        allow("ReadAirflow", of("airflow", "GetEnvironment"), [arn(environment, "airflow", f"environment/{name}*")]),
        allow("ReadRunner", of("codebuild", "BatchGetProjects"), [arn(environment, "codebuild", f"project/{name}-*")]),
        allow(
            "ReadConnections",
            of("codeconnections", "GetConnection ListTagsForResource"),
            [arn(environment, "codeconnections", "connection/*")],
        ),
    ]
