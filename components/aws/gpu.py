"""What makes GPUs usable and visible, as a Pulumi component."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.aws.cluster_roles import SYSTEM_PODS
from components.aws.karpenter_objects import GPU_LABEL
from components.contracts import NodePool
from components.errors import ArgumentsError, problem
from components.versions import DCGM_EXPORTER, NVIDIA_DEVICE_PLUGIN

__all__ = ["AwsGpuSupport", "AwsGpuSupportArgs"]

DEVICE_PLUGIN_CHARTS: Final = "https://nvidia.github.io/k8s-device-plugin"
EXPORTER_CHARTS: Final = "https://nvidia.github.io/dcgm-exporter/helm-charts"

TIMEOUT_SECONDS: Final = 600


class AwsGpuSupportArgs(TypedDict):
    """Which machines have GPUs."""

    pools: Sequence[NodePool]
    """The pools with GPUs; at least one."""
    service_monitor: NotRequired[bool]
    """Whether a ServiceMonitor is made, whose custom resource has to be there; not where it is left out."""


def tolerations(pools: Iterable[NodePool]) -> list[dict[str, str]]:
    """Return tolerations of every taint of the pools, each once, sorted."""
    wanted = {(each["key"], each["value"], each["effect"]) for pool in pools for each in pool["tolerations"]}
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": effect} for key, value, effect in sorted(wanted)
    ]


def device_plugin_values(pools: Iterable[NodePool]) -> dict[str, Any]:
    """Return the values of the device plugin's chart."""
    return {
        "nodeSelector": {GPU_LABEL: "true"},
        "tolerations": tolerations(pools),
        "gfd": {"enabled": False},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }


def exporter_values(pools: Iterable[NodePool], *, service_monitor: bool) -> dict[str, Any]:
    """Return the values of the exporter's chart."""
    return {
        "nodeSelector": {GPU_LABEL: "true"},
        "tolerations": tolerations(pools),
        "serviceMonitor": {"enabled": service_monitor},
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
    }


class AwsGpuSupport(pulumi.ComponentResource):
    """NVIDIA's device plugin, by which pods ask for GPUs, and exporter of their metrics, on machines with GPUs only.

    Both run once on each such machine, so they come and go with them. It
    installs no drivers: they are part of the machines' image.
    """

    pool_names: pulumi.Output[Sequence[str]]
    """Names of the pools whose GPUs can be asked for."""

    def __init__(self, name: str, args: AwsGpuSupportArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsGpuSupport", name, {}, opts)
        pools = args["pools"]
        if not any(int(pool["gpus_per_node"]) for pool in pools):
            raise ArgumentsError(f"GPU support {name}", [problem("pools", "got none with GPUs; allowed: at least one")])
        plugin = self._release(
            f"{name}-device-plugin",
            "nvidia-device-plugin",
            DEVICE_PLUGIN_CHARTS,
            NVIDIA_DEVICE_PLUGIN,
            device_plugin_values(pools),
        )
        exporter = self._release(
            f"{name}-exporter",
            "dcgm-exporter",
            EXPORTER_CHARTS,
            DCGM_EXPORTER,
            exporter_values(pools, service_monitor=bool(args.get("service_monitor"))),
        )
        names = sorted(pool["name"] for pool in pools)
        self.pool_names = pulumi.Output.all(plugin.id, exporter.id).apply(lambda _: names)
        self.register_outputs({"poolNames": self.pool_names})

    def _release(
        self, name: str, chart: str, repository: str, version: str, values: Mapping[str, Any]
    ) -> kubernetes.helm.v3.Release:
        return kubernetes.helm.v3.Release(
            name,
            name=chart,
            chart=chart,
            version=version.removeprefix("v"),
            repository_opts={"repo": repository},
            namespace=SYSTEM_PODS,
            atomic=True,
            timeout=TIMEOUT_SECONDS,
            values=values,
            opts=pulumi.ResourceOptions(parent=self),
        )
