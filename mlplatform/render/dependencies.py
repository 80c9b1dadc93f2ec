"""What the resource graph says about order, ownership and origin of Kubernetes objects."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from mlplatform.graph.model import Resource, ResourceGraph
from mlplatform.render.errors import RenderError
from mlplatform.render.order import numbers, rank
from mlplatform.render.values import reveal, secret_paths

_RELEASE: Final = "kubernetes:helm.sh/v3:Release"

_CLUSTER_SCOPED: Final = frozenset({
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle",
    "CustomResourceDefinition", "CSIDriver", "CSINode", "DeviceClass", "FlowSchema", "IngressClass", "IPAddress",
    "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
    "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass",
    "ServiceCIDR", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
})  # fmt: skip


class Placed(Protocol):
    """A rendered resource, as far as its order matters."""

    @property
    def namespace(self) -> str:
        """Namespace that it lives in."""


def components(graph: ResourceGraph) -> dict[str, str]:
    """Map each URN to the component at the top of its parents, or to itself without one: ``TeamWorkspace churn``."""
    tops = {resource.urn: graph.top(resource) for resource in graph.resources}
    return {urn: f"{top.short_type} {top.name}" for urn, top in tops.items()}


def is_namespaced(kind: str) -> bool:
    """Tell whether objects of one of Kubernetes' own kinds live in a namespace."""
    return kind not in _CLUSTER_SCOPED


def provider_namespace(graph: ResourceGraph, resource: Resource) -> str | None:
    """Return the namespace that the resource's provider gives to objects that name none."""
    provider = graph.by_urn.get(resource.provider or "")
    namespace = reveal(provider.inputs.get("namespace")) if provider is not None else None
    return namespace if isinstance(namespace, str) else None


def secret_sources(graph: ResourceGraph, resource: Resource) -> tuple[str, ...]:
    """Return the URNs of what the resource's secret values come from, as far as the graph knows."""
    properties = {path.partition(".")[0].partition("[")[0] for path in secret_paths(dict(resource.inputs))}
    if resource.inputs.get("kind") == "Secret":
        properties |= {"data", "stringData"}
    found = {urn for name in properties for urn in resource.property_dependencies.get(name, ())}
    return tuple(sorted(found & graph.by_urn.keys()))


class Order:
    """Numbers of rendered resources, and which of them depend on a Helm release."""

    def __init__(self, graph: ResourceGraph, found: Mapping[str, Placed]) -> None:
        self._resources = graph.by_urn
        self._found = found
        self._children: dict[str, list[str]] = defaultdict(list)
        for resource in graph.resources:
            if resource.parent is not None:
                self._children[resource.parent].append(resource.urn)
        self._namespaces = {
            str(reveal(inputs["metadata"])["name"]): urn
            for urn, inputs in self._inputs_of("Namespace")
            if "name" in inputs.get("metadata", {})
        }
        self._definitions: dict[tuple[str, str], str] = {}
        for urn, inputs in self._inputs_of("CustomResourceDefinition"):
            spec = reveal(inputs.get("spec", {}))
            self._definitions[str(spec.get("group")), str(spec.get("names", {}).get("kind"))] = urn
        needs = {urn: sorted((self._declared(urn) | self._implied(urn)) - {urn}) for urn in found}
        try:
            self.numbers = numbers({urn: rank(self._kind(urn)) for urn in found}, needs)
        except ValueError as error:
            raise RenderError([f"resources depend on each other in a circle: {error}"]) from error
        self.after_release = self._after_release(needs)

    def _kind(self, urn: str) -> str:
        resource = self._resources[urn]
        return "Release" if resource.type == _RELEASE else str(resource.inputs["kind"])

    def _inputs_of(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for urn in self._found:
            if self._kind(urn) == kind:
                yield urn, self._resources[urn].inputs

    def _declared(self, urn: str) -> set[str]:
        """Follow dependencies through components and resources outside the cluster to rendered ones."""
        needs: set[str] = set()
        seen: set[str] = set()
        stack = list(self._resources[urn].dependencies)
        while stack:
            each = stack.pop()
            if each in seen or each not in self._resources:
                continue
            seen.add(each)
            if each in self._found:
                needs.add(each)
                continue
            stack += self._resources[each].dependencies
            if not self._resources[each].custom:
                stack += self._children[each]
        return needs

    def _implied(self, urn: str) -> set[str]:
        """Return the namespace that it lives in and the definition of its kind, where the graph has them."""
        inputs = self._resources[urn].inputs
        group = str(inputs.get("apiVersion", "")).rpartition("/")[0]
        implied = (
            self._namespaces.get(self._found[urn].namespace),
            self._definitions.get((group, str(inputs.get("kind")))),
        )
        return {other for other in implied if other is not None}

    def _after_release(self, needs: Mapping[str, list[str]]) -> frozenset[str]:
        after: set[str] = set()
        for urn in sorted(self._found, key=lambda each: self.numbers[each]):
            if any(need in after or self._kind(need) == "Release" for need in needs[urn]):
                after.add(urn)
        return frozenset(after)
