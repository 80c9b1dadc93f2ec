"""Remarks on how a program is put together, apart from the inputs of its resources."""

from collections.abc import Collection, Iterable, Iterator

from mlplatform.graph import kubernetes, urns
from mlplatform.graph.findings import Finding, Severity
from mlplatform.graph.model import Resource


def check(
    resources: Iterable[Resource], *, project: str, with_outputs: Collection[str], opaque: Collection[str]
) -> list[Finding]:
    """Give the remarks; ``with_outputs`` are the URNs whose outputs were registered."""
    by_urn = {resource.urn: resource for resource in resources}
    return [
        Finding(resource.urn, "", code, message, resource.source, severity)
        for resource in by_urn.values()
        for code, message, severity in _remarks(resource, by_urn, project, with_outputs, opaque)
    ]


def _remarks(
    resource: Resource,
    by_urn: dict[str, Resource],
    project: str,
    with_outputs: Collection[str],
    opaque: Collection[str],
) -> Iterator[tuple[str, str, Severity]]:
    if not urns.well_formed(resource.type):
        yield "type-token", f"the type {resource.type!r} does not read package:module:Type", Severity.ERROR
    if _hides_resources(resource) and resource.type not in opaque:
        yield "not-looked-into", "makes resources that cannot be seen without deploying it", Severity.NOTE
    if resource.options.component and not resource.remote and resource.urn not in with_outputs:
        yield "unregistered-outputs", "the component never calls register_outputs", Severity.WARNING
    parent = by_urn.get(resource.parent or "")
    if parent is not None and parent.type.startswith(f"{project}:") and not _named_after(resource, parent):
        yield (
            "child-name",
            f"the name should be {parent.name}-<role>, after the component that it is in",
            Severity.WARNING,
        )


def _hides_resources(resource: Resource) -> bool:
    return resource.remote or kubernetes.is_release(resource.type)


def _named_after(resource: Resource, parent: Resource) -> bool:
    return resource.name == parent.name or resource.name.startswith(f"{parent.name}-")
