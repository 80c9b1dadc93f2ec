"""Arguments that the SDK lets pass."""

from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_random import RandomPassword

Deployment(
    "server",
    metadata={"name": "server", "labels": {"replicas": 3}},
    spec={
        "replicas": "two",
        "template": {
            "metadata": {"lables": {"app": "server"}},
            "spec": {
                "containers": [
                    {"name": "good", "image": "a", "ports": [{"container_port": 8080}]},
                    {"image": "b", "resoures": {"limits": {"cpu": "1"}}, "ports": [{"container_port": "http"}]},
                ],
                "securityContext": {"run_as_non_root": "yes"},
            },
        },
    },
)
Service(
    "web", spec={"ports": [{"port": 80, "target_port": "http"}, {"port": 81, "target_port": 8080}], "type": "Cluster"}
)
Service("odd", spec={"ports": [{"port": 80, "target_port": True}]})
ConfigMap("numbers", data={"a": 1, "b.c": False}, immutable=1)
NetworkPolicy("open", spec={"pod_selector": {}, "ingress": {"from": []}})
RandomPassword("short", length=12.5)
ConfigMap("right", metadata={"name": "right", "annotations": {"a": "b"}}, data={"a": "1"}, immutable=True)
