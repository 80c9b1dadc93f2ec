"""Where the Pulumi SDK is made deterministic and quick for evaluation. Applied in a child process only, never undone.

Each change replaces an internal of the pinned SDK by something that does the same with less work or in a fixed order;
the tests of this package fail if a new SDK no longer has it.

* Structures from the engine are read in sorted key order: a protobuf map's own order differs from process to process,
  and would show in every ``json.dumps`` of an output.
* A resource's source position is found by walking frames; the SDK reads the source text of the whole stack.
* Debug messages are dropped before a request is made of each.
* What a type annotation means is worked out once for each annotation, not for each value.
* A URN whose parts are plain strings takes one output, not five.
* A property of the settings reads its context variable once, not twice.
* The search for unknown values makes no reference cycles, which would pile up while the garbage collector is off.
* Waiting for all outputs to be resolved looks at them when all are, or one fails, and not after each of them.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.log
from google.protobuf import struct_pb2
from pulumi import _types, _utils, output
from pulumi.runtime import _callbacks, rpc, stack
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime.proto import source_pb2

from mlplatform.graph import places

if TYPE_CHECKING:
    from types import FrameType

_RPC_WRAPPER_MODULE = "pulumi.runtime._context"


class InlineLoop(asyncio.SelectorEventLoop):
    """An event loop that answers the SDK's remote calls at once instead of in threads.

    The monitor is an object in the same process, so a thread would only cost time and make the order of registrations
    random. A monitor method that has to await something returns a coroutine, which is awaited in the caller's place.
    Everything that is not a remote call goes to threads as usual.
    """

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override] # noqa: ANN401 as the base class
        """Run a remote call now, anything else in ``executor``."""
        if executor is not None or getattr(func, "__module__", None) != _RPC_WRAPPER_MODULE:
            return super().run_in_executor(executor, func, *args)
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 goes to whoever awaits the call
            failed = self.create_future()
            failed.set_exception(error)
            return failed
        if asyncio.iscoroutine(result):
            return self.create_task(result)
        if isinstance(result, tuple) and asyncio.iscoroutine(result[0]):
            return self.create_task(_with_first_awaited(result))
        done = self.create_future()
        done.set_result(result)
        return done


async def _with_first_awaited(result: tuple[Any, ...]) -> tuple[Any, ...]:
    """Await the answer of an invoke, which the SDK puts beside an error."""
    return (await result[0], *result[1:])


def adapt(root: Path, on_secret: Callable[[Any], None]) -> None:
    """Change the SDK in this process.

    Source positions become paths relative to ``root``; ``on_secret`` hears of every value that is called secret.
    """
    announcing = staticmethod(_announcing(output.Output.secret, on_secret))
    output.Output.secret = announcing  # type: ignore[method-assign, assignment]
    pulumi.log.debug = _drop
    ordered = _in_key_order(rpc.deserialize_properties)
    for module in (rpc, _callbacks):
        setattr(module, rpc.deserialize_properties.__name__, ordered)
    sdk_resource._get_stack_trace = _source_finder(root)
    for module in (rpc, output):
        setattr(module, rpc.contains_unknowns.__name__, contains_unknowns)
    sdk_resource.create_urn = _quick_urn(sdk_resource.create_urn)
    _utils.ContextProperty.__get__ = _get_context_property  # type: ignore[method-assign, assignment]
    vars(stack)["asyncio"] = _PatientAsyncio()
    for function in (_types.unwrap_type, _types.unwrap_optional_type, _types.is_discriminated_union):
        setattr(_types, function.__name__, _remembering(function))


class _PatientAsyncio:
    """The module ``asyncio`` to ``pulumi.runtime.stack``, which waits for the first of hundreds of tasks in a loop."""

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)

    async def wait(self, tasks: Iterable["asyncio.Task[Any]"], *, return_when: str) -> Any:  # noqa: ANN401 as asyncio's
        """Wait for all tasks, or for the first that fails, which is as soon as anybody has to know."""
        patient = asyncio.FIRST_EXCEPTION if return_when == asyncio.FIRST_COMPLETED else return_when
        return await asyncio.wait(tasks, return_when=patient)


def _quick_urn(original: Callable[..., pulumi.Output[str]]) -> Callable[..., pulumi.Output[str]]:
    def create_urn(
        name: pulumi.Input[str],
        type_: pulumi.Input[str],
        parent: pulumi.Resource | pulumi.Input[str] | None = None,
        project: str | None = None,
        stack: str | None = None,
    ) -> pulumi.Output[str]:
        if isinstance(name, str) and isinstance(type_, str):
            if isinstance(parent, str):
                return pulumi.Output.from_input(f"{parent.rpartition('::')[0]}${type_}::{name}")
            if isinstance(parent, pulumi.Resource):
                return parent.urn.apply(lambda urn: f"{urn.rpartition('::')[0]}${type_}::{name}")
        return original(name, type_, parent, project, stack)

    return create_urn


def _get_context_property(self: Any, instance: object | None, _owner: type | None = None) -> Any:  # noqa: ANN401
    value = self.fget()
    return self if instance is None or isinstance(value, dict) else value


def contains_unknowns(val: object) -> bool:
    """Tell whether a value of the program is unknown or holds an unknown one, as the SDK's function of that name."""
    return _holds_unknown(val, ())


def _holds_unknown(value: object, above: tuple[int, ...]) -> bool:
    """Search ``value``; ``above`` has the identities of the containers around it, lest a cyclic one never ends."""
    if isinstance(value, output.Unknown):
        return True
    if not isinstance(value, dict | list) or not value or id(value) in above:
        return False
    inner = (*above, id(value))
    # By key, as the SDK does: an output type's ``values`` may be one of its properties.
    return any(_holds_unknown(value[item] if isinstance(value, dict) else item, inner) for item in value)


def _remembering(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Remember results by the identity of the argument: equal unions may differ in the order of their members."""
    known: dict[int, tuple[Any, Any]] = {}

    def remembering(annotation: Any) -> Any:  # noqa: ANN401 annotations are of any type
        if (entry := known.get(id(annotation))) is not None:
            return entry[1]
        result = function(annotation)
        known[id(annotation)] = (annotation, result)  # keeping the annotation keeps its identity from being reused
        return result

    return remembering


def _announcing(original: Callable[[Any], Any], on_secret: Callable[[Any], None]) -> Callable[[Any], Any]:
    def secret(val: Any) -> Any:  # noqa: ANN401 as the SDK's
        on_secret(val)
        return original(val)

    return secret


def _drop(*_args: object, **_kwargs: object) -> None:
    pass


def _in_key_order(original: Callable[..., Any]) -> Callable[..., Any]:
    def deserialize_properties(
        props_struct: struct_pb2.Struct,
        keep_unknowns: bool | None = None,  # noqa: FBT001 the SDK's signature
        keep_internal: bool | None = True,  # noqa: FBT001, FBT002
    ) -> Any:  # noqa: ANN401
        fields = props_struct.fields
        if rpc._special_sig_key in fields:
            return original(props_struct, keep_unknowns, keep_internal)
        values = {}
        for key in sorted(fields):
            if keep_internal is False and key.startswith("__") and key != "__provider":
                continue
            value = rpc.deserialize_property(props_struct[key], keep_unknowns, keep_internal)
            if value is not None:
                values[key] = value
        return values

    return deserialize_properties


def _source_finder(root: Path) -> Callable[[], source_pb2.StackTrace]:
    """Make a stand-in for the SDK's stack trace: one frame, the nearest line of the project that asks for a resource.

    Lines of the resource's own constructors are passed over, so that a component is placed where it is used. Code
    outside the project (libraries, the standard library) is passed over too: its path depends on the machine.
    """

    @cache
    def relative(filename: str) -> str | None:
        return places.relative(filename, root)

    def find() -> source_pb2.StackTrace:
        caller = sys._getframe(1)
        resource = caller.f_locals.get("res")
        frame: FrameType | None = caller.f_back
        while frame is not None:
            code = frame.f_code
            if places.of_evaluator(code.co_filename):
                break  # below are the frames of whoever asked for the evaluation
            file = relative(code.co_filename)
            if file is not None and not (
                code.co_argcount and frame.f_locals.get(code.co_varnames[0]) is resource and resource is not None
            ):
                position = source_pb2.SourcePosition(uri=file, line=frame.f_lineno)
                return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])
            frame = frame.f_back
        return source_pb2.StackTrace()

    return find
