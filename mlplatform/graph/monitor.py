# ruff: noqa: N802 - methods are named as those of the gRPC service
"""The resource monitor: the service to which the SDK registers resources, as an object in the same process."""

import dataclasses
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from google.protobuf import empty_pb2
from pulumi.runtime.proto import callback_pb2, resource_pb2

from mlplatform.graph import inputs, urns
from mlplatform.graph.callbacks import Callbacks, transform_invoke, transform_registration
from mlplatform.graph.fakes import Fakes, State
from mlplatform.graph.markers import Plain
from mlplatform.graph.model import Resource, Source
from mlplatform.graph.registration import read_resource_of, resource_of, source_of
from mlplatform.graph.request import EvaluationRequest
from mlplatform.graph.values import decode_struct, encode_struct

if TYPE_CHECKING:
    from mlplatform.graph.findings import Finding

_UNSUPPORTED = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_BYTE_STRING,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
)
"""Left out: byte strings have no JSON form; without the second the SDK itself holds back an invoke whose dependencies
do not exist yet."""

FEATURES = tuple(sorted(set(resource_pb2.ResourceMonitorFeature.values()) - set(_UNSUPPORTED)))


class RefusalError(Exception):
    """Something in the program that cannot be evaluated or that the engine would refuse."""

    def __init__(self, message: str, source: Source | None = None) -> None:
        super().__init__(message)
        self.source = source


class Monitor:
    """Records every registration of one pass and answers as an engine would.

    Methods are named as the service's. All calls come from one thread (``sdk.InlineLoop``), so nothing is locked.
    """

    def __init__(self, request: EvaluationRequest, schemas: inputs.Schemas, *, preview: bool) -> None:
        self._stack = request.environment
        self._project = request.project
        self._preview = preview
        self._schemas = schemas
        self._fakes = Fakes(request, preview=preview)
        self._registered: dict[str, Resource] = {}
        self._ids: dict[str, str] = {}
        self._resource_transforms: defaultdict[str, list[callback_pb2.Callback]] = defaultdict(list)
        self._stack_transforms: list[callback_pb2.Callback] = []
        self._invoke_transforms: list[callback_pb2.Callback] = []
        self.callbacks = Callbacks(self)
        self.findings: list[Finding] = []
        self.registered_outputs: dict[str, dict[str, Plain]] = {}

    def resources(self) -> list[Resource]:
        """Give what was registered, in order of registration."""
        return [
            dataclasses.replace(resource, outputs=self.registered_outputs[urn])
            if urn in self.registered_outputs
            else resource
            for urn, resource in self._registered.items()
        ]

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse | Coroutine[Any, Any, resource_pb2.RegisterResourceResponse]:
        """Record a resource, after the transforms that apply to it."""
        transforms = [*request.transforms, *self._inherited_transforms(request.parent), *self._stack_transforms]
        if not transforms:
            return self._register(request)
        return self._transform_and_register(request, transforms)

    def _inherited_transforms(self, parent: str) -> Iterator[callback_pb2.Callback]:
        if not self._resource_transforms:
            return
        while parent:
            yield from self._resource_transforms.get(parent, ())
            ancestor = self._registered.get(parent)
            parent = ancestor.parent or "" if ancestor else ""

    async def _transform_and_register(
        self, request: resource_pb2.RegisterResourceRequest, transforms: list[callback_pb2.Callback]
    ) -> resource_pb2.RegisterResourceResponse:
        own = list(request.transforms)
        request = await transform_registration(self.callbacks, transforms, request)
        response = self._register(request)
        if own:
            self._resource_transforms[response.urn] = own
        return response

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn = urns.make(self._stack, self._project, request.parent, request.type, request.name)
        parent = self._registered.get(request.parent)
        parent_aliases = parent.options.aliases if parent else ()
        resource = resource_of(request, urn, self._stack, self._project, parent_aliases)
        if not request.custom and not request.remote:
            self._record(resource)
            return resource_pb2.RegisterResourceResponse(urn=urn)
        problems = inputs.check(resource, self._schemas)
        self.findings += problems
        if inputs.misshapen(problems):
            # The SDK could not read such outputs. A resource that fails leaves them unknown, and the program goes on.
            self._record(resource)
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        provider = self._registered.get(resource.provider or "")
        if self._fakes.of_unconfigured_provider(provider):
            self._record(resource)
            return resource_pb2.RegisterResourceResponse(urn=urn)
        answer = self._fakes.state(resource, request.object, request.importId, provider)
        self._record(dataclasses.replace(resource, outputs=_with_id(answer)), answer)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=answer.id, object=answer.object)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Record the reading of an existing resource; its state is what is known or a stand-in."""
        urn = urns.make(self._stack, self._project, request.parent, request.type, request.name)
        resource = read_resource_of(request, urn)
        if request.type == "pulumi:pulumi:StackReference" and not self._fakes.knows(urn):
            raise RefusalError(
                f"the stack reference {request.name!r} reads another stack, whose outputs are not known here",
                resource.source,
            )
        answer = self._fakes.state(resource, request.properties, request.id)
        self._record(dataclasses.replace(resource, outputs=_with_id(answer)), answer)
        return resource_pb2.ReadResourceResponse(urn=urn, id=answer.id, properties=answer.object)

    def _record(self, resource: Resource, state: State | None = None) -> None:
        if (other := self._registered.get(resource.urn)) is not None:
            first = f" (the first is at {other.source})" if other.source else ""
            raise RefusalError(f"two resources have the URN {resource.urn}{first}", resource.source)
        self._registered[resource.urn] = resource
        if state is not None:
            self._ids[resource.urn] = state.id

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Record a component's or the stack's outputs."""
        if request.urn in self.registered_outputs:
            resource = self._registered.get(request.urn)
            raise RefusalError(
                f"the outputs of {request.urn} are registered twice", resource.source if resource else None
            )
        self.registered_outputs[request.urn] = decode_struct(request.outputs)
        return empty_pb2.Empty()

    def Invoke(
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse | Coroutine[Any, Any, resource_pb2.ResourceInvokeResponse]:
        """Answer a provider function from the registry of fakes; refuse one that is not listed."""
        if request.tok == "pulumi:pulumi:getResource":
            return self._get_resource(request)
        if self._invoke_transforms:
            return self._transform_and_invoke(request)
        return self._invoke(request)

    async def _transform_and_invoke(
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        return self._invoke(await transform_invoke(self.callbacks, self._invoke_transforms, request))

    def _invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        fake = self._fakes.invoke(request.tok)
        if fake is None:
            raise RefusalError(
                f"the program calls the provider function {request.tok}, for which no answer is known",
                source_of(request.sourcePosition),
            )
        result = fake(decode_struct(request.args))
        return _answer(dict(result))

    def _get_resource(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        urn = request.args.fields["urn"].string_value
        resource = self._registered.get(urn)
        if resource is None:
            raise RefusalError(f"the program gets the resource {urn}, which is not registered")
        found = {"urn": urn, "id": self._ids.get(urn, ""), "state": self.registered_outputs.get(urn, resource.outputs)}
        return _answer(found)

    def Call(self, request: resource_pb2.ResourceCallRequest) -> NoReturn:
        """Refuse a method of a resource: only its provider could answer."""
        raise RefusalError(f"the program calls the resource method {request.tok}, which only its provider can answer")

    def ExistsResource(self, request: resource_pb2.ExistsResourceRequest) -> NoReturn:
        """Refuse to look whether a resource exists: only its provider could answer."""
        raise RefusalError(
            f"the program asks whether the {request.type} {request.id!r} exists, which only its provider knows"
        )

    def RegisterStackTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:
        """Keep a transform of all resources to come."""
        self._stack_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:
        """Keep a transform of all provider functions to come."""
        self._invoke_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: resource_pb2.RegisterResourceHookRequest) -> empty_pb2.Empty:  # noqa: ARG002
        """Accept a lifecycle hook; it would run in a deployment only."""
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: resource_pb2.RegisterErrorHookRequest) -> empty_pb2.Empty:  # noqa: ARG002
        """Accept an error hook; it would run in a deployment only."""
        return empty_pb2.Empty()

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> resource_pb2.RegisterPackageResponse:
        """Name a parameterized package."""
        parameters = request.parameterization if request.HasField("parameterization") else request.extension
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}/{parameters.name}@{parameters.version}")

    def GetDeploymentInfo(self, request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:  # noqa: ARG002
        """Tell the SDK what this monitor can do."""
        return resource_pb2.DeploymentInfo(
            project=self._project, stack=self._stack, dryRun=self._preview, supportedFeatures=FEATURES
        )

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: ARG002
        """Let the program end: there is nothing to wait for."""
        return empty_pb2.Empty()


def _with_id(state: State) -> dict[str, Plain]:
    """Give the outputs with the ID among them, where it is known: others refer to a resource by it."""
    return {"id": state.id, **state.outputs} if state.id else state.outputs


def _answer(result: dict[str, Plain]) -> resource_pb2.ResourceInvokeResponse:
    response = resource_pb2.ResourceInvokeResponse()
    getattr(response, "return").CopyFrom(encode_struct(result))
    return response
