"""Tables that the commands print, made from results and from nothing else."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from mlplatform.graph import Evaluation, Finding, Resource, ResourceGraph, Severity

STACK_TYPE = "pulumi:pulumi:Stack"

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def components(graph: ResourceGraph) -> dict[str, list[Resource]]:
    """Group the resources by the child of the stack that they are below, which is a component or a lone resource."""
    tops = {each.urn for each in graph.resources if each.type == STACK_TYPE}
    groups: dict[str, list[Resource]] = {}
    for resource in graph.resources:
        if resource.type == STACK_TYPE:
            continue
        top = resource
        while top.parent is not None and top.parent not in tops:
            top = graph.by_urn[top.parent]
        groups.setdefault(top.urn, []).append(resource)
    return groups


def short_type(token: str) -> str:
    """Shorten a type token to its last part: ``kubernetes:core/v1:Namespace`` to ``Namespace``."""
    return token.rsplit(":", 1)[-1]


def preview_table(name: str, evaluation: Evaluation) -> Table:
    """Return one row per top-level component: what it is, how many resources it makes, of which kinds."""
    graph = evaluation.filled
    table = Table(title=f"{name}: {len(graph.resources)} resources", title_justify="left", title_style="bold")
    table.add_column("component")
    table.add_column("type")
    table.add_column("resources", justify="right")
    table.add_column("kinds", ratio=1)
    for urn, members in sorted(components(graph).items(), key=lambda item: _by_type_and_name(graph.by_urn[item[0]])):
        top = graph.by_urn[urn]
        kinds = Counter(short_type(_kind_token(each)) for each in members if each.custom)
        described = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in sorted(kinds.items()))
        table.add_row(escape(top.name), short_type(top.type), str(len(members)), escape(described))
    return table


def _by_type_and_name(resource: Resource) -> tuple[str, str]:
    return short_type(resource.type), resource.name


def _kind_token(resource: Resource) -> str:
    kind = resource.inputs.get("kind")
    return kind if isinstance(kind, str) and resource.type.startswith("kubernetes:") else resource.type


def finding_lines(environment: str, findings: Iterable[Finding]) -> list[str]:
    """Return findings as marked-up lines, one each."""
    return [
        f"[{_STYLES[each.severity]}]{each.severity.value}[/] {escape(environment)}: {escape(str(each))}"
        for each in findings
    ]


def plain_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], styles: Mapping[str, str]) -> Table:
    """Return a table whose cells are coloured where their text is one of ``styles``."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(f"[{styles[cell]}]{escape(cell)}[/]" if cell in styles else escape(cell) for cell in row))
    return table
