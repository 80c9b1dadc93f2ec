"""The platform's own namespace, as a Pulumi component."""

from collections.abc import Mapping
from typing import Any, TypedDict, cast

import pulumi
import pulumi_kubernetes as kubernetes

from components.contracts import SYSTEM_NAMESPACE, Cluster
from components.labels import object_labels
from components.workloads.isolation import default_deny, pod_security_labels

__all__ = ["SystemNamespace", "SystemNamespaceArgs"]


class SystemNamespaceArgs(TypedDict):
    """Where the namespace is and what it carries."""

    cluster: Cluster
    """The cluster."""
    labels: Mapping[str, str]
    """Labels of every object."""


class SystemNamespace(pulumi.ComponentResource):
    """The namespace of what belongs to the platform and to no team, such as the databases' secrets.

    It is retained when it leaves the program, because those secrets are. Pods in it can neither reach nor be reached
    by anything: a service that runs there brings the network policies that it needs.
    """

    namespace: pulumi.Output[str]
    """Name of the namespace."""

    def __init__(self, name: str, args: SystemNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SystemNamespace", name, {}, opts)
        labels = object_labels(args["labels"], component="system-namespace", name=SYSTEM_NAMESPACE)
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": SYSTEM_NAMESPACE,
                "labels": {**labels, **pod_security_labels(args["cluster"]["kubernetes_version"])},
            },
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.namespace = namespace.metadata.apply(lambda metadata: str(metadata.name))
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-default-deny",
            metadata={"name": "default-deny", "namespace": self.namespace, "labels": labels},
            spec=cast("Any", default_deny()),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"namespace": self.namespace})
