"""Kubernetes objects and Helm releases out of a resource graph."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mlplatform.graph.model import Resource, ResourceGraph
from mlplatform.render import dependencies
from mlplatform.render.errors import RenderError
from mlplatform.render.values import mask, mask_secret_object, reveal, secret_paths, unknown_paths

_PREFIX: Final = "kubernetes:"
_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_OPAQUE: Final = ("kubernetes:yaml", "kubernetes:kustomize", "kubernetes:helm.sh/")
_STATEFUL_KINDS: Final = frozenset({"PersistentVolume", "PersistentVolumeClaim"})
"""Kinds whose deletion loses data, so that they are kept when they leave the graph."""


@dataclass(frozen=True)
class KubernetesObject:
    """One object as the API server takes it.

    ``manifest`` holds secrets in plain text: it goes to the API server through a pipe and nowhere else. ``masked`` is
    what may be written.
    """

    urn: str
    component: str
    """Name of the top-level component that it belongs to; its own name without one."""
    manifest: Mapping[str, Any] = field(repr=False)
    masked: Mapping[str, Any] = field(repr=False)
    secret_paths: tuple[str, ...]
    secret_sources: tuple[str, ...]
    """URNs of what its secret values come from."""
    number: int
    """Place in the order; see ``mlplatform.render.order``."""
    retain: bool
    """Whether it is kept when it leaves the graph."""
    after_release: bool
    """Whether it depends on a Helm release."""

    @property
    def api_version(self) -> str:
        """Group and version, such as ``apps/v1``."""
        return str(self.manifest["apiVersion"])

    @property
    def group(self) -> str:
        """API group; empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def kind(self) -> str:
        """Kind, such as ``Deployment``."""
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        """Name of the object."""
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Namespace of the object; empty where it has none or leaves it to the API server."""
        return str(self.manifest["metadata"].get("namespace", ""))

    @property
    def label(self) -> str:
        """How messages name it: ``Deployment team-a/web``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class HelmRelease:
    """One release of a Helm chart; ``inputs`` holds secrets in plain text, ``masked`` is what may be written."""

    urn: str
    component: str
    name: str
    namespace: str
    chart: str
    version: str | None
    repository: str | None
    inputs: Mapping[str, Any] = field(repr=False)
    masked: Mapping[str, Any] = field(repr=False)
    number: int
    retain: bool

    @property
    def values(self) -> Mapping[str, Any]:
        """Return the chart's values, secrets in plain text."""
        values: Mapping[str, Any] = self.inputs.get("values", {})
        return values

    @property
    def label(self) -> str:
        """How messages name it: ``Release team-a/hub``."""
        return f"Release {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Rendered:
    """What of a graph goes into the cluster, each part in the order in which it is applied."""

    environment: str
    objects: tuple[KubernetesObject, ...]
    releases: tuple[HelmRelease, ...]


def objects(graph: ResourceGraph) -> list[KubernetesObject]:
    """Return the graph's Kubernetes objects in the order in which they are applied.

    Raises ``RenderError`` as ``render`` does.
    """
    return list(render(graph).objects)


def render(graph: ResourceGraph) -> Rendered:
    """Return everything of a graph that goes into the cluster.

    Raises ``RenderError`` that lists every resource that cannot be rendered, and why: values that are known only after
    a deployment, charts and files that the provider would expand, patches, two resources for one object.
    """
    problems: list[str] = []
    found: dict[str, KubernetesObject | HelmRelease] = {}
    components = dependencies.components(graph)
    for resource in graph.resources:
        if not resource.type.startswith(_PREFIX) or not resource.custom:
            if resource.type.startswith(_OPAQUE):
                problems.append(_unsupported(resource))
            continue
        reasons = _reasons_against(resource)
        if reasons:
            problems += [f"{describe(resource)}: {reason}" for reason in reasons]
        elif resource.type == _RELEASE:
            found[resource.urn] = _release(resource, components[resource.urn])
        else:
            found[resource.urn] = _object(graph, resource, components[resource.urn])
    problems += _duplicates(found.values())
    if problems:
        raise RenderError(problems)
    return _ordered(graph, found)


def describe(resource: Resource) -> str:
    """Name a resource and the line of the program that registered it."""
    text = f"{resource.type} {resource.name!r}"
    return f"{text} ({resource.source})" if resource.source else text


def _unsupported(resource: Resource) -> str:
    return (
        f"{describe(resource)}: the provider expands it only in a deployment; "
        "use a helm.sh/v3 Release, or one resource for each object"
    )


def _reasons_against(resource: Resource) -> list[str]:
    if resource.type.endswith("Patch"):
        return ["a patch of an object that another program owns cannot be rendered"]
    if resource.type.startswith(_OPAQUE) and resource.type != _RELEASE:
        return [_unsupported(resource).partition(": ")[2]]
    unknown = [f"{path} is known only after a deployment" for path in unknown_paths(dict(resource.inputs))]
    if unknown:
        return unknown
    if resource.type == _RELEASE:
        return [] if resource.inputs.get("chart") else ["it names no chart"]
    missing = [key for key in ("apiVersion", "kind") if not isinstance(resource.inputs.get(key), str)]
    if not missing and str(resource.inputs["kind"]).endswith("List") and "items" in resource.inputs:
        return ["a list has no identity of its own; use one resource for each of its items"]
    return [f"{key} is missing" for key in missing]


def _object(graph: ResourceGraph, resource: Resource, component: str) -> KubernetesObject:
    manifest = _with_identity(graph, resource, reveal(dict(resource.inputs)))
    masked = _with_identity(graph, resource, mask(dict(resource.inputs)))
    paths = list(secret_paths(dict(resource.inputs)))
    if manifest["kind"] == "Secret" and manifest["apiVersion"] == "v1":
        masked = mask_secret_object(masked)
        paths = [f"{data}.{key}" for data in ("data", "stringData") for key in sorted(manifest.get(data, {}))] + [
            path for path in paths if not path.startswith(("data", "stringData"))
        ]
    return KubernetesObject(
        urn=resource.urn,
        component=component,
        manifest=manifest,
        masked=masked,
        secret_paths=tuple(paths),
        secret_sources=dependencies.secret_sources(graph, resource) if paths else (),
        number=0,
        retain=_retained(resource) or manifest["kind"] in _STATEFUL_KINDS,
        after_release=False,
    )


def _with_identity(graph: ResourceGraph, resource: Resource, manifest: dict[str, Any]) -> dict[str, Any]:
    """Fill in the name and the namespace that the provider would."""
    metadata = dict(manifest.get("metadata", {}))
    if "name" not in metadata:
        outputs = reveal(resource.outputs.get("metadata") or {})
        metadata["name"] = outputs.get("name", resource.name) if isinstance(outputs, Mapping) else resource.name
    default = dependencies.provider_namespace(graph, resource)
    if default and "namespace" not in metadata and dependencies.is_namespaced(manifest["kind"]):
        metadata["namespace"] = default
    return {**manifest, "metadata": metadata}


def _release(resource: Resource, component: str) -> HelmRelease:
    inputs = reveal(dict(resource.inputs))
    repository = inputs.get("repositoryOpts", {})
    return HelmRelease(
        urn=resource.urn,
        component=component,
        name=str(inputs.get("name", resource.name)),
        namespace=str(inputs.get("namespace", "default")),
        chart=str(inputs["chart"]),
        version=inputs.get("version"),
        repository=repository.get("repo"),
        inputs=inputs,
        masked=mask(dict(resource.inputs)),
        number=0,
        retain=_retained(resource),
    )


def _retained(resource: Resource) -> bool:
    return bool(resource.options.protect or resource.options.retain_on_delete)


def _duplicates(found: Iterable[KubernetesObject | HelmRelease]) -> list[str]:
    first: dict[tuple[str, ...], str] = {}
    problems = []
    for each in found:
        group = each.group if isinstance(each, KubernetesObject) else "helm.sh"
        key = (group, *each.label.split(" "))
        if key in first:
            problems.append(f"{each.label}: registered twice, as {first[key]} and as {each.urn}")
        first.setdefault(key, each.urn)
    return problems


def _ordered(graph: ResourceGraph, found: Mapping[str, KubernetesObject | HelmRelease]) -> Rendered:
    order = dependencies.Order(graph, found)
    placed: Sequence[KubernetesObject | HelmRelease] = sorted(
        (replace(each, number=order.numbers[urn]) for urn, each in found.items()),
        key=lambda each: (each.number, each.label, each.urn),
    )
    return Rendered(
        environment=graph.environment,
        objects=tuple(
            replace(each, after_release=each.urn in order.after_release)
            for each in placed
            if isinstance(each, KubernetesObject)
        ),
        releases=tuple(each for each in placed if isinstance(each, HelmRelease)),
    )
