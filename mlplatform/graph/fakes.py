"""The provider's half: states of resources and answers of provider functions, known without any provider.

Everything here is a pure function of the request and the registration, so that two evaluations agree.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml
from google.protobuf import struct_pb2

from mlplatform.graph import clouds, kubernetes, standins
from mlplatform.graph.markers import Plain, Secret, holds_unknown, make_secret
from mlplatform.graph.model import Resource
from mlplatform.graph.request import EvaluationRequest, InvokeFake
from mlplatform.graph.sdk_types import resource_class
from mlplatform.graph.values import encode_into, wrap_secret


@dataclass(frozen=True, slots=True)
class State:
    """A resource's state as a provider would return it."""

    id: str
    """Empty where it is unknown."""
    object: struct_pb2.Struct
    """Outputs, as the SDK reads them."""
    outputs: dict[str, Plain]
    """The same, as model values."""


def _decode_yaml(arguments: Mapping[str, Plain]) -> Mapping[str, Plain]:
    """Parse manifests, as ``kubernetes:yaml:decode`` does."""
    documents = yaml.safe_load_all(arguments["text"])
    return {"result": [document for document in documents if document is not None]}


INVOKES: Mapping[str, InvokeFake] = {"kubernetes:yaml:decode": _decode_yaml}
"""Answers to provider functions by token; a request may bring more."""


class Fakes:
    """States and answers for one pass."""

    def __init__(self, request: EvaluationRequest, *, preview: bool) -> None:
        self._known = request.known_outputs
        self._invokes = {**INVOKES, **request.invokes}
        self._preview = preview

    def knows(self, urn: str) -> bool:
        """Tell whether the request brings outputs of the resource."""
        return urn in self._known

    def invoke(self, token: str) -> InvokeFake | None:
        """Find the answer to a provider function."""
        return self._invokes.get(token)

    def of_unconfigured_provider(self, provider: Resource | None) -> bool:
        """Tell whether a provider's settings are unknown still, so that it can tell nothing about its resources."""
        return self._preview and provider is not None and holds_unknown(provider.inputs)

    def state(
        self, resource: Resource, inputs: struct_pb2.Struct, given_id: str, provider: Resource | None = None
    ) -> State:
        """Give the state of a custom resource: inputs, then stand-ins (in the filled pass), then known outputs.

        ``given_id`` is the ID of a resource that is read or imported.
        """
        identity, added = (given_id, _dry_run(resource)) if self._preview else _stand_ins(resource, given_id, provider)
        known = dict(self._known.get(resource.urn, {}))
        identity = known.pop("id", identity)
        added.update(known)
        outputs = {**resource.inputs, **added}
        state = inputs
        if added or resource.options.additional_secret_outputs:
            state = struct_pb2.Struct()
            state.CopyFrom(inputs)
            for name, value in added.items():
                encode_into(state.fields[name], value)
            _mark_secrets(resource.options.additional_secret_outputs, state, outputs)
        return State(identity, state, outputs)


def _mark_secrets(names: tuple[str, ...], state: struct_pb2.Struct, outputs: dict[str, Plain]) -> None:
    for name in names:
        if name in outputs:
            outputs[name] = make_secret(outputs[name])
            plain = struct_pb2.Value()
            plain.CopyFrom(state.fields[name])
            state.fields[name].Clear()
            wrap_secret(state.fields[name], plain)


def _stand_ins(resource: Resource, given_id: str, provider: Resource | None) -> tuple[str, dict[str, Plain]]:
    """Give the ID and the outputs that are not inputs, or that are more than the inputs are."""
    if kubernetes.is_object(resource.type):
        added = _kubernetes_object(resource)
        return given_id or kubernetes.object_id(added.get("metadata", {})), added
    if kubernetes.is_provider(resource.type):
        return given_id or standins.unique_id(resource.urn), {}
    own_name = f"{resource.name}-{standins.digest(resource.urn)}"
    added = standins.for_type(resource.type, resource.urn)
    if "name" in added:
        added["name"] = own_name
    if (random := _RANDOM.get(resource.type)) is not None:
        added.update(random(resource))
    identity, told = clouds.outputs(resource, provider.inputs if provider else {}, own_name)
    added.update({name: value for name, value in told.items() if name in added})
    return given_id or identity, {
        **{name: value for name, value in added.items() if name not in resource.inputs},
        **standins.within(resource.type, resource.urn, resource.inputs, known=True),
    }


def _dry_run(resource: Resource) -> dict[str, Plain]:
    """Give what a preview has beside the inputs.

    Of an object of Kubernetes this is what the API server's dry run tells, of any other resource the fields inside its
    inputs that its provider would compute, as unknown ones.
    """
    if kubernetes.is_object(resource.type):
        return _metadata(resource)
    return standins.within(resource.type, resource.urn, resource.inputs, known=False)


def _metadata(resource: Resource) -> dict[str, Plain]:
    """Fill in what the API server sets in metadata: a name, the default namespace, a UID."""
    given = resource.inputs.get("metadata", {})
    if not isinstance(given, dict):
        return {}
    defaults = {"name": f"{resource.name}-{standins.digest(resource.urn)}"}
    if resource_class(resource.type) is not None and kubernetes.kind_of(resource.type) not in kubernetes.CLUSTER_SCOPED:
        defaults["namespace"] = "default"
    return {"metadata": {**defaults, **given, "uid": standins.unique_id(resource.urn)}}


def _kubernetes_object(resource: Resource) -> dict[str, Plain]:
    added = _metadata(resource)
    if "status" not in resource.inputs and (status := standins.status_of(resource.type)):
        added["status"] = status
    return added


def _password(resource: Resource) -> dict[str, Plain]:
    return {"result": Secret(_characters(resource)), "bcryptHash": Secret(standins.text(60, resource.urn, "hash"))}


def _string(resource: Resource) -> dict[str, Plain]:
    return {"result": _characters(resource)}


def _bytes(resource: Resource) -> dict[str, Plain]:
    length = resource.inputs.get("length")
    data = bytes.fromhex(standins.text(2 * (length if isinstance(length, int) else _DEFAULT_LENGTH), resource.urn))
    return {"base64": Secret(base64.b64encode(data).decode()), "hex": Secret(data.hex())}


def _uuid(resource: Resource) -> dict[str, Plain]:
    return {"result": standins.unique_id(resource.urn)}


def _characters(resource: Resource) -> str:
    length = resource.inputs.get("length")
    return standins.text(length if isinstance(length, int) else _DEFAULT_LENGTH, resource.urn)


_DEFAULT_LENGTH = 16
_RANDOM: Mapping[str, Callable[[Resource], dict[str, Plain]]] = {
    "random:index/randomPassword:RandomPassword": _password,
    "random:index/randomString:RandomString": _string,
    "random:index/randomBytes:RandomBytes": _bytes,
    "random:index/randomUuid:RandomUuid": _uuid,
}
"""Resources whose outputs follow from their inputs in form."""
