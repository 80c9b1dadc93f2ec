"""Stand-ins for what only a provider would tell."""

import pytest
from pulumi_kubernetes.core.v1 import Service
from pulumi_random import RandomId

from mlplatform.graph import EvaluationRequest, Options, Resource, Secret
from mlplatform.graph.fakes import Fakes
from mlplatform.graph.standins import for_type, status_of, text
from mlplatform.graph.values import decode_struct, encode_struct

assert Service is not RandomId  # both SDKs are loaded, so that their types are known


def resource_of(type_, inputs, name="it", **options):
    return Resource(f"urn:pulumi:s::p::{type_}::{name}", type_, name, None, inputs, options=Options(**options))


def state_of(resource, tmp_path, *, preview=False, given_id="", **request):
    fakes = Fakes(EvaluationRequest("s", {}, tmp_path, **request), preview=preview)
    state = fakes.state(resource, encode_struct(resource.inputs), given_id)
    assert decode_struct(state.object) == dict(sorted(state.outputs.items())), (
        "what the program sees is what is recorded"
    )
    return state


def test_objects_of_kubernetes_have_the_ids_that_the_provider_gives(tmp_path):
    named = {"metadata": {"name": "a", "namespace": "b"}}
    assert state_of(resource_of("kubernetes:core/v1:ConfigMap", named), tmp_path).id == "b/a"
    unplaced = {"metadata": {"name": "a"}}
    assert state_of(resource_of("kubernetes:core/v1:ConfigMap", unplaced), tmp_path).id == "default/a"
    assert state_of(resource_of("kubernetes:core/v1:Namespace", unplaced), tmp_path).id == "a"
    assert state_of(resource_of("kubernetes:karpenter.sh/v1:NodePool", unplaced), tmp_path).id == "a"


def test_an_object_without_a_name_is_named_after_its_resource(tmp_path):
    first = state_of(resource_of("kubernetes:core/v1:ConfigMap", {}, "settings"), tmp_path)
    assert first.outputs["metadata"]["name"].startswith("settings-")
    again = state_of(resource_of("kubernetes:core/v1:ConfigMap", {}, "settings"), tmp_path)
    assert again.outputs == first.outputs
    other = state_of(resource_of("kubernetes:core/v1:ConfigMap", {}, "other"), tmp_path)
    assert other.outputs["metadata"]["uid"] != first.outputs["metadata"]["uid"]


def test_the_status_of_an_object_has_the_declared_form():
    (ingress,) = status_of("kubernetes:core/v1:Service")["loadBalancer"]["ingress"]
    assert ingress["ip"].startswith("192.0.2.")
    assert ingress["hostname"].endswith(".stand-in.invalid")
    assert status_of("kubernetes:core/v1:ConfigMap") == {}
    assert status_of("kubernetes:nowhere.org/v1:Thing") == {}


def test_declared_outputs_have_the_declared_types():
    outputs = for_type("random:index/randomId:RandomId", "urn:x")
    assert {name: type(value) for name, value in outputs.items()} == {
        "b64Std": str,
        "b64Url": str,
        "byteLength": int,
        "dec": str,
        "hex": str,
    }
    assert for_type("random:index/randomId:RandomId", "urn:y")["hex"] != outputs["hex"]


def test_inputs_win_over_stand_ins(tmp_path):
    outputs = state_of(resource_of("random:index/randomId:RandomId", {"byteLength": 8}), tmp_path).outputs
    assert outputs["byteLength"] == 8


@pytest.mark.parametrize("length", [1, 8, 20, 200])
def test_random_texts_have_the_length_asked_for(tmp_path, length):
    secret = resource_of("random:index/randomPassword:RandomPassword", {"length": length})
    result = state_of(secret, tmp_path).outputs["result"]
    assert isinstance(result, Secret)
    assert len(result.value) == length == len(text(length, "x"))
    plain = resource_of("random:index/randomString:RandomString", {"length": length})
    assert len(state_of(plain, tmp_path).outputs["result"]) == length


def test_declared_secret_outputs_are_secret(tmp_path):
    resource = resource_of("x:y:Z", {"token": "t", "name": "n"}, additional_secret_outputs=("token",))
    assert state_of(resource, tmp_path).outputs == {"token": Secret("t"), "name": "n"}


def test_a_preview_knows_inputs_and_nothing_more(tmp_path):
    resource = resource_of("random:index/randomId:RandomId", {"byteLength": 8})
    state = state_of(resource, tmp_path, preview=True)
    assert state.id == ""
    assert state.outputs == {"byteLength": 8}


@pytest.mark.parametrize("preview", [True, False])
def test_known_outputs_win_over_everything(tmp_path, preview):
    resource = resource_of("random:index/randomId:RandomId", {"byteLength": 8})
    known = {resource.urn: {"id": "known", "hex": Secret("beef"), "byteLength": 2}}
    state = state_of(resource, tmp_path, preview=preview, known_outputs=known)
    assert state.id == "known"
    assert state.outputs["hex"] == Secret("beef")
    assert state.outputs["byteLength"] == 2


def test_a_given_id_is_kept(tmp_path):
    resource = resource_of("kubernetes:core/v1:ConfigMap", {"metadata": {"name": "a"}})
    assert state_of(resource, tmp_path, given_id="kube-system/a").id == "kube-system/a"
