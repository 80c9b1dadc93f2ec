"""Two resources of one name."""

from pulumi_kubernetes.core.v1 import ConfigMap

ConfigMap("settings", data={"a": "1"})
ConfigMap("settings", data={"a": "2"})
