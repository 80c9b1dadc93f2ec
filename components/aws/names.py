"""Names and ARNs that follow from the environment, so that policies can be read before anything exists."""

import hashlib
from typing import Final

from components.aws.facts import AwsEnvironment

PARTITION = "aws"

ENVIRONMENT_TAG = "mlplatform/environment"
"""Tag whose value is the environment's name: what budgets and conditions of policies tell environments apart by."""

WITH_CREDENTIAL: Final = ("docker.io", "ghcr.io")
"""Registries that ECR caches only with a credential."""

_CACHE_SUFFIXES: Final = {
    "docker.io": "hub",
    "ghcr.io": "ghcr",
    "public.ecr.aws": "ecr",
    "quay.io": "quay",
    "registry.k8s.io": "k8s",
}
_CACHE_PREFIX_LIMIT: Final = 30
_DIGEST_LENGTH: Final = 6
_CONNECTION_LIMIT: Final = 32


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
    """Return the tags of the resource ``name``: the environment's, its name, ``Name``, and ``further`` ones."""
    return {**environment["tags"], ENVIRONMENT_TAG: environment["name"], "Name": name, **further}


def propagated_tags(environment: AwsEnvironment) -> dict[str, str]:
    """Return the tags of what the environment's controllers make, such as machines and volumes; they name it."""
    return {**environment["tags"], ENVIRONMENT_TAG: environment["name"]}


def cluster_arn(environment: AwsEnvironment, cluster_name: str) -> str:
    """Return the ARN of an EKS cluster of the environment's account and region."""
    return arn(environment, "eks", f"cluster/{cluster_name}")


def state_bucket_name(environment_name: str, account_id: str) -> str:
    """Return the name of the bucket of Pulumi's state."""
    return bucket_name(environment_name, "state", account_id)


def state_key_alias(environment_name: str) -> str:
    """Return the alias of the key of Pulumi's state and of its secrets."""
    return f"alias/{environment_name}-state"


def workload_role_name(environment_name: str, identity: str) -> str:
    """Return the name of the role of pods with the identity, such as ``churn-runner``; at most 64 characters."""
    return f"{environment_name}-pod-{identity}"


def boundary_name(environment_name: str) -> str:
    """Return the name of the policy that bounds the roles of pods."""
    return f"{environment_name}-boundary"


def boundary_arn(environment_name: str, account_id: str) -> str:
    """Return the ARN of the policy that bounds the roles of pods."""
    return global_arn(account_id, "iam", f"policy/{boundary_name(environment_name)}")


def deploy_role_name(environment_name: str) -> str:
    """Return the name of the role that deploys from CI; at most 64 characters."""
    return f"{environment_name}-delivery-deploy"


def preview_role_name(environment_name: str) -> str:
    """Return the name of the role that previews from pull requests; at most 64 characters."""
    return f"{environment_name}-delivery-preview"


def runner_name(environment_name: str) -> str:
    """Return the name of the CodeBuild project that runs CI jobs inside the network, and of what belongs to it."""
    return f"{environment_name}-delivery-runner"


def connection_name(environment_name: str) -> str:
    """Return the name of the connection to GitHub; at most 32 characters.

    A name of an environment that is longer is cut, and told apart by a digest of the whole of it.
    """
    if len(environment_name) <= _CONNECTION_LIMIT:
        return environment_name
    digest = hashlib.sha256(environment_name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{environment_name[: _CONNECTION_LIMIT - _DIGEST_LENGTH - 1].rstrip('-')}-{digest}"


def alarms_topic_name(environment_name: str) -> str:
    """Return the name of the topic of alarms; at most 256 characters."""
    return f"{environment_name}-alarms"


def alarms_topic_arn(environment: AwsEnvironment) -> str:
    """Return the ARN of the topic of alarms."""
    return arn(environment, "sns", alarms_topic_name(environment["name"]))


def repository_name(environment_name: str, path: str) -> str:
    """Return the name of an image repository; at most 256 characters."""
    return f"{environment_name}/{path}"


def registry_host(environment: AwsEnvironment) -> str:
    """Return the host of the account's image registry in the environment's region."""
    return f"{environment['account_id']}.dkr.ecr.{environment['region']}.amazonaws.com"


def image_cache_prefix(environment_name: str, upstream: str) -> str:
    """Return what begins the repositories that cache ``upstream``; at most 30 characters, as ECR demands.

    A name of an environment that is too long for that is cut, and told apart by a digest of the whole of it.
    """
    # Not a slash: below the environment's name are the teams' repositories, and one of them must never be looked for
    # in a public registry.
    suffix = f".{_CACHE_SUFFIXES.get(upstream, upstream)}"
    space = _CACHE_PREFIX_LIMIT - len(suffix)
    if len(environment_name) <= space:
        return f"{environment_name}{suffix}"
    digest = hashlib.sha256(environment_name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{environment_name[: space - _DIGEST_LENGTH - 1].rstrip('-')}-{digest}{suffix}"


def image_cache_policy_name(environment_name: str) -> str:
    """Return the name of the policy by which machines fill the image caches."""
    return f"{environment_name}-image-cache-nodes"


def image_cache_role_name(environment_name: str) -> str:
    """Return the name of the role that makes the repositories of cached images; at most 64 characters."""
    return f"{environment_name}-image-caches"


def database_identifier(environment_name: str, database: str) -> str:
    """Return the identifier of a database's server, and the name of what belongs to it; at most 63 characters."""
    return f"{environment_name}-{database}"


def database_monitoring_role_name(environment_name: str, database: str) -> str:
    """Return the name of the role that reports the metrics of a database's machine; at most 64 characters."""
    return f"{environment_name}-rds-{database}"


def secret_path(environment_name: str, group: str, name: str) -> str:
    """Return the name of a secret in Secrets Manager; at most 512 characters."""
    return f"{environment_name}/{group}/{name}"


def airflow_bucket(environment: AwsEnvironment) -> str:
    """Return the name of the bucket of managed Airflow's DAGs; at most 63 characters."""
    return bucket_name(environment["name"], "airflow", environment["account_id"])


def airflow_name(environment_name: str) -> str:
    """Return the name of the managed Airflow environment, and what begins its log groups; at most 80 characters."""
    return environment_name


def airflow_role_name(environment_name: str) -> str:
    """Return the name of the role of managed Airflow and of its DAGs; at most 64 characters."""
    return f"{environment_name}-airflow"


def cluster_role_name(environment_name: str) -> str:
    """Return the name of the role of the cluster's control plane; at most 64 characters."""
    return f"{environment_name}-cluster"


def system_role_name(environment_name: str) -> str:
    """Return the name of the role of system machines; at most 64 characters."""
    return f"{environment_name}-system"


def node_role_name(environment_name: str) -> str:
    """Return the name of the role, and of the instance profile, of Karpenter's machines; at most 64 characters."""
    return f"{environment_name}-node"


def karpenter_role_name(environment_name: str) -> str:
    """Return the name of the role of Karpenter itself; at most 64 characters."""
    return f"{environment_name}-karpenter"


def karpenter_policy_name(environment_name: str, part: str) -> str:
    """Return the name of one of Karpenter's policies, such as that of ``machines``; at most 128 characters."""
    return f"{environment_name}-karpenter-{part}"


def addon_role_name(environment_name: str, addon: str) -> str:
    """Return the name of the role of a part of an add-on, such as ``ebs-csi``; at most 64 characters."""
    return f"{environment_name}-{addon}"


def fargate_role_name(environment_name: str) -> str:
    """Return the name of the role that starts pods on Fargate; at most 64 characters."""
    return f"{environment_name}-fargate"


def interruption_queue_name(environment_name: str) -> str:
    """Return the name of the queue that announces the end of machines; at most 80 characters."""
    return f"{environment_name}-interruptions"


def interruption_rule_name(environment_name: str, event: str) -> str:
    """Return the name of the rule that sends one kind of event to that queue; at most 64 characters."""
    return f"{environment_name}-{event}"


def launch_template_name(environment_name: str, pool: str) -> str:
    """Return the name of the launch template of a pool's machines; at most 128 characters."""
    return f"{environment_name}-{pool}"


def node_group_name(pool: str, *fixed: str) -> str:
    """Return the name of a managed node group, which is the cluster's own matter; at most 63 characters.

    ``fixed`` is what cannot change in place, such as the instance types. A change of it gives another name, so that
    the new group is there before the old one is drained.
    """
    digest = hashlib.sha256("\0".join(fixed).encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{pool}-{digest}"


def key_alias(environment_name: str, kind: str) -> str:
    """Return the alias of the key of one kind of data, such as ``disks``; at most 256 characters."""
    return f"alias/{environment_name}-{kind}"


def access_logs_bucket(environment: AwsEnvironment) -> str:
    """Return the name of the bucket of access logs of buckets and load balancers; at most 63 characters."""
    return bucket_name(environment["name"], "access-logs", environment["account_id"])


def audit_logs_bucket(environment: AwsEnvironment) -> str:
    """Return the name of the bucket of logs of the network, the control plane and machines; at most 63 characters."""
    return bucket_name(environment["name"], "audit-logs", environment["account_id"])


def control_plane_log_group(environment_name: str) -> str:
    """Return the name of the log group that EKS writes the control plane's logs to, which EKS chooses."""
    return f"/aws/eks/{environment_name}/cluster"


def log_stream_name(environment_name: str) -> str:
    """Return the name of the delivery stream of the control plane's logs; at most 64 characters."""
    return f"{environment_name}-audit-logs"


def log_sender_role_name(environment_name: str) -> str:
    """Return the name of the role that sends logs to the delivery stream; at most 64 characters."""
    return f"{environment_name}-log-sender"


def log_writer_role_name(environment_name: str) -> str:
    """Return the name of the role that writes the delivery stream's logs to a bucket; at most 64 characters."""
    return f"{environment_name}-log-writer"


def homes_name(environment_name: str) -> str:
    """Return the name of the file system of home volumes and of what backs it up; at most 50 characters."""
    return f"{environment_name}-homes"


def homes_backup_role_name(environment_name: str) -> str:
    """Return the name of the role that backs up home volumes; at most 64 characters."""
    return f"{environment_name}-homes-backup"
