"""The changes to the SDK keep its behaviour: each is compared with the SDK's own function."""

import asyncio
import threading

import pulumi
import pytest
from pulumi import _types
from pulumi.output import Unknown
from pulumi.runtime import _context, rpc
from pulumi.runtime import resource as sdk_resource
from pulumi_kubernetes.apps.v1 import DeploymentInitArgs, DeploymentSpecArgs
from pulumi_kubernetes.core.v1 import PodSpecArgs

from mlplatform.graph import Secret, sdk
from mlplatform.graph.values import encode_struct


def cyclic():
    value = {"a": [1]}
    value["a"].append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "x",
        [],
        {},
        Unknown(),
        [Unknown()],
        {"a": [{"b": Unknown()}]},
        {"a": [{"b": 1}, (Unknown(),)]},
        cyclic(),
        {"same": [shared := [1], shared]},
    ],
)
def test_unknowns_are_found_as_by_the_sdk(value):
    assert sdk.contains_unknowns(value) is rpc.contains_unknowns(value)


def test_a_cyclic_value_is_searched_to_its_end():
    value = cyclic()
    value["a"].append(Unknown())
    assert sdk.contains_unknowns(value)


def test_annotations_mean_what_the_sdk_says():
    remembering = sdk._remembering(_types.unwrap_type)
    for cls in (DeploymentInitArgs, DeploymentSpecArgs, PodSpecArgs):
        for hint in _types._raw_return_hints(cls).values():
            assert remembering(hint) is _types.unwrap_type(hint)
            assert remembering(hint) is _types.unwrap_type(hint), "the second time it is remembered"


@pytest.mark.parametrize(
    "arguments",
    [
        ("name", "a:b:C", "urn:pulumi:s::p::x:y:Z::parent"),
        ("name", "a:b:C", "urn:pulumi:s::p::x:y:Z$q:r:S::par::ent"),
        ("name", "a:b:C", ""),
        ("name", "a:b:C", lambda: pulumi.resource.DependencyResource("urn:pulumi:s::p::x:y:Z::parent")),
        ("name", "a:b:C", None, "project", "stack"),
    ],
)
def test_urns_are_put_together_as_by_the_sdk(arguments):
    async def both():
        plain = [argument() if callable(argument) else argument for argument in arguments]
        quick = sdk._quick_urn(sdk_resource.create_urn)
        return await quick(*plain).future(), await sdk_resource.create_urn(*plain).future()

    ours, theirs = asyncio.run(both())
    assert ours == theirs


def test_structures_are_read_as_by_the_sdk_in_key_order():
    keys = [f"key-{number * 7 % 30}" for number in range(30)]
    inputs = {key: {"b": [1, {"z": None, "a": key}], "a": None} for key in keys}
    struct = encode_struct({**inputs, "secret": Secret({"y": 1, "x": None})})
    ours = sdk._in_key_order(rpc.deserialize_properties)(struct)
    assert ours == rpc.deserialize_properties(struct)
    assert list(ours) == sorted(ours)


@pytest.fixture
def loop():
    loop = sdk.InlineLoop()
    yield loop
    loop.close()


def test_remote_calls_are_answered_in_the_same_thread(loop):
    call = _context.wrap_with_context(threading.get_ident)
    assert loop.run_until_complete(loop.run_in_executor(None, call)) == threading.get_ident()


def test_other_calls_go_to_threads(loop):
    assert loop.run_until_complete(loop.run_in_executor(None, threading.get_ident)) != threading.get_ident()


def test_a_coroutine_that_a_remote_call_returns_is_awaited(loop):
    async def answer():
        await asyncio.sleep(0)
        return 42

    def plain():
        return answer()

    def beside_an_error():
        return answer(), None

    assert loop.run_until_complete(loop.run_in_executor(None, _context.wrap_with_context(plain))) == 42
    beside = loop.run_in_executor(None, _context.wrap_with_context(beside_an_error))
    assert loop.run_until_complete(beside) == (42, None)


def test_an_exception_of_a_remote_call_reaches_who_awaits_it(loop):
    def fail():
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        loop.run_until_complete(loop.run_in_executor(None, _context.wrap_with_context(fail)))
