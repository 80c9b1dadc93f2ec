"""One pass over one program, in a process of its own."""

import asyncio
import contextvars
import gc
import os
import re
import runpy
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pulumi.runtime
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import settings

from mlplatform.graph import order, places, redact, sdk, structure
from mlplatform.graph.engine import Engine
from mlplatform.graph.findings import Finding
from mlplatform.graph.inputs import SchemaError, Schemas
from mlplatform.graph.markers import Secret
from mlplatform.graph.model import Resource, ResourceGraph, Source
from mlplatform.graph.monitor import Monitor, RefusalError
from mlplatform.graph.outcome import Failure, Success
from mlplatform.graph.redact import Redactor
from mlplatform.graph.request import EvaluationRequest
from mlplatform.graph.urns import STACK_TYPE

_UNSERIALIZABLE = re.compile(
    r"While processing resource: '(?P<name>.*)', type:? '(?P<type>.*)'\n.*has risen: (?P<reason>.*)\Z", re.DOTALL
)
"""How the SDK says that an input cannot be sent; what it says in between shows the whole input."""


def run(request: EvaluationRequest, redactor: Redactor, *, preview: bool) -> Success | Failure:
    """Run the program to its end and describe what it registered. Changes this process for good.

    ``redactor`` learns every secret that turns up.
    """
    gc.disable()
    program = request.program.resolve()
    root = places.project_root(program)
    redactor.learn([Secret(request.config[key]) for key in request.secret_keys if key in request.config])
    redactor.learn([dict(outputs) for outputs in request.known_outputs.values()])
    # A context of its own: the SDK keeps its state in context variables, and the parent may have used the SDK.
    return contextvars.Context().run(_run, request, program, root, redactor, preview=preview)


def _enter(program: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        del os.environ[name]
    os.chdir(program)
    sys.path.insert(0, str(program))
    sys.argv = [str(program)]


def _run(
    request: EvaluationRequest, program: Path, root: Path, redactor: Redactor, *, preview: bool
) -> Success | Failure:
    try:
        schemas = Schemas.find(request.schemas, root)
    except SchemaError as error:
        return Failure(str(error))
    _enter(program)
    sdk.adapt(root, on_secret=lambda value: redactor.learn(Secret(value)))
    engine = Engine()
    pulumi_config.set_all_config(dict(request.config), sorted(request.secret_keys))
    loop = sdk.InlineLoop()
    asyncio.set_event_loop(loop)
    monitor = Monitor(request, schemas, preview=preview)
    settings.configure(
        settings.Settings(
            project=request.project,
            stack=request.environment,
            organization="organization",
            root_directory=str(root),
            monitor=monitor,
            engine=engine,
            dry_run=preview,
        )
    )
    settings.SETTINGS.callbacks = monitor.callbacks

    def main() -> None:
        runpy.run_path(str(program), run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(main))
    except (Exception, SystemExit) as error:  # noqa: BLE001 whatever the program raises is reported
        _learn(redactor, monitor)
        return failure(error, root, redactor)
    _learn(redactor, monitor)
    resources = order.canonical(monitor.resources())
    stack = next(resource for resource in resources if resource.type == STACK_TYPE)
    findings = [*_placed(engine.findings, resources), *monitor.findings, *_findings(request, resources, monitor)]
    cleaned = tuple(replace(finding, message=redactor.clean(finding.message)) for finding in findings)
    return Success(ResourceGraph(request.environment, resources), stack.outputs, cleaned)


def _placed(findings: Iterable[Finding], resources: Iterable[Resource]) -> list[Finding]:
    """Give messages about a resource the resource's place."""
    sources = {resource.urn: resource.source for resource in resources}
    return [replace(finding, source=sources.get(finding.urn)) for finding in findings]


def _findings(request: EvaluationRequest, resources: Sequence[Resource], monitor: Monitor) -> list[Finding]:
    return structure.check(
        resources,
        project=request.project,
        with_outputs=monitor.registered_outputs.keys(),
        opaque=request.opaque_types,
    )


def _learn(redactor: Redactor, monitor: Monitor) -> None:
    redactor.learn([[resource.inputs, resource.outputs] for resource in monitor.resources()])


def failure(error: BaseException, root: Path, redactor: Redactor) -> Failure:
    """Describe an exception without a secret."""
    kind = type(error).__name__
    if redact.comes_from_secret(error):
        reason = f"{kind} in a function applied to a secret value; {redact.WITHHELD}"
        details = "".join(line for link in redact.chain(error) for line in traceback.format_tb(link.__traceback__))
        return Failure(reason, _source(error, root), (), redactor.clean(details))
    return Failure(
        redactor.clean(_reason(error)),
        _source(error, root),
        tuple(getattr(error, "problems", ())),
        redactor.clean("".join(traceback.format_exception(error))),
    )


def _reason(error: BaseException) -> str:
    text = str(error).strip()
    if isinstance(error, RefusalError | SchemaError) or hasattr(error, "problems"):
        return text
    if isinstance(error, SystemExit):
        return f"the program ended itself with status {error.code!r}"
    if (unserializable := _UNSERIALIZABLE.match(text)) is not None:
        return "the resource {name} ({type}): {reason}".format(**unserializable.groupdict())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _source(error: BaseException, root: Path) -> Source | None:
    """Find the innermost line of the project that the exception passed through."""
    for link in redact.chain(error):
        if isinstance(link, RefusalError) and link.source is not None:
            return link.source
    for link in redact.chain(error):
        if found := list(_frames_of_project(link, root)):
            return found[-1]
    return None


def _frames_of_project(error: BaseException, root: Path) -> Iterator[Source]:
    for frame in redact.frames(error.__traceback__):
        file = places.relative(frame.tb_frame.f_code.co_filename, root)
        if file is not None:
            yield Source(file, frame.tb_lineno)
