"""Former URNs of resources, worked out as the engine does."""

from collections.abc import Iterator, Sequence

from pulumi.runtime.proto import alias_pb2, resource_pb2

from mlplatform.graph import urns


def aliases_of(
    request: resource_pb2.RegisterResourceRequest, stack: str, project: str, parent_aliases: Sequence[str]
) -> tuple[str, ...]:
    """Give the former URNs that a registration states, then those that it inherits from its parent's."""
    stated = [_stated(alias, request, stack, project) for alias in request.aliases]
    inherited = _inherited(request, stack, project, parent_aliases)
    return tuple(dict.fromkeys([*stated, *request.aliasURNs, *inherited]))


def _stated(alias: alias_pb2.Alias, request: resource_pb2.RegisterResourceRequest, stack: str, project: str) -> str:
    if alias.WhichOneof("alias") == "urn":
        return alias.urn
    spec = alias.spec
    parent = "" if spec.noParent else spec.parentUrn or request.parent
    return urns.make(
        spec.stack or stack, spec.project or project, parent, spec.type or request.type, spec.name or request.name
    )


def _inherited(
    request: resource_pb2.RegisterResourceRequest, stack: str, project: str, parent_aliases: Sequence[str]
) -> Iterator[str]:
    """Give a URN for each former one of the parent, with the resource's own names and types, old and new."""
    own = [(request.type, request.name)]
    for alias in request.aliases:
        if alias.WhichOneof("alias") == "urn":
            own.append((urns.type_of(alias.urn), urns.name_of(alias.urn)))
        else:
            own.append((alias.spec.type or request.type, alias.spec.name or request.name))
    for parent in parent_aliases:
        for type_, name in own:
            yield urns.make(stack, project, parent, type_, _renamed(name, urns.name_of(request.parent), parent))


def _renamed(name: str, parent_name: str, parent_alias: str) -> str:
    """Carry the parent's former name over to a child that is named after it."""
    if not name.startswith(parent_name):
        return name
    return urns.name_of(parent_alias) + name.removeprefix(parent_name)
