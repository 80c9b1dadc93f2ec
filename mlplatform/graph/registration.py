"""Registrations, as the SDK sends them, to resources of the model."""

from collections.abc import Iterable, Sequence

from pulumi.runtime.proto import resource_pb2, source_pb2

from mlplatform.graph import urns
from mlplatform.graph.aliases import aliases_of
from mlplatform.graph.markers import Plain, Secret, make_secret
from mlplatform.graph.model import Options, Resource, Source
from mlplatform.graph.values import decode, decode_struct

_HOOK_EVENTS = (
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
    "on_error",
)


def source_of(position: source_pb2.SourcePosition) -> Source | None:
    """Give the project's line that asks for a resource; see ``sdk.adapt``."""
    return Source(position.uri, position.line) if position.uri else None


def resource_of(
    request: resource_pb2.RegisterResourceRequest, urn: str, stack: str, project: str, parent_aliases: Sequence[str]
) -> Resource:
    """Describe a registration; ``parent_aliases`` are the former URNs of its parent."""
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent or None,
        inputs=_inputs(decode_struct(request.object), request.additionalSecretOutputs),
        dependencies=tuple(sorted(set(request.dependencies))),
        property_dependencies={
            key: tuple(sorted(set(dependencies.urns)))
            for key, dependencies in sorted(request.propertyDependencies.items())
            if dependencies.urns
        },
        provider=urns.provider_of(request.provider),
        options=_options(request, stack, project, parent_aliases),
        source=source_of(request.sourcePosition),
    )


def read_resource_of(request: resource_pb2.ReadResourceRequest, urn: str) -> Resource:
    """Describe the reading of a resource that exists already."""
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent or None,
        inputs=_inputs(decode_struct(request.properties), request.additionalSecretOutputs),
        dependencies=tuple(sorted(set(request.dependencies))),
        provider=urns.provider_of(request.provider),
        options=Options(
            read=request.id,
            version=request.version,
            plugin_download_url=request.pluginDownloadURL,
            additional_secret_outputs=tuple(sorted(set(request.additionalSecretOutputs))),
        ),
        source=source_of(request.sourcePosition),
    )


def _inputs(inputs: dict[str, Plain], secret_outputs: Iterable[str]) -> dict[str, Plain]:
    """Mark inputs whose outputs are secret, for their values are the same; leaf by leaf, so that keys stay visible."""
    for name in secret_outputs:
        if name in inputs:
            value = inputs[name]
            inputs[name] = make_secret(value.value if isinstance(value, Secret) else value)
    return inputs


def _options(
    request: resource_pb2.RegisterResourceRequest, stack: str, project: str, parent_aliases: Sequence[str]
) -> Options:
    timeouts = request.customTimeouts
    return Options(
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        aliases=aliases_of(request, stack, project, parent_aliases),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        hide_diffs=tuple(request.hideDiffs),
        additional_secret_outputs=tuple(sorted(set(request.additionalSecretOutputs))),
        custom_timeouts={
            name: value for name in ("create", "delete", "read", "update") if (value := getattr(timeouts, name))
        },
        version=request.version,
        plugin_download_url=request.pluginDownloadURL,
        import_id=request.importId,
        deleted_with=request.deletedWith,
        replace_with=tuple(sorted(set(request.replace_with))),
        replacement_trigger=decode(request.replacement_trigger) if request.HasField("replacement_trigger") else None,
        providers={
            package: urn
            for package, reference in sorted(request.providers.items())
            if (urn := urns.provider_of(reference)) is not None
        },
        hooks={event: tuple(names) for event in _HOOK_EVENTS if (names := getattr(request.hooks, event))},
        component=not request.custom,
        remote=request.remote,
    )
