"""The services of Google Cloud that an environment uses, each without ``.googleapis.com``."""

from typing import Final

SERVICES: Final = (
    "artifactregistry",
    "bigquery",
    "billingbudgets",
    "binaryauthorization",
    "cloudbilling",
    "cloudkms",
    "cloudresourcemanager",
    "compute",
    "container",
    "containeranalysis",
    "containerfilesystem",
    "containerscanning",
    "dns",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "pubsub",
    "secretmanager",
    "servicenetworking",
    "serviceusage",
    "sqladmin",
    "storage",
    "sts",
)
"""What every environment uses."""

MANAGED_AIRFLOW: Final = ("composer",)
"""What an environment with a managed Airflow uses beside that."""


def services(*, managed_airflow: bool) -> list[str]:
    """Return the services of an environment, sorted."""
    return sorted([*SERVICES, *(MANAGED_AIRFLOW if managed_airflow else ())])
