"""Transforms: functions of the program that the engine calls back for each resource or invoke."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from google.protobuf.message import Message
from pulumi.runtime import _callbacks
from pulumi.runtime.proto import callback_pb2, resource_pb2

ResponseT = TypeVar("ResponseT", bound=Message)


class Callbacks(_callbacks._CallbackServicer):
    """The SDK's registry of callbacks without the server that a separate engine would need."""

    def __init__(self, monitor: Any) -> None:  # noqa: ANN401 duck-typed by the SDK
        self._callbacks: dict[str, Callable[[bytes], Awaitable[Message]]] = {}
        self._transforms = {}
        self._state_migrations = {}
        self._monitor = monitor
        self._target = "in-process"

    async def call(self, callback: callback_pb2.Callback, request: Message, response: type[ResponseT]) -> ResponseT:
        """Run one callback on a copy of ``request``."""
        answer = await self._callbacks[callback.token](request.SerializeToString())
        return response.FromString(answer.SerializeToString())


async def transform_registration(
    callbacks: Callbacks,
    transforms: Iterable[callback_pb2.Callback],
    request: resource_pb2.RegisterResourceRequest,
) -> resource_pb2.RegisterResourceRequest:
    """Run ``transforms`` in order, each on what the one before gave."""
    current = resource_pb2.RegisterResourceRequest()
    current.CopyFrom(request)
    for transform in transforms:
        asked = resource_pb2.TransformRequest(
            type=current.type,
            name=current.name,
            custom=current.custom,
            parent=current.parent,
            properties=current.object,
            options=_options(current),
        )
        answer = await callbacks.call(transform, asked, resource_pb2.TransformResponse)
        current.object.CopyFrom(answer.properties)
        if answer.HasField("options"):
            _set_options(current, answer.options)
    return current


async def transform_invoke(
    callbacks: Callbacks, transforms: Iterable[callback_pb2.Callback], request: resource_pb2.ResourceInvokeRequest
) -> resource_pb2.ResourceInvokeRequest:
    """Run ``transforms`` in order on a provider function's arguments."""
    current = resource_pb2.ResourceInvokeRequest()
    current.CopyFrom(request)
    for transform in transforms:
        asked = resource_pb2.TransformInvokeRequest(
            token=current.tok,
            args=current.args,
            options=resource_pb2.TransformInvokeOptions(
                provider=current.provider, version=current.version, plugin_download_url=current.pluginDownloadURL
            ),
        )
        answer = await callbacks.call(transform, asked, resource_pb2.TransformInvokeResponse)
        current.args.CopyFrom(answer.args)
        if answer.HasField("options"):
            current.provider = answer.options.provider
            current.version = answer.options.version
            current.pluginDownloadURL = answer.options.plugin_download_url
    return current


# Names of the same option in a registration and in what a transform sees, where they differ.
_REPEATED = {
    "dependencies": "depends_on",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "aliases": "aliases",
    "additionalSecretOutputs": "additional_secret_outputs",
    "replace_with": "replace_with",
}
_PLAIN = {
    "version": "version",
    "provider": "provider",
    "pluginDownloadURL": "plugin_download_url",
    "deletedWith": "deleted_with",
    "importId": "import",
}
_OPTIONAL = {"protect": "protect", "retainOnDelete": "retain_on_delete"}
_MESSAGES = {"hooks": "hooks", "replacement_trigger": "replacement_trigger", "customTimeouts": "custom_timeouts"}


def _options(registration: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions()
    request: Any = registration  # fields are taken by name below
    for ours, theirs in _REPEATED.items():
        getattr(options, theirs).extend(getattr(request, ours))
    for ours, theirs in _PLAIN.items():
        setattr(options, theirs, getattr(request, ours))
    for ours, theirs in _OPTIONAL.items():
        if request.HasField(ours):
            setattr(options, theirs, getattr(request, ours))
    for ours, theirs in _MESSAGES.items():
        if request.HasField(ours):
            getattr(options, theirs).CopyFrom(getattr(request, ours))
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    options.providers.update(request.providers)
    return options


def _set_options(
    registration: resource_pb2.RegisterResourceRequest, transformed: resource_pb2.TransformResourceOptions
) -> None:
    request: Any = registration
    options: Any = transformed
    for ours, theirs in _REPEATED.items():
        request.ClearField(ours)
        getattr(request, ours).extend(getattr(options, theirs))
    for ours, theirs in _PLAIN.items():
        setattr(request, ours, getattr(options, theirs))
    for ours, theirs in _OPTIONAL.items():
        request.ClearField(ours)
        if options.HasField(theirs):
            setattr(request, ours, getattr(options, theirs))
    for ours, theirs in _MESSAGES.items():
        request.ClearField(ours)
        if options.HasField(theirs):
            getattr(request, ours).CopyFrom(getattr(options, theirs))
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace
    request.ClearField("providers")
    request.providers.update(options.providers)
