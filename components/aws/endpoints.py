"""Which services of AWS a network reaches without the internet, and what may pass: plain data and pure functions.

The policies keep what leaves the network inside the account: a pod that was taken over reaches no other account's
bucket, queue, secret or role this way, whether by its own credentials or by some that it brought along. They stand
where data could leave; the other endpoints have AWS's default policy.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from components.aws.facts import AwsEnvironment
from components.aws.names import PARTITION, arn, bucket_arn, global_arn
from components.aws.object_store import DATA_ACTIONS
from components.aws.policies import Statement, allow

ENDPOINTS: Final[Mapping[str, str]] = {
    "ec2": "addresses of pods, volumes and machines: the network and disk add-ons and Karpenter",
    "ecr.api": "logins and looks at image repositories",
    "ecr.dkr": "pulls of images; their layers come through the endpoint of S3",
    "eks": "descriptions of the cluster, by which machines join it",
    "eks-auth": "credentials of pods",
    "elasticfilesystem": "home volumes",
    "elasticloadbalancing": "load balancers of Services, where somebody makes some; the platform makes none",
    "kms": "keys, by whoever asks for them without a service between",
    "logs": "logs of managed Airflow, and of whatever else writes to CloudWatch",
    "monitoring": "metrics of managed Airflow and of agents",
    "secretsmanager": "passwords of databases and what people put beside them",
    "sqs": "interruptions of machines, announcements of new data, and the queues of managed Airflow",
    "ssm": "parameters that name the images of machines",
    "sts": "credentials of roles",
}
"""Services with an interface in the network, and what needs them."""

BUCKET_ADMINISTRATION: Final = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLogging",
    "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListTagsForResource",
    "s3:PutBucketLogging",
    "s3:PutBucketNotification",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
)
"""What a deployment from inside the network does with buckets."""

PULLS: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What pulls an image; add-ons of EKS come from accounts of AWS."""

REPOSITORIES: Final = (
    *PULLS,
    "ecr:BatchDeleteImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:CompleteLayerUpload",
    "ecr:CreateRepository",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:InitiateLayerUpload",
    "ecr:ListImages",
    "ecr:ListTagsForResource",
    "ecr:PutImage",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
    "ecr:StartImageScan",
    "ecr:TagResource",
    "ecr:UntagResource",
    "ecr:UploadLayerPart",
)
"""What pushes images and keeps repositories."""

REGISTRY: Final = (
    "ecr:CreatePullThroughCacheRule",
    "ecr:CreateRepositoryCreationTemplate",
    "ecr:DeletePullThroughCacheRule",
    "ecr:DeleteRepositoryCreationTemplate",
    "ecr:DescribePullThroughCacheRules",
    "ecr:DescribeRegistry",
    "ecr:DescribeRepositoryCreationTemplates",
    "ecr:GetAccountSetting",
    "ecr:GetRegistryPolicy",
    "ecr:GetRegistryScanningConfiguration",
    "ecr:PutAccountSetting",
    "ecr:PutRegistryPolicy",
    "ecr:PutRegistryScanningConfiguration",
    "ecr:UpdatePullThroughCacheRule",
    "ecr:UpdateRepositoryCreationTemplate",
)
"""What keeps the account's registry; none of it names a resource."""

MESSAGES: Final = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)
"""What passes messages on."""

QUEUES: Final = (
    *MESSAGES,
    "sqs:CreateQueue",
    "sqs:DeleteQueue",
    "sqs:ListDeadLetterSourceQueues",
    "sqs:ListQueueTags",
    "sqs:PurgeQueue",
    "sqs:SetQueueAttributes",
    "sqs:TagQueue",
    "sqs:UntagQueue",
)
"""What passes messages on and keeps queues."""

SECRETS: Final = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:RotateSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
    "secretsmanager:ValidateResourcePolicy",
)
"""What reads and keeps secrets."""

_EVERYBODY: Final = {"AWS": "*"}
_ENCRYPTED: Final = {"Bool": {"aws:SecureTransport": "true"}}


def aws_buckets(region: str) -> list[str]:
    """Return the buckets of others that machines need: layers of images, packages of the system, agents.

    Only buckets of the region are asked for through its endpoint, so what lies in one region alone is listed with it.
    """
    buckets = [
        f"prod-{region}-starport-layer-bucket",
        f"al2023-repos-{region}-de612dc2",
        f"amazon-ssm-{region}",
        # Where a build of CodeBuild, such as a runner of CI, fetches what runs the steps of its job.
        f"codefactory-{region}-prod-default-build-agent-executor",
        # The registries of Kubernetes and of Quay send clients inside AWS to buckets of their region.
        f"prod-registry-k8s-io-{region}",
    ]
    return [*buckets, "quayio-production-s3"] if region == "us-east-1" else buckets


def storage_statements(environment: AwsEnvironment, readable_buckets: Sequence[str]) -> list[Statement]:
    """Return what passes the endpoint of S3: use of the environment's buckets, and reading of what others publish."""
    ours = bucket_arn(f"{environment['name']}-*")
    published = [*aws_buckets(environment["region"]), *readable_buckets]
    statements = [
        allow(
            "BucketsOfEnvironment",
            (*DATA_ACTIONS, *BUCKET_ADMINISTRATION),
            [ours, f"{ours}/*"],
            principal=_EVERYBODY,
            # Whoever is first has a bucket's name, so the name alone does not say whose it is.
            condition={"StringEquals": {"aws:ResourceAccount": environment["account_id"]}},
        ),
        _of_account(environment, "ListOfBuckets", ("s3:ListAllMyBuckets",)),
        allow(
            "ObjectsOfOthers",
            ("s3:GetObject",),
            [f"{bucket_arn(bucket)}/*" for bucket in published],
            principal=_EVERYBODY,
            condition=_ENCRYPTED,
        ),
    ]
    if readable_buckets:
        statements.append(
            allow(
                "ListsOfOthers",
                ("s3:GetBucketLocation", "s3:ListBucket"),
                [bucket_arn(bucket) for bucket in readable_buckets],
                principal=_EVERYBODY,
                condition=_ENCRYPTED,
            )
        )
    return statements


def endpoint_statements(environment: AwsEnvironment, service: str) -> list[Statement] | None:
    """Return what passes the interface endpoint of ``service``, or ``None`` where AWS's default policy is right."""
    if service in {"ecr.api", "ecr.dkr"}:
        return _image_statements(environment)
    if service == "secretsmanager":
        lists = (
            "secretsmanager:BatchGetSecretValue",
            "secretsmanager:GetRandomPassword",
            "secretsmanager:ListSecrets",
        )
        return [
            _allow("SecretsOfAccount", SECRETS, arn(environment, service, "secret:*")),
            _of_account(environment, "ListsOfSecrets", lists),
        ]
    if service == "sqs":
        # The queues of managed Airflow are in accounts of AWS; only the role of an environment is let into its own.
        airflow = f"arn:{PARTITION}:sqs:{environment['region']}:*:airflow-celery-*"
        return [
            _allow("QueuesOfEnvironment", QUEUES, arn(environment, service, f"{environment['name']}-*")),
            _of_account(environment, "ListsOfQueues", ("sqs:ListQueues",)),
            _allow("QueuesOfManagedAirflow", MESSAGES, airflow),
        ]
    if service == "sts":
        actions = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity", "sts:TagSession")
        return [
            _allow("RolesOfAccount", actions, global_arn(environment["account_id"], "iam", "role/*")),
            _of_account(environment, "Identity", ("sts:DecodeAuthorizationMessage", "sts:GetCallerIdentity")),
        ]
    return None


def _image_statements(environment: AwsEnvironment) -> list[Statement]:
    # Whoever pulls for managed Airflow is AWS itself, so neither the caller nor the registry need be this account's.
    anywhere = f"arn:{PARTITION}:ecr:{environment['region']}:*:repository/*"
    return [
        _allow("Login", ("ecr:GetAuthorizationToken",), "*"),
        _allow("ImagesOfAnybody", PULLS, anywhere),
        _allow("ImagesOfAccount", REPOSITORIES, arn(environment, "ecr", "repository/*")),
        _of_account(environment, "Registry", REGISTRY),
    ]


def _allow(sid: str, actions: Sequence[str], resource: str) -> Statement:
    return allow(sid, actions, [resource], principal=_EVERYBODY, condition=_ENCRYPTED)


def _of_account(environment: AwsEnvironment, sid: str, actions: Sequence[str]) -> Statement:
    """Allow the account's own callers what names no resource."""
    condition = {"StringEquals": {"aws:PrincipalAccount": environment["account_id"]}}
    return allow(sid, actions, ["*"], principal=_EVERYBODY, condition=condition)
