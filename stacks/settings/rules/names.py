"""Rules of names that are made of several parts: none is longer than its cloud allows, none is made twice."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from components.aws import names as aws
from components.aws.facts import AwsEnvironment
from components.gcp import names as gcp
from components.workloads.team_access import RUNNER
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, KeyPath, got

PLATFORM: Final = ("names", "platform")
"""What the names of the environment as a whole begin with."""

BUCKET: Final = 63
"""The longest name of a bucket, on S3 and on Google Cloud Storage."""

GCP_BUCKETS: Final = ("access-logs", "audit-logs")
"""Buckets that the platform makes for itself on Google Cloud, beside the one of Pulumi's state."""

IAM_ROLE: Final = 64
"""The longest name of a role of AWS."""

RDS_INSTANCE: Final = 63
"""The longest identifier of an RDS instance."""

BACKUP_VAULT: Final = 50
"""The longest name of a vault of AWS Backup."""

DELIVERY_STREAM: Final = 64
"""The longest name of a stream of Amazon Data Firehose."""

LABEL: Final = 63
"""The longest name of a network tag, and of a repository, of Google Cloud."""

GKE_CLUSTER: Final = 40
"""The longest name of a GKE cluster."""

SERVICE_ACCOUNT: Final = 30
"""The longest ID of a service account of Google Cloud."""

IDENTITY_POOL: Final = 32
"""The longest ID of a workload identity pool."""

CLOUD_SQL_INSTANCE: Final = 97
"""The longest name of a Cloud SQL instance, with the project and a colon before it."""


class Composed(NamedTuple):
    """A name that is made of several parts."""

    path: KeyPath
    """The setting that makes it longer than others."""
    what: str
    """What it names."""
    name: str
    """The name."""
    limit: int
    """The most characters that it may have."""

    @property
    def excess(self) -> int:
        """How many characters there are too many."""
        return len(self.name) - self.limit


def lengths(draft: Draft) -> Iterator[Finding]:
    """Refuse names that are longer than the cloud allows; of several at one setting, the one that is most too long."""
    worst: dict[KeyPath, Composed] = {}
    for name in _composed(draft):
        if name.excess > 0 and (name.path not in worst or name.excess > worst[name.path].excess):
            worst[name.path] = name
    for path, name in worst.items():
        part = draft.settings.names.platform if path == PLATFORM else path[-1]
        found = got(part) if path == PLATFORM else f"got the name {part}"
        yield Finding(
            path,
            f"{found}, which names the {name.what} {name.name} ({len(name.name)} characters)",
            f"at most {name.limit} characters on {draft.settings.cloud}",
        )


def reserved_buckets(draft: Draft) -> Iterator[Finding]:
    """Refuse a store whose bucket would be one that the platform makes for itself."""
    taken = {name.name for name in _composed(draft) if name.path == PLATFORM and name.what == "bucket"}
    for name in _composed(draft):
        if name.path[0] == "stores" and name.name in taken:
            yield Finding(name.path, f"got the name {name.path[-1]}", "another name, as the platform has such a bucket")


def _composed(draft: Draft) -> Iterator[Composed]:
    if draft.lacks("names", "cloud"):
        return
    environment = f"{draft.settings.names.platform}-{draft.environment}"
    if draft.settings.cloud is CloudKind.AWS:
        yield from _on_aws(draft, environment)
    elif draft.settings.cloud is CloudKind.GCP:
        yield from _on_gcp(draft, environment)


def _on_aws(draft: Draft, environment: str) -> Iterator[Composed]:
    roles = [
        aws.cluster_role_name(environment),
        aws.system_role_name(environment),
        aws.node_role_name(environment),
        aws.karpenter_role_name(environment),
        aws.image_cache_role_name(environment),
        aws.log_sender_role_name(environment),
        aws.log_writer_role_name(environment),
        aws.homes_backup_role_name(environment),
    ]
    if not draft.lacks("delivery") and draft.settings.delivery is not None:
        roles += [aws.deploy_role_name(environment), aws.preview_role_name(environment)]
    if _managed_airflow(draft):
        roles.append(aws.airflow_role_name(environment))
    for role in roles:
        yield Composed(PLATFORM, "role", role, IAM_ROLE)
    yield Composed(PLATFORM, "delivery stream", aws.log_stream_name(environment), DELIVERY_STREAM)
    yield Composed(PLATFORM, "file system", aws.homes_name(environment), BACKUP_VAULT)
    for team in draft.names("teams"):
        yield Composed(("teams", team), "role", aws.workload_role_name(environment, f"{team}-{RUNNER}"), IAM_ROLE)
    for database in draft.names("databases"):
        path = ("databases", database)
        yield Composed(path, "instance", aws.database_identifier(environment, database), RDS_INSTANCE)
        yield Composed(path, "role", aws.database_monitoring_role_name(environment, database), IAM_ROLE)
    if draft.lacks("aws") or draft.settings.aws is None:
        return
    if draft.settings.aws.fargate_namespaces:
        yield Composed(PLATFORM, "role", aws.fargate_role_name(environment), IAM_ROLE)
    account = draft.settings.aws.account_id
    place = AwsEnvironment(name=environment, account_id=account, region="", zones=[], tags={}, labels={}, let_go=[])
    buckets = [
        aws.state_bucket_name(environment, account),
        aws.access_logs_bucket(place),
        aws.audit_logs_bucket(place),
        *([aws.airflow_bucket(place)] if _managed_airflow(draft) else []),
    ]
    for bucket in buckets:
        yield Composed(PLATFORM, "bucket", bucket, BUCKET)
    for store in draft.names("stores"):
        yield Composed(("stores", store), "bucket", aws.bucket_name(environment, store, account), BUCKET)


def _managed_airflow(draft: Draft) -> bool:
    return not draft.lacks("services") and draft.settings.services.managed_airflow.enabled


def _on_gcp(draft: Draft, environment: str) -> Iterator[Composed]:
    yield Composed(PLATFORM, "cluster", environment, GKE_CLUSTER)
    yield Composed(PLATFORM, "network tag", gcp.node_tag(environment), LABEL)
    accounts = [gcp.node_account_id(environment)]
    if not draft.lacks("delivery") and draft.settings.delivery is not None:
        accounts += [gcp.deploy_account_id(environment), gcp.preview_account_id(environment)]
        yield Composed(PLATFORM, "identity pool", gcp.identity_pool_id(environment, 1), IDENTITY_POOL)
    if _managed_airflow(draft):
        accounts.append(gcp.airflow_account_id(environment))
    for account in accounts:
        yield Composed(PLATFORM, "service account", account, SERVICE_ACCOUNT)
    if not draft.lacks("imageCaches"):
        for upstream in draft.settings.image_caches.registries:
            yield Composed(PLATFORM, "repository", gcp.image_cache_name(environment, upstream), LABEL)
    if draft.lacks("gcp") or draft.settings.gcp is None:
        return
    project, number = draft.settings.gcp.project, draft.settings.gcp.project_number
    for database in draft.names("databases"):
        instance = f"{project}:{gcp.database_instance_name(environment, database)}"
        yield Composed(("databases", database), "instance", instance, CLOUD_SQL_INSTANCE)
    yield Composed(PLATFORM, "bucket", gcp.state_bucket_name(environment, number), BUCKET)
    for store in GCP_BUCKETS:
        yield Composed(PLATFORM, "bucket", gcp.bucket_name(environment, store, number), BUCKET)
    for store in draft.names("stores"):
        yield Composed(("stores", store), "bucket", gcp.bucket_name(environment, store, number), BUCKET)


RULES: Final = (lengths, reserved_buckets)
