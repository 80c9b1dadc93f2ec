"""What of a rendered graph is sent to the API server of a cluster whose pods are simulated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlplatform.graph.model import ResourceGraph
from mlplatform.local.deploy.apply import with_namespaces
from mlplatform.local.deploy.kubectl import Key, Kubectl, key_of
from mlplatform.local.deploy.retention import RETAIN
from mlplatform.local.deploy.scrub import Scrubber, secret_values
from mlplatform.local.deploy.simulated import Simulated, without_servers
from mlplatform.render.kubernetes import HelmRelease, KubernetesObject, Rendered, render

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True)
class Planned:
    """One object to be sent: it holds secrets in plain text."""

    source: KubernetesObject
    manifest: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Identity of the object."""
        return key_of(self.manifest)

    @property
    def is_definition(self) -> bool:
        """Whether it defines a kind."""
        return self.key[:2] == _DEFINITION


@dataclass(frozen=True)
class Plan:
    """Objects in the order in which they are applied, releases, and what is left out."""

    objects: tuple[Planned, ...]
    releases: tuple[HelmRelease, ...]
    simulated: tuple[tuple[str, Simulated], ...]
    """By component."""

    def scrubber(self) -> Scrubber:
        """Return what removes the plan's secrets from texts."""
        sources = [(each.source.manifest, each.source.masked) for each in self.objects]
        sources += [(each.inputs, each.masked) for each in self.releases]
        return Scrubber(text for plain, masked in sources for text in secret_values(plain, masked))

    def definitions(self) -> list[Mapping[str, Any]]:
        """Return the CustomResourceDefinitions, which come before everything else."""
        return [each.manifest for each in self.objects if each.is_definition]

    def members(self, kubectl: Kubectl) -> list[Planned]:
        """Return the other objects whose kinds the API server serves."""
        return [each for each in self.objects if not each.is_definition and kubectl.serves(each.manifest)]

    def unserved(self, kubectl: Kubectl) -> list[Planned]:
        """Return the objects whose kinds the API server does not serve."""
        return [each for each in self.objects if not kubectl.serves(each.manifest)]


def make(graph: ResourceGraph, kubectl: Kubectl) -> Plan:
    """Plan the deployment of a graph; raise ``RenderError`` where it cannot be rendered."""
    rendered = render(graph)
    planned, simulated = [], []
    for source, manifest, left_out in _sent(rendered):
        if left_out is not None:
            simulated.append((source.component, left_out))
        if manifest is not None:
            planned.append((source, manifest))
    manifests = with_namespaces(kubectl, [manifest for _, manifest in planned])
    return Plan(
        objects=tuple(Planned(source, manifest) for (source, _), manifest in zip(planned, manifests, strict=True)),
        releases=rendered.releases,
        simulated=tuple(simulated),
    )


def _sent(rendered: Rendered) -> Iterator[tuple[KubernetesObject, dict[str, Any] | None, Simulated | None]]:
    for source in rendered.objects:
        manifest, reason = without_servers(source.manifest)
        if manifest is not None and source.retain:
            metadata = manifest["metadata"]
            annotations = {**metadata.get("annotations", {}), RETAIN: "true"}
            manifest = {**manifest, "metadata": {**metadata, "annotations": annotations}}
        yield source, manifest, Simulated(source.label, reason) if reason else None
