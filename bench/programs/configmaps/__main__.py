"""``count`` ConfigMaps in one namespace."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

namespace = Namespace("bench", metadata={"name": "bench"})
for number in range(pulumi.Config().require_int("count") - 1):
    ConfigMap(
        f"settings-{number:05}",
        metadata={"name": f"settings-{number:05}", "namespace": namespace.metadata.name, "labels": {"app": "bench"}},
        data={"mode": "batch", "shard": str(number)},
    )
