"""Where the Pulumi SDK is made deterministic and quick for evaluation. Applied in a child process only, never undone.

Each change replaces an internal of the pinned SDK by something that does the same with less work or in a fixed order;
the tests of this package fail if a new SDK no longer has it.

* Structures from the engine are read in sorted key order: a protobuf map's own order differs from process to process,
  and would show in every ``json.dumps`` of an output.
* A resource's source position is found by walking frames; the SDK reads the source text of the whole stack.
* Debug messages are dropped before a request is made of each.
"""

import asyncio
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pulumi.log
from google.protobuf import struct_pb2
from pulumi.runtime import _callbacks, rpc
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime.proto import source_pb2

_RPC_WRAPPER_MODULE = "pulumi.runtime._context"


class InlineLoop(asyncio.SelectorEventLoop):
    """An event loop that answers the SDK's remote calls at once instead of in threads.

    The monitor is an object in the same process, so a thread would only cost time and make the order of registrations
    random. A monitor method that has to await something returns a coroutine, which is awaited in the caller's place.
    Everything that is not a remote call goes to threads as usual.
    """

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override] # noqa: ANN401 as the base class
        """Run a remote call now, anything else in ``executor``."""
        if executor is not None or func.__module__ != _RPC_WRAPPER_MODULE:
            return super().run_in_executor(executor, func, *args)
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 goes to whoever awaits the call
            failed = self.create_future()
            failed.set_exception(error)
            return failed
        if asyncio.iscoroutine(result):
            return self.create_task(result)
        done = self.create_future()
        done.set_result(result)
        return done


def adapt(root: Path) -> None:
    """Change the SDK in this process; source positions become paths relative to ``root``."""
    pulumi.log.debug = _drop  # type: ignore[assignment]
    rpc.deserialize_properties = _callbacks.deserialize_properties = _in_key_order(rpc.deserialize_properties)
    sdk_resource._get_stack_trace = _source_finder(root)


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
        output = {}
        for key in sorted(fields):
            if keep_internal is False and key.startswith("__") and key != "__provider":
                continue
            value = rpc.deserialize_property(props_struct[key], keep_unknowns, keep_internal)
            if value is not None:
                output[key] = value
        return output

    return deserialize_properties


def _source_finder(root: Path) -> Callable[[], source_pb2.StackTrace]:
    """Make a stand-in for the SDK's stack trace: one frame, the nearest line of the project that asks for a resource.

    Lines of the resource's own constructors are passed over, so that a component is placed where it is used. Code
    outside the project (libraries, the standard library) is passed over too: its path depends on the machine.
    """
    prefix = f"{root}/"

    @cache
    def relative(filename: str) -> str | None:
        if not filename.startswith(prefix) or "/site-packages/" in filename:
            return None
        return filename.removeprefix(prefix)

    def find() -> source_pb2.StackTrace:
        caller = sys._getframe(1)
        resource = caller.f_locals.get("res")
        frame: FrameType | None = caller.f_back
        while frame is not None:
            code = frame.f_code
            file = relative(code.co_filename)
            if file is not None and not (
                code.co_argcount and frame.f_locals.get(code.co_varnames[0]) is resource and resource is not None
            ):
                position = source_pb2.SourcePosition(uri=file, line=frame.f_lineno)
                return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])
            frame = frame.f_back
        return source_pb2.StackTrace()

    return find
