"""Which implementation of the cloud contract an environment gets: the one place that asks where it runs."""

import importlib
from collections.abc import Mapping

from components.contracts import Cloud
from stacks.settings import Settings


def cluster_name(settings: Settings) -> str:
    """Return the name of the environment's cluster, and locally of its context in the kubeconfig."""
    return settings.name


def provide(settings: Settings, labels: Mapping[str, str]) -> Cloud:
    """Return the cloud of the environment; ``labels`` go on every Kubernetes object."""
    # Only the cloud that is asked for is loaded: the SDKs of the others are large.
    module = importlib.import_module(f"stacks.clouds.{settings.cloud.value}")
    cloud: Cloud = module.provide(settings, labels)
    return cloud
