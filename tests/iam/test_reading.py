"""What CI may look at, held against what there is to be looked at."""

from itertools import chain

import pytest

from components.aws.delivery_policies import preview_policies
from mlplatform.environments import PROGRAM, Environment, load
from mlplatform.graph import evaluate
from stacks.settings import CloudKind, environments
from tests.support.components import AWS_ENVIRONMENT

S3_BUCKET = (
    "s3:GetAccelerateConfiguration s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketLogging "
    "s3:GetBucketObjectLockConfiguration s3:GetBucketPolicy s3:GetBucketRequestPayment s3:GetBucketTagging "
    "s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration "
    "s3:GetReplicationConfiguration s3:ListBucket"
)

READS = {
    "backup/plan:Plan": "backup:GetBackupPlan backup:ListTags",
    "backup/selection:Selection": "backup:GetBackupSelection",
    "backup/vault:Vault": "backup:DescribeBackupVault backup:ListTags",
    "budgets/budget:Budget": "budgets:ListTagsForResource budgets:ViewBudget",
    "cloudwatch/eventRule:EventRule": "events:DescribeRule events:ListTagsForResource",
    "cloudwatch/eventTarget:EventTarget": "events:ListTargetsByRule",
    "cloudwatch/logGroup:LogGroup": "logs:DescribeLogGroups logs:ListTagsForResource",
    "cloudwatch/logStream:LogStream": "logs:DescribeLogStreams",
    "cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": "logs:DescribeSubscriptionFilters",
    "cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource",
    "codebuild/project:Project": "codebuild:BatchGetProjects",
    "codebuild/webhook:Webhook": "codebuild:BatchGetProjects",
    "codeconnections/connection:Connection": "codeconnections:GetConnection codeconnections:ListTagsForResource",
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "ec2:DescribeSecurityGroups",
    "ec2/eip:Eip": "ec2:DescribeAddresses ec2:DescribeAddressesAttribute",
    "ec2/flowLog:FlowLog": "ec2:DescribeFlowLogs",
    "ec2/internetGateway:InternetGateway": "ec2:DescribeInternetGateways",
    "ec2/launchTemplate:LaunchTemplate": "ec2:DescribeLaunchTemplateVersions ec2:DescribeLaunchTemplates",
    "ec2/natGateway:NatGateway": "ec2:DescribeNatGateways",
    "ec2/route:Route": "ec2:DescribeRouteTables",
    "ec2/routeTable:RouteTable": "ec2:DescribeRouteTables",
    "ec2/routeTableAssociation:RouteTableAssociation": "ec2:DescribeRouteTables",
    "ec2/securityGroup:SecurityGroup": "ec2:DescribeSecurityGroups",
    "ec2/subnet:Subnet": "ec2:DescribeSubnets",
    "ec2/subnetCidrReservation:SubnetCidrReservation": "ec2:GetSubnetCidrReservations",
    "ec2/vpc:Vpc": (
        "ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups ec2:DescribeVpcAttribute "
        "ec2:DescribeVpcs"
    ),
    "ec2/vpcEndpoint:VpcEndpoint": "ec2:DescribePrefixLists ec2:DescribeVpcEndpoints",
    "ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "ec2:DescribeVpcs",
    "ecr/lifecyclePolicy:LifecyclePolicy": "ecr:GetLifecyclePolicy",
    "ecr/pullThroughCacheRule:PullThroughCacheRule": "ecr:DescribePullThroughCacheRules",
    "ecr/registryScanningConfiguration:RegistryScanningConfiguration": "ecr:GetRegistryScanningConfiguration",
    "ecr/repository:Repository": "ecr:DescribeRepositories ecr:ListTagsForResource",
    "ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "ecr:DescribeRepositoryCreationTemplates",
    "efs/fileSystem:FileSystem": (
        "elasticfilesystem:DescribeFileSystems elasticfilesystem:DescribeLifecycleConfiguration"
    ),
    "efs/fileSystemPolicy:FileSystemPolicy": "elasticfilesystem:DescribeFileSystemPolicy",
    "efs/mountTarget:MountTarget": (
        "elasticfilesystem:DescribeMountTargetSecurityGroups elasticfilesystem:DescribeMountTargets"
    ),
    "eks/accessEntry:AccessEntry": "eks:DescribeAccessEntry",
    "eks/accessPolicyAssociation:AccessPolicyAssociation": "eks:ListAssociatedAccessPolicies",
    "eks/addon:Addon": "eks:DescribeAddon eks:DescribePodIdentityAssociation",
    "eks/cluster:Cluster": "eks:DescribeCluster",
    "eks/fargateProfile:FargateProfile": "eks:DescribeFargateProfile",
    "eks/nodeGroup:NodeGroup": "eks:DescribeNodegroup",
    "eks/podIdentityAssociation:PodIdentityAssociation": "eks:DescribePodIdentityAssociation",
    "iam/instanceProfile:InstanceProfile": "iam:GetInstanceProfile",
    "iam/openIdConnectProvider:OpenIdConnectProvider": "iam:GetOpenIDConnectProvider",
    "iam/policy:Policy": "iam:GetPolicy iam:GetPolicyVersion",
    "iam/role:Role": "iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies",
    "iam/rolePolicy:RolePolicy": "iam:GetRolePolicy",
    "iam/rolePolicyAttachment:RolePolicyAttachment": "iam:ListAttachedRolePolicies",
    "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (
        "firehose:DescribeDeliveryStream firehose:ListTagsForDeliveryStream"
    ),
    "kms/alias:Alias": "kms:ListAliases",
    "kms/key:Key": "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
    "mwaa/environment:Environment": "airflow:GetEnvironment",
    "rds/eventSubscription:EventSubscription": "rds:DescribeEventSubscriptions rds:ListTagsForResource",
    "rds/instance:Instance": "rds:DescribeDBInstances rds:ListTagsForResource",
    "rds/parameterGroup:ParameterGroup": (
        "rds:DescribeDBParameterGroups rds:DescribeDBParameters rds:ListTagsForResource"
    ),
    "rds/subnetGroup:SubnetGroup": "rds:DescribeDBSubnetGroups rds:ListTagsForResource",
    "s3/bucket:Bucket": S3_BUCKET,
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3/bucketLogging:BucketLogging": "s3:GetBucketLogging",
    "s3/bucketNotification:BucketNotification": "s3:GetBucketNotification",
    "s3/bucketOwnershipControls:BucketOwnershipControls": "s3:GetBucketOwnershipControls",
    "s3/bucketPolicy:BucketPolicy": "s3:GetBucketPolicy",
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3:GetEncryptionConfiguration"
    ),
    "s3/bucketVersioning:BucketVersioning": "s3:GetBucketVersioning",
    "secretsmanager/secret:Secret": "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy",
    # Its values are not for a preview, which compares with the state and need not refresh it.
    "secretsmanager/secretVersion:SecretVersion": "secretsmanager:ListSecretVersionIds",
    "sns/topic:Topic": "sns:GetTopicAttributes sns:ListTagsForResource",
    "sns/topicPolicy:TopicPolicy": "sns:GetTopicAttributes",
    "sns/topicSubscription:TopicSubscription": "sns:GetSubscriptionAttributes",
    "sqs/queue:Queue": "sqs:GetQueueAttributes sqs:ListQueueTags",
    "sqs/queuePolicy:QueuePolicy": "sqs:GetQueueAttributes",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "ec2:DescribeSecurityGroupRules",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ec2:DescribeSecurityGroupRules",
}
"""What Terraform's provider of AWS asks in order to read a resource, by its type."""


def granted() -> dict[str, set[str]]:
    """Return the actions of the preview role, each with the resources that it is granted on."""
    found: dict[str, set[str]] = {}
    for statement in chain(*preview_policies(AWS_ENVIRONMENT, "mlp-test").values()):  # type: ignore[arg-type]
        for action in statement["Action"]:
            found.setdefault(action, set()).update(str(each) for each in statement["Resource"])
    return found


IN_AWS = [each for each in load(PROGRAM, environments(PROGRAM)) if each.settings.cloud is CloudKind.AWS]


@pytest.mark.parametrize("environment", IN_AWS, ids=lambda each: each.settings.environment)
def test_whatever_there_is_can_be_read_by_a_preview(environment: Environment) -> None:
    graph = evaluate(environment.request()).filled
    types = {each.type.removeprefix("aws:") for each in graph.resources if each.type.startswith("aws:")}
    assert len(types) > 50
    assert sorted(types - set(READS)) == [], "what reads them is not known here"
    allowed = granted()
    lacking = {each: sorted(set(READS[each].split()) - set(allowed)) for each in sorted(types)}
    assert {each: actions for each, actions in lacking.items() if actions} == {}


def test_everything_that_components_can_make_can_be_read() -> None:
    allowed = granted()
    assert {each for each, actions in READS.items() if set(actions.split()) - set(allowed)} == set()


def test_a_server_is_found_among_all_of_the_region() -> None:
    # The provider knows a server by its resource ID, and asks for all servers with that one.
    assert granted()["rds:DescribeDBInstances"] == {"arn:aws:rds:eu-west-1:111122223333:db:*"}
