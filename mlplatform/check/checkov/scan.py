"""Runs checkov over Terraform plans and Kubernetes objects, and finds out which of our resources it means."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from mlplatform.check.checkov.installation import Checkov
from mlplatform.check.findings import Finding, Severity
from mlplatform.errors import UserError
from mlplatform.graph.model import ResourceGraph
from mlplatform.render.kubernetes import KubernetesObject
from mlplatform.render.terraform import Plan

TOOL: Final = "checkov"

_KUBERNETES: Final = "kubernetes"
_TERRAFORM: Final = "terraform"
_PASSED: Final = "PASSED"
_SKIPPED: Final = "SKIPPED"
_TOLD_LINES: Final = 12

_OWN_VARIABLES: Final = ("BC_", "CHECKOV_", "CKV_", "PRISMA_", "PYTHON")
"""Starts of variables that would change what checkov does: reports must not depend on whose machine it is."""


@dataclass(frozen=True)
class Target:
    """What is scanned of one environment."""

    graph: ResourceGraph
    plan: Plan
    objects: Sequence[KubernetesObject]


@dataclass(frozen=True)
class Scanned:
    """What checkov says of one environment."""

    passed: int
    """How many rules were kept; a rule counts once for each resource."""
    findings: tuple[Finding, ...]


def scan(checkov: Checkov, targets: Sequence[Target]) -> list[Scanned]:
    """Scan all environments in one process; give the results in the same order.

    Raises ``UserError`` where checkov fails, or passes over anything that it was given.
    """
    with tempfile.TemporaryDirectory(prefix="mlplatform-check-") as name:
        directory = Path(name).resolve()
        prepared = [_Input(target, directory / str(number)) for number, target in enumerate(targets)]
        results = _run(checkov, directory, [part for each in prepared for part in each.parts()])
        found = {(result["name"], result["kind"]): result for result in results}
        return [each.read(found) for each in prepared]


class _Input:
    """The files of one environment, and which resource each is."""

    def __init__(self, target: Target, directory: Path) -> None:
        self._graph = target.graph
        self._directory = directory
        self._addresses = target.plan.urns
        directory.mkdir()
        self._plan = directory / "plan.json"
        self._plan.write_text(json.dumps(with_references(target.plan)), encoding="utf-8")
        self._files: dict[str, str] = {}
        for number, each in enumerate(target.objects):
            file = directory / f"{number:05d}.json"
            file.write_text(json.dumps(each.masked), encoding="utf-8")
            self._files[str(file)] = each.urn

    def parts(self) -> Iterator[dict[str, Any]]:
        if self._addresses:
            yield {"name": str(self._directory), "kind": _TERRAFORM, "files": [str(self._plan)]}
        if self._files:
            yield {"name": str(self._directory), "kind": _KUBERNETES, "files": sorted(self._files)}

    def read(self, results: Mapping[tuple[str, str], dict[str, Any]]) -> Scanned:
        passed, findings = 0, set()
        for kind, urns in ((_TERRAFORM, self._addresses), (_KUBERNETES, self._files)):
            result = results.get((str(self._directory), kind))
            if result is None:
                continue
            missed = sorted(set(urns) - set(result["seen"]))
            if missed or result["unread"]:
                names = ", ".join([*result["unread"], *(urns[each] for each in missed)][:_TOLD_LINES])
                raise UserError(f"checkov passed over {len(missed)} of {len(urns)} resources: {names}")
            for record in result["records"]:
                if record["result"] == _PASSED:
                    passed += 1
                    continue
                urn = urns[record["file"] if kind == _KUBERNETES else record["resource"]]
                findings.add(_finding(self._graph, urn, record))
        return Scanned(passed, tuple(sorted(findings, key=lambda each: (each.rule, each.urn, each.message))))


def _finding(graph: ResourceGraph, urn: str, record: Mapping[str, Any]) -> Finding:
    keys = sorted({key.replace("/[0]", "") for key in record["keys"] if key})
    looked = f" (looked at: {', '.join(keys)})" if keys else ""
    remedy = "change the resource, or waive the rule with a reason"
    if record["result"] == _SKIPPED:
        # A comment in an object is no decision that anybody can find again.
        remedy = "remove the annotation that skips the rule; a decision to live with it belongs among the waivers"
    if record["guideline"]:
        remedy = f"{remedy}; see {record['guideline']}"
    return Finding(
        tool=TOOL,
        rule=record["rule"],
        urn=urn,
        severity=Severity.ERROR,
        message=f"{record['title']}{looked}",
        remedy=remedy,
        source=graph.by_urn[urn].source,
    )


def with_references(plan: Plan) -> dict[str, Any]:
    """Return the plan with all references in place of values that are unknown.

    checkov puts the first of an argument's references there by itself. An argument that names several resources, such
    as the security groups of a function, would seem to name that one only.
    """
    expressions = {
        each["address"]: each["expressions"] for each in plan.document["configuration"]["root_module"]["resources"]
    }
    planned = plan.document["planned_values"]["root_module"]["resources"]
    resources_ = [{**each, "values": _referring(each["values"], expressions[each["address"]])} for each in planned]
    return {**plan.document, "planned_values": {"root_module": {"resources": resources_}}}


def _referring(values: Mapping[str, Any], expressions: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(values)
    for name, expression in expressions.items():
        value = values.get(name)
        if isinstance(expression, list) and isinstance(value, list):
            pairs = zip(value, expression, strict=True)
            filled[name] = [_referring(*pair) if isinstance(pair[0], dict) else pair[0] for pair in pairs]
        elif isinstance(expression, dict) and "references" in expression:
            # Each comes twice: with an attribute, and as a whole.
            attributes = expression["references"][::2]
            if len(attributes) > 1 and (value is None or (isinstance(value, list) and None in value)):
                filled[name] = [*(each for each in value or () if each is not None), *attributes]
        elif isinstance(expression, dict) and isinstance(value, dict):
            filled[name] = _referring(value, expression)
    return filled


def _run(checkov: Checkov, directory: Path, parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not parts:
        return []
    inputs, results = directory / "inputs.json", directory / "results.json"
    inputs.write_text(json.dumps(parts), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(_OWN_VARIABLES)}
    with resources.as_file(resources.files("mlplatform.check.checkov") / "worker.py") as worker:
        done = subprocess.run(
            [str(checkov.python), "-I", str(worker), str(inputs), str(results)],
            cwd=directory,
            env={
                **environment,
                "CHECKOV_PARALLELIZATION_TYPE": "none",
                "EVAL_TF_PLAN_AFTER_UNKNOWN": "True",
                "LOG_LEVEL": "ERROR",
                "PYTHONHASHSEED": "0",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    if done.returncode != 0 or not results.is_file():
        told = "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-_TOLD_LINES:])
        raise UserError(f"checkov {checkov.version} failed with exit code {done.returncode}\n{told}")
    found: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))
    return found
