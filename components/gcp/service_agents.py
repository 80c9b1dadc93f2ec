"""The service accounts through which Google's services act for a project, and which of them encrypt with which key."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class ServiceAgent(NamedTuple):
    """A service account that Google runs."""

    user: str
    """First part of its address, in which ``{number}`` stands for the project's number."""
    domain: str
    """What follows the ``@``, without ``.iam.gserviceaccount.com``."""
    service: str | None
    """Service that makes it when asked, without ``.googleapis.com``; None where something else has made it before."""


AGENTS: Final[Mapping[str, ServiceAgent]] = {
    "artifactregistry": ServiceAgent("service-{number}", "gcp-sa-artifactregistry", "artifactregistry"),
    # The first question after it makes it: the bootstrap asks `bq show --encryption_service_account`.
    "bigquery": ServiceAgent("bq-{number}", "bigquery-encryption", None),
    "cloudsql": ServiceAgent("service-{number}", "gcp-sa-cloud-sql", "sqladmin"),
    "composer": ServiceAgent("service-{number}", "cloudcomposer-accounts", "composer"),
    # Compute Engine makes it when it is enabled, and refuses to be asked for it.
    "compute": ServiceAgent("service-{number}", "compute-system", None),
    "gke": ServiceAgent("service-{number}", "container-engine-robot", "container"),
    "pubsub": ServiceAgent("service-{number}", "gcp-sa-pubsub", "pubsub"),
    "secretmanager": ServiceAgent("service-{number}", "gcp-sa-secretmanager", "secretmanager"),
    # Likewise: the bootstrap asks for it, because of the bucket of the state.
    "storage": ServiceAgent("service-{number}", "gs-project-accounts", None),
}
"""Service agents by the name that this project gives them (Google Cloud, IAM documentation: service agents)."""

ENCRYPTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cluster": ("gke",),
    "databases": ("cloudsql",),
    "disks": ("compute",),
    "images": ("artifactregistry",),
    "secrets": ("secretmanager",),
    "stores": ("pubsub", "storage"),
}
"""Which agents encrypt with the key of each kind of data."""

DATASETS: Final = ("bigquery",)
"""Which agents encrypt with the key ``stores`` where there are BigQuery datasets."""

MANAGED_AIRFLOW: Final = ("artifactregistry", "composer", "compute", "gke")
"""Which agents encrypt with the key ``stores`` where there is a Cloud Composer environment."""


def encrypters(*, datasets: bool, managed_airflow: bool) -> dict[str, list[str]]:
    """Return the names of the agents that encrypt with each key, both sorted."""
    further = [*(DATASETS if datasets else ()), *(MANAGED_AIRFLOW if managed_airflow else ())]
    return {key: sorted({*agents, *(further if key == "stores" else ())}) for key, agents in sorted(ENCRYPTERS.items())}


def member(agent: str, project_number: str) -> str:
    """Return the agent as IAM names it, ``serviceAccount:<address>``."""
    found = AGENTS[agent]
    return f"serviceAccount:{found.user.format(number=project_number)}@{found.domain}.iam.gserviceaccount.com"
