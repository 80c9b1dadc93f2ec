"""What the role that deploys from CI may change of registries, queues, topics, logs and alarms, as statements."""

from components.aws.delivery_reads import in_region, log_groups, of
from components.aws.facts import AwsEnvironment
from components.aws.names import arn, global_arn
from components.aws.policies import Statement, allow


def service_statements(environment: AwsEnvironment) -> list[Statement]:
    """Return the statements of the policy ``change-services``."""
    return [*_images(environment), *_events(environment), *_watching(environment)]


def _images(environment: AwsEnvironment) -> list[Statement]:
    name = environment["name"]
    return [
        allow(
            "MakeRepositories",
            of(
                "ecr",
                "BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload CreateRepository DeleteLifecyclePolicy",
                "DeleteRepositoryPolicy GetDownloadUrlForLayer InitiateLayerUpload PutImage",
                "PutImageScanningConfiguration PutImageTagMutability PutLifecyclePolicy SetRepositoryPolicy",
                "TagResource UntagResource UploadLayerPart",
            ),
            [arn(environment, "ecr", f"repository/{name}{separator}*") for separator in "-/"],
        ),
        allow(
            "ChangeRegistry",
            of(
                "ecr",
                "CreatePullThroughCacheRule CreateRepositoryCreationTemplate DeletePullThroughCacheRule",
                "DeleteRepositoryCreationTemplate GetAuthorizationToken PutRegistryScanningConfiguration",
                "UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate",
            ),
            ["*"],
            condition=in_region(environment),
        ),
    ]


def _events(environment: AwsEnvironment) -> list[Statement]:
    name = environment["name"]
    return [
        allow(
            "MakeQueues",
            of("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
            [arn(environment, "sqs", f"{name}*")],
        ),
        allow(
            "MakeTopics",
            of("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource"),
            [arn(environment, "sns", f"{name}-*")],
        ),
        allow(
            "ChangeSubscriptions",
            of("sns", "SetSubscriptionAttributes Unsubscribe"),
            ["*"],
            condition=in_region(environment),
        ),
        allow(
            "MakeEventRules",
            of("events", "DeleteRule PutRule PutTargets RemoveTargets TagResource UntagResource"),
            [arn(environment, "events", f"rule/{name}-*")],
        ),
        allow(
            "ChangeAirflow",
            of("airflow", "TagResource UntagResource UpdateEnvironment"),
            [arn(environment, "airflow", f"environment/{name}*")],
        ),
    ]


def _watching(environment: AwsEnvironment) -> list[Statement]:
    name, account = environment["name"], environment["account_id"]
    return [
        allow(
            "MakeLogGroups",
            of(
                "logs",
                "AssociateKmsKey CreateLogGroup CreateLogStream DeleteSubscriptionFilter PutLogGroupDeletionProtection",
                "PutRetentionPolicy PutSubscriptionFilter TagResource UntagResource",
            ),
            log_groups(environment),
        ),
        allow(
            "DeliverLogs",
            of("logs", "CreateLogDelivery DeleteLogDelivery UpdateLogDelivery"),
            ["*"],
            condition=in_region(environment),
        ),
        allow(
            "MakeDeliveryStreams",
            of(
                "firehose",
                "CreateDeliveryStream DeleteDeliveryStream StartDeliveryStreamEncryption TagDeliveryStream",
                "UntagDeliveryStream UpdateDestination",
            ),
            [arn(environment, "firehose", f"deliverystream/{name}-*")],
        ),
        allow(
            "MakeAlarms",
            of("cloudwatch", "DeleteAlarms PutMetricAlarm TagResource UntagResource"),
            [arn(environment, "cloudwatch", f"alarm:{name}-*")],
        ),
        allow(
            "ChangeBudget",
            of("budgets", "ModifyBudget TagResource UntagResource"),
            [global_arn(account, "budgets", f"budget/{name}*")],
        ),
    ]
