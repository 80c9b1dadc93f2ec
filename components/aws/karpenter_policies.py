"""What Karpenter may do in the account, as statements of policies.

They follow Karpenter's own reference, and are narrower where the environment is known: machines start in its subnets
and security group only, with one instance profile that is made before, so that Karpenter changes nothing in IAM.
"""

from collections.abc import Sequence
from typing import Final

import pulumi

from components.aws.facts import AwsEnvironment
from components.aws.names import PARTITION, arn, global_arn, interruption_queue_name, node_role_name
from components.aws.policies import Statement, allow

POOL_TAG: Final = "karpenter.sh/nodepool"
CLUSTER_TAG: Final = "eks:eks-cluster-name"

PRICE_REGIONS: Final = ("ap-south-1", "eu-central-1", "us-east-1")
"""Regions whose endpoints tell the prices of all."""

EC2: Final = "ec2.amazonaws.com"


def _kinds(environment: AwsEnvironment, *kinds: str) -> list[str]:
    return [arn(environment, "ec2", f"{kind}/*") for kind in kinds]


def machine_statements(
    environment: AwsEnvironment,
    cluster_name: str,
    *,
    subnets: Sequence[pulumi.Input[str]],
    security_group: pulumi.Input[str],
) -> list[Statement]:
    """Allow starting machines for the cluster, and changing and deleting those that were started for it."""
    region = environment["region"]
    owned = f"kubernetes.io/cluster/{cluster_name}"
    asked_for = {
        "StringEquals": {f"aws:RequestTag/{owned}": "owned", f"aws:RequestTag/{CLUSTER_TAG}": cluster_name},
        "StringLike": {f"aws:RequestTag/{POOL_TAG}": "*"},
    }
    ours = {
        "StringEquals": {f"aws:ResourceTag/{owned}": "owned"},
        "StringLike": {f"aws:ResourceTag/{POOL_TAG}": "*"},
    }
    made = _kinds(
        environment, "fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"
    )
    return [
        allow(
            "UseImages",
            ("ec2:RunInstances", "ec2:CreateFleet"),
            [f"arn:{PARTITION}:ec2:{region}::image/*", f"arn:{PARTITION}:ec2:{region}::snapshot/*"],
        ),
        allow(
            "UseTheNetwork",
            ("ec2:RunInstances", "ec2:CreateFleet"),
            [
                # Subnets that another account shares have that account's ARN.
                *(pulumi.Output.concat(f"arn:{PARTITION}:ec2:{region}:*:subnet/", subnet) for subnet in subnets),
                pulumi.Output.concat(f"arn:{PARTITION}:ec2:{region}:*:security-group/", security_group),
            ],
        ),
        allow(
            "UseOwnTemplates",
            ("ec2:RunInstances", "ec2:CreateFleet"),
            _kinds(environment, "launch-template"),
            condition=ours,
        ),
        allow(
            "StartMachines",
            ("ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"),
            made,
            condition=asked_for,
        ),
        allow(
            "TagWhatIsMade",
            ("ec2:CreateTags",),
            made,
            condition={
                "StringEquals": {
                    **asked_for["StringEquals"],
                    "ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"],
                },
                "StringLike": asked_for["StringLike"],
            },
        ),
        allow(
            "TagOwnMachines",
            ("ec2:CreateTags",),
            _kinds(environment, "instance"),
            condition={
                **ours,
                "StringEqualsIfExists": {f"aws:RequestTag/{CLUSTER_TAG}": cluster_name},
                "ForAllValues:StringEquals": {"aws:TagKeys": [CLUSTER_TAG, "karpenter.sh/nodeclaim", "Name"]},
            },
        ),
        allow(
            "DeleteOwn",
            ("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"),
            _kinds(environment, "instance", "launch-template"),
            condition=ours,
        ),
        allow(
            "GiveMachinesTheirRole",
            ("iam:PassRole",),
            [global_arn(environment["account_id"], "iam", f"role/{node_role_name(environment['name'])}")],
            condition={"StringEquals": {"iam:PassedToService": EC2}},
        ),
    ]


def discovery_statements(
    environment: AwsEnvironment, cluster_arn: str, *, logs_key_arn: pulumi.Input[str]
) -> list[Statement]:
    """Allow looking up what machines there are, what they cost, and which are about to end."""
    region, account = environment["region"], environment["account_id"]
    return [
        allow(
            "DescribeMachines",
            (
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        allow(
            "ReadPrices",
            ("pricing:GetProducts",),
            ["*"],
            condition={"StringEquals": {"aws:RequestedRegion": list(PRICE_REGIONS)}},
        ),
        allow("FindImages", ("ssm:GetParameter",), [f"arn:{PARTITION}:ssm:{region}::parameter/aws/service/*"]),
        allow(
            "ReadInstanceProfile",
            ("iam:GetInstanceProfile",),
            [global_arn(account, "iam", f"instance-profile/{node_role_name(environment['name'])}")],
        ),
        # It lists its own profiles, of which there are none, all the same.
        allow(
            "ListInstanceProfiles",
            ("iam:ListInstanceProfiles",),
            ["*"],
            condition={"StringEquals": {"aws:PrincipalAccount": account}},
        ),
        allow("ReadCluster", ("eks:DescribeCluster",), [cluster_arn]),
        allow(
            "ReadInterruptions",
            ("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"),
            [arn(environment, "sqs", interruption_queue_name(environment["name"]))],
        ),
        allow(
            "DecryptInterruptions",
            ("kms:Decrypt",),
            [logs_key_arn],
            condition={"StringEquals": {"kms:ViaService": f"sqs.{region}.amazonaws.com"}},
        ),
    ]
