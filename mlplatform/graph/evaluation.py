"""Evaluate programs: a forked process for each pass over each environment, from a parent that has the SDKs loaded.

A process of its own is what a program gets in a deployment: a second run in the same process would see the first one's
modules, configuration and event loop. Forking makes it cheap, for the SDKs are imported once, in the parent.
"""

import importlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlplatform.graph.findings import Finding, Severity
from mlplatform.graph.model import ResourceGraph
from mlplatform.graph.outcome import Failure
from mlplatform.graph.request import Evaluation, EvaluationError, EvaluationRequest, SeveralEvaluationsError

if TYPE_CHECKING:
    from mlplatform.graph.forks import Pass, PassResult

PRELOADED = (
    "pulumi_kubernetes.apps.v1",
    "pulumi_kubernetes.batch.v1",
    "pulumi_kubernetes.core.v1",
    "pulumi_kubernetes.networking.v1",
    "pulumi_kubernetes.rbac.v1",
    "pulumi_random",
)
"""What nearly every program uses, loaded before the first fork; the rest a program loads itself."""

TIMEOUT_SECONDS = 600.0
"""How long one pass may take by default."""

_PASSES = ("preview", "filled")


def evaluate(request: EvaluationRequest, *, timeout: float = TIMEOUT_SECONDS) -> Evaluation:
    """Evaluate one environment; raise ``EvaluationError`` where that is not possible."""
    result = evaluate_each([request], timeout=timeout)[request.environment]
    if isinstance(result, EvaluationError):
        raise result
    return result


def evaluate_all(
    requests: Sequence[EvaluationRequest], *, workers: int | None = None, timeout: float = TIMEOUT_SECONDS
) -> dict[str, Evaluation]:
    """Evaluate several environments in parallel; raise an error that names all that failed."""
    results = evaluate_each(requests, workers=workers, timeout=timeout)
    errors = tuple(result for result in results.values() if isinstance(result, EvaluationError))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralEvaluationsError(errors)
    return {name: result for name, result in results.items() if isinstance(result, Evaluation)}


def evaluate_each(
    requests: Sequence[EvaluationRequest], *, workers: int | None = None, timeout: float = TIMEOUT_SECONDS
) -> dict[str, Evaluation | EvaluationError]:
    """Evaluate several environments in parallel; give a result or an error for each, in the order of the requests.

    ``workers`` is the number of processes at a time, by default the number of processors; ``timeout`` is in seconds
    and holds for each pass. The caller is forked: no other thread of it should hold a lock that a program needs.
    """
    names = [request.environment for request in requests]
    if len(set(names)) != len(names):
        raise ValueError(f"an environment is asked for twice: {', '.join(names)}")
    for module in PRELOADED:
        importlib.import_module(module)
    # Not at the top: whoever only reads graphs should not wait for the Pulumi SDK.
    forks, nurseries = (importlib.import_module(f"mlplatform.graph.{name}") for name in ("forks", "nurseries"))
    groups: dict[object, list[Pass]] = {}
    for request in requests:
        passes = groups.setdefault(request.preload, [])
        passes += [forks.Pass(request, preview=name == "preview") for name in _PASSES]
    results: dict[tuple[str, str], PassResult] = {
        (done.request.environment, "preview" if done.preview else "filled"): result
        for done, result in nurseries.run_groups(list(groups.values()), workers or os.cpu_count() or 1, timeout)
    }
    return {name: _combine(name, *(results[name, kind] for kind in _PASSES)) for name in names}


def _combine(environment: str, preview: "PassResult", filled: "PassResult") -> Evaluation | EvaluationError:
    before, after = preview.outcome, filled.outcome
    if isinstance(after, Failure):
        return _error(environment, after, filled.output)
    if isinstance(before, Failure):
        return _error(environment, before, preview.output)
    findings = {*before.findings, *after.findings, *_only_in_preview(before.graph, after.graph)}
    return Evaluation(
        preview=before.graph,
        filled=after.graph,
        findings=tuple(sorted(findings, key=lambda item: (item.urn, item.path, item.code, item.message))),
        outputs=after.outputs,
        costs={"preview": preview.cost, "filled": filled.cost},
    )


def _error(environment: str, failure: Failure, output: str) -> EvaluationError:
    return EvaluationError(
        environment,
        failure.reason,
        source=failure.source,
        problems=failure.problems,
        output=output,
        details=failure.details,
    )


def _only_in_preview(preview: ResourceGraph, filled: ResourceGraph) -> list[Finding]:
    return [
        Finding(
            resource.urn,
            "",
            "only-in-preview",
            "the program registers the resource in a preview only, so that no deployment makes it",
            resource.source,
            Severity.WARNING,
        )
        for resource in preview.resources
        if resource.urn not in filled.by_urn
    ]
