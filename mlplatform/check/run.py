"""Checks evaluated environments: strict findings of the evaluation, and checkov over what they would deploy."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlplatform.check.checkov.installation import Report, obtain
from mlplatform.check.checkov.scan import TOOL as CHECKOV
from mlplatform.check.checkov.scan import Scanned, Target, scan
from mlplatform.check.findings import Finding, Severity
from mlplatform.graph import Evaluation, Resource, ResourceGraph
from mlplatform.graph import Finding as GraphFinding
from mlplatform.graph import Severity as GraphSeverity
from mlplatform.render.files import RELEASES
from mlplatform.render.kubernetes import HelmRelease, Rendered, render
from mlplatform.render.terraform import Plan, plan

EVALUATION: Final = "evaluation"
"""Name of the tool whose findings come with an evaluation."""


@dataclass(frozen=True)
class Job:
    """One environment to check."""

    environment: str
    evaluation: Evaluation


@dataclass(frozen=True)
class Checked:
    """What was found in one environment, before any waiver."""

    environment: str
    passed: Mapping[str, int]
    """How many rules were kept, by tool."""
    findings: tuple[Finding, ...]


def check(jobs: Sequence[Job], cache: Path, report: Report) -> list[Checked]:
    """Check environments that were evaluated; ``cache`` is where checkov is or is to be installed.

    Raises ``UserError`` where an environment cannot be rendered or checkov cannot be had.
    """
    rendered = [render(_without_patches(job.evaluation.filled)) for job in jobs]
    plans = [plan(job.evaluation.filled, job.evaluation.preview) for job in jobs]
    targets = [
        Target(job.evaluation.filled, made, each.objects) for job, made, each in zip(jobs, plans, rendered, strict=True)
    ]
    checkov = obtain(cache, report)
    report(f"checkov {checkov.version} reads {', '.join(job.environment for job in jobs)}")
    scanned = scan(checkov, targets)
    return [_combine(*each) for each in zip(jobs, plans, rendered, scanned, strict=True)]


def _combine(job: Job, made: Plan, rendered: Rendered, scanned: Scanned) -> Checked:
    return Checked(
        environment=job.environment,
        passed={CHECKOV: scanned.passed},
        findings=(
            *(_of_evaluation(each) for each in job.evaluation.findings if not _of_release(each, rendered)),
            *scanned.findings,
            *_unmapped(made),
            *_not_looked_into(job, rendered),
        ),
    )


def _is_patch(resource: Resource) -> bool:
    return resource.custom and resource.type.startswith("kubernetes:") and resource.type.endswith("Patch")


def _without_patches(graph: ResourceGraph) -> ResourceGraph:
    """Leave out patches: each is a part of an object that another program owns, and rules are about whole ones."""
    return ResourceGraph(graph.environment, tuple(each for each in graph.resources if not _is_patch(each)))


def _of_release(finding: GraphFinding, rendered: Rendered) -> bool:
    """Tell whether a note only says that a chart hides its objects, which is said of every chart here."""
    return finding.severity is GraphSeverity.NOTE and any(each.urn == finding.urn for each in rendered.releases)


def _of_evaluation(finding: GraphFinding) -> Finding:
    path = f"{finding.path}: " if finding.path else ""
    return Finding(
        tool=EVALUATION,
        rule=finding.code,
        urn=finding.urn,
        severity=Severity(finding.severity.value),
        message=f"{path}{finding.message}",
        remedy="correct the program",
        source=finding.source,
    )


def _unmapped(made: Plan) -> list[Finding]:
    """Report what the plan lacks: nothing that no rule has seen counts as passed."""
    return [
        Finding(
            tool=CHECKOV,
            rule="terraform-type-unknown",
            urn=each.urn,
            severity=Severity.ERROR,
            message=f"no rule has looked at it: Terraform's name of {each.type} is not in the tables",
            remedy="add it with tools/terraform_types.py",
            source=each.source,
        )
        for each in made.unmapped
    ]


def _expand(environment: str, release: HelmRelease) -> str:
    """Say by which commands a chart's objects can be looked into."""
    options = {
        "--repo": release.repository,
        "--version": release.version,
        "--namespace": release.namespace,
    }
    words = ["helm", "template", release.name, release.chart]
    words += [word for option, value in options.items() if value for word in (option, value)]
    render_values = shlex.join(["mlplatform", "render", environment, "--out", f"out/{environment}"])
    # The file's number depends on what is rendered with it.
    values = f"out/{environment}/{RELEASES}/*-release-{release.namespace}-{release.name}.yaml"
    return f"scan what helm prints: {render_values} && {shlex.join(words)} --values {values}"


def _not_looked_into(job: Job, rendered: Rendered) -> Iterator[Finding]:
    by_urn = job.evaluation.filled.by_urn
    for release in rendered.releases:
        yield Finding(
            tool=CHECKOV,
            rule="chart-not-expanded",
            urn=release.urn,
            severity=Severity.NOTE,
            message=f"chart {release.chart} {release.version or ''}".rstrip() + ": its objects were not looked into",
            remedy=_expand(job.environment, release),
            source=by_urn[release.urn].source,
        )
    for resource in job.evaluation.filled.resources:
        if _is_patch(resource):
            yield Finding(
                tool=CHECKOV,
                rule="patch-not-applied",
                urn=resource.urn,
                severity=Severity.NOTE,
                message="a patch of an object that another program owns was not looked into",
                remedy="look at the object in the cluster",
                source=resource.source,
            )
