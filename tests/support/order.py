"""What a graph says of the order of creation."""

from mlplatform.graph import Resource, ResourceGraph


def before(graph: ResourceGraph, resource: Resource) -> set[str]:
    """Return the names of all resources that are made before ``resource``, and so deleted after it."""
    by_urn = {each.urn: each for each in graph.resources}
    found: set[str] = set()
    open_urns = [resource.urn]
    while open_urns:
        each = by_urn[open_urns.pop()]
        provider = (each.provider or "").rpartition("::")[0]
        for urn in (*each.dependencies, each.provider or "", provider):
            if urn in by_urn and urn not in found:
                found.add(urn)
                open_urns.append(urn)
    return {by_urn[urn].name for urn in found}
