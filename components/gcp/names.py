"""Names that follow from the environment, and the spelling of its labels."""

import re
from collections.abc import Mapping

BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def bucket_name(environment_name: str, store: str, project_number: str) -> str:
    """Return a bucket's name; the project makes it unique among everybody's."""
    return f"{environment_name}-{store}-{project_number}"


def resource_labels(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as labels of Google Cloud, which have no capital letters: ``costCenter`` becomes ``cost-center``."""
    return {BOUNDARY.sub("-", key).lower(): value for key, value in sorted(tags.items())}


def registry_prefix(region: str, project: str) -> str:
    """Return what precedes an Artifact Registry repository's name in an image reference."""
    return f"{region}-docker.pkg.dev/{project}"


def image_cache_name(environment_name: str, upstream: str) -> str:
    """Return the repository that caches images of ``upstream``, such as ``quay.io``; at most 63 characters."""
    return f"{environment_name}-cache-{upstream.replace('.', '-')}"


def database_instance_name(environment_name: str, database: str) -> str:
    """Return a Cloud SQL instance's name; at most 97 characters together with the project and a colon."""
    return f"{environment_name}-{database}"


def secret_id(environment_name: str, secret: str) -> str:
    """Return a secret's ID in Secret Manager: at most 255 letters, digits, hyphens and underscores."""
    return f"{environment_name}-{secret}"


def update_topic_name(environment_name: str, store: str) -> str:
    """Return the Pub/Sub topic, and its subscription, that announce a store's new objects; 3 to 255 characters."""
    return f"{environment_name}-{store}-updates"


def identity_pool_id(environment_name: str, generation: int) -> str:
    """Return the ID of the workload identity pool of CI: 4 to 32 lower-case letters, digits and hyphens.

    Google keeps the ID of a deleted pool for 30 days. The next generation is a pool with another ID.
    """
    return f"{environment_name}-github" if generation == 1 else f"{environment_name}-github-{generation}"


def deploy_account_id(environment_name: str) -> str:
    """Return the ID of the service account that deploys from CI; 6 to 30 characters."""
    return f"{environment_name}-deploy"


def preview_account_id(environment_name: str) -> str:
    """Return the ID of the service account that previews from pull requests; 6 to 30 characters."""
    return f"{environment_name}-preview"


def airflow_account_id(environment_name: str) -> str:
    """Return the ID of the service account of managed Airflow; 6 to 30 characters."""
    return f"{environment_name}-airflow"


def custom_role_id(environment_name: str, role: str) -> str:
    """Return the ID of a custom role: 3 to 64 letters, digits, periods and underscores."""
    return f"{environment_name}_{role}".replace("-", "_")


def dataset_id(environment_name: str, dataset: str) -> str:
    """Return a BigQuery dataset's ID: letters, digits and underscores."""
    return f"{environment_name}_{dataset}".replace("-", "_")


def service_account_email(account_id: str, project: str) -> str:
    """Return the email of a service account of ``project``."""
    return f"{account_id}@{project}.iam.gserviceaccount.com"


def node_tag(environment_name: str) -> str:
    """Return the network tag of the environment's machines, which firewall rules select; at most 63 characters."""
    return f"{environment_name}-node"


def node_account_id(environment_name: str) -> str:
    """Return the ID of the service account of the environment's machines; 6 to 30 characters."""
    return f"{environment_name}-node"


def node_pool_name(pool: str, machine_type: str) -> str:
    """Return the name of the GKE node pool that gives ``pool`` machines of one type; at most 40 characters."""
    return f"{pool}-{machine_type}"


def state_bucket_name(environment_name: str, project_number: str) -> str:
    """Return the name of the bucket of Pulumi's state; at most 63 characters."""
    return bucket_name(environment_name, "state", project_number)


def state_key_id(environment_name: str, project: str, region: str) -> str:
    """Return the ID of the KMS key of Pulumi's state and of its secrets, in a key ring of its own."""
    return f"projects/{project}/locations/{region}/keyRings/{environment_name}-state/cryptoKeys/state"
