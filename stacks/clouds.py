"""Which implementation of the cloud contract an environment gets: the one place that asks where it runs."""

from collections.abc import Callable, Mapping
from typing import Final

import pulumi

from components.contracts import Cloud
from components.local.cloud import LocalCloud
from stacks.settings import CloudKind, Settings

DATA_DIRECTORY: Final = "/var/lib/mlplatform"
"""Directory of the local clouds' object stores, as pods see it; one directory per cluster."""


class CloudNotImplementedError(pulumi.RunError):
    """The environment names a cloud that this version cannot deploy to."""

    def __init__(self, settings: Settings) -> None:
        known = ", ".join(sorted(kind.value for kind in _IMPLEMENTATIONS))
        problem = (
            f"mlplatform:cloud: got {settings.cloud.value}, which is not implemented by this version; allowed: {known}"
        )
        self.problems = (problem,)
        super().__init__(problem)


def cluster_name(settings: Settings) -> str:
    """Return the name of the environment's cluster, and locally of its context in the kubeconfig."""
    return f"{settings.names.platform}-{settings.environment}"


def _local(settings: Settings, labels: Mapping[str, str]) -> Cloud:
    name = cluster_name(settings)
    return LocalCloud(
        {
            "platform": settings.names.platform,
            "cluster_name": name,
            "kubernetes_version": settings.cluster.kubernetes_version,
            "service_cidr": settings.network.service_cidr,
            "data_directory": f"{DATA_DIRECTORY}/{name}",
            "labels": labels,
        }
    )


_IMPLEMENTATIONS: Final[Mapping[CloudKind, Callable[[Settings, Mapping[str, str]], Cloud]]] = {
    CloudKind.LOCAL: _local,
}


def provide(settings: Settings, labels: Mapping[str, str]) -> Cloud:
    """Return the cloud of the environment; ``labels`` go on every Kubernetes object.

    Raises ``CloudNotImplementedError`` where this version has no implementation.
    """
    if settings.cloud not in _IMPLEMENTATIONS:
        raise CloudNotImplementedError(settings)
    return _IMPLEMENTATIONS[settings.cloud](settings, labels)
