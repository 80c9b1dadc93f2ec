"""Tables that the commands print, made from results and from nothing else."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from mlplatform.graph import Evaluation, Finding, Resource, ResourceGraph, Severity
from mlplatform.render.terraform import Plan

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def components(graph: ResourceGraph) -> list[tuple[Resource, list[Resource]]]:
    """Group the resources by the child of the stack that they are below, in order of its type and name."""
    groups: dict[str, list[Resource]] = {}
    for resource in graph.resources:
        if resource.parent is not None:
            groups.setdefault(graph.top(resource).urn, []).append(resource)
    tops = sorted((graph.by_urn[urn] for urn in groups), key=lambda top: (top.short_type, top.name))
    return [(top, groups[top.urn]) for top in tops]


def preview_table(name: str, evaluation: Evaluation) -> Table:
    """Return one row per top-level component: what it is, how many resources it makes, of which kinds."""
    graph = evaluation.filled
    table = Table(title=f"{name}: {len(graph.resources)} resources", title_justify="left", title_style="bold")
    table.add_column("component")
    table.add_column("name")
    table.add_column("resources", justify="right")
    table.add_column("kinds", ratio=1)
    for top, members in components(graph):
        kinds = Counter(_kind(each) for each in members if each.custom)
        described = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in sorted(kinds.items()))
        table.add_row(top.short_type, escape(top.name), str(len(members)), escape(described))
    return table


def _kind(resource: Resource) -> str:
    kind = resource.inputs.get("kind")
    return kind if isinstance(kind, str) and resource.type.startswith("kubernetes:") else resource.short_type


def finding_lines(environment: str, findings: Iterable[Finding]) -> list[str]:
    """Return findings as marked-up lines, one each."""
    return [
        f"[{_STYLES[each.severity]}]{each.severity.value}[/] {escape(environment)}: {escape(str(each))}"
        for each in findings
    ]


def plan_lines(environment: str, plan: Plan) -> list[str]:
    """Return what a Terraform plan lacks as marked-up lines, one each."""
    found = [
        (Severity.WARNING, f"{each.type} {each.name!r} ({each.source}): not in the plan, its type is not in the tables")
        for each in plan.unmapped
    ]
    found += [(Severity.WARNING, f"{each}: not in the tables; its name was made by rule") for each in plan.strange]
    found += [
        (Severity.NOTE, f"not in the plan: {count} resources of the provider {name}")
        for name, count in plan.others.items()
    ]
    return [f"[{_STYLES[each]}]{each.value}[/] {escape(environment)}: {escape(text)}" for each, text in found]


def plain_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], styles: Mapping[str, str]) -> Table:
    """Return a table whose cells are coloured where their text is one of ``styles``; a last column of blanks goes."""
    table = Table(title=title, title_justify="left", title_style="bold")
    cells = [list(row) for row in rows]
    shown = header if any(row[-1] for row in cells) else header[:-1]
    for index, column in enumerate(shown):
        numeric = all(row[index].partition(" ")[0].isdecimal() for row in cells)
        table.add_column(column, overflow="fold", justify="right" if numeric and cells else "left")
    for row in (each[: len(shown)] for each in cells):
        table.add_row(*(f"[{styles[cell]}]{escape(cell)}[/]" if cell in styles else escape(cell) for cell in row))
    return table
