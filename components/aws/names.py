"""Names and ARNs that follow from the environment, so that policies can be read before anything exists."""

from components.aws.facts import AwsEnvironment

PARTITION = "aws"


def bucket_name(environment_name: str, store: str, account_id: str) -> str:
    """Return a bucket's name; the account makes it unique among everybody's."""
    return f"{environment_name}-{store}-{account_id}"


def bucket_arn(bucket: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:{PARTITION}:s3:::{bucket}"


def arn(environment: AwsEnvironment, service: str, resource: str) -> str:
    """Return the ARN of a regional resource of the environment's account."""
    return f"arn:{PARTITION}:{service}:{environment['region']}:{environment['account_id']}:{resource}"


def global_arn(account_id: str, service: str, resource: str) -> str:
    """Return the ARN of a resource that belongs to no region, such as an IAM role."""
    return f"arn:{PARTITION}:{service}::{account_id}:{resource}"


def tags(environment: AwsEnvironment, name: str, **further: str) -> dict[str, str]:
    """Return the tags of the resource ``name``: the environment's, its ``Name``, and ``further`` ones."""
    return {**environment["tags"], "Name": name, **further}
