"""The local cloud of an environment."""

from collections.abc import Mapping
from typing import Final

from components.contracts import Cloud
from components.local.cloud import LocalCloud
from stacks.settings import Settings

DATA_DIRECTORY: Final = "/var/lib/mlplatform"
"""Directory of the local clouds' object stores, as pods see it; one directory per cluster."""


def provide(settings: Settings, labels: Mapping[str, str]) -> Cloud:
    """Return this machine as a cloud."""
    return LocalCloud(
        {
            "platform": settings.names.platform,
            "cluster_name": settings.name,
            "kubernetes_version": settings.cluster.kubernetes_version,
            "service_cidr": settings.network.service_cidr,
            "data_directory": f"{DATA_DIRECTORY}/{settings.name}",
            "labels": labels,
        }
    )
