"""The inventory page, as an mkdocs hook: what each environment consists of, from its evaluated graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from mlplatform.environments import PROGRAM, load
from mlplatform.graph import evaluate_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from mlplatform.environments import Environment
    from mlplatform.graph import ResourceGraph


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    files.append(File.generated(config, "reference/inventory.md", content=inventory_page()))
    return files


def inventory_page() -> str:
    """List the resources of every committed environment by service and type."""
    environments = load(PROGRAM)
    graphs = {name: each.filled for name, each in evaluate_all([each.request() for each in environments]).items()}
    lines = [
        "# Inventory",
        "",
        "What `mlplatform up` makes of the environment files in `stacks/`, without the content of Helm charts.",
        "",
        "| environment | cloud | resources | types | protected |",
        "| --- | --- | ---: | ---: | ---: |",
        *(_summary(each, graphs[each.name]) for each in environments),
        "",
    ]
    for each in environments:
        lines += [f"## {each.name}", "", *_services(graphs[each.name])]
    return "\n".join(lines) + "\n"


def _summary(environment: Environment, graph: ResourceGraph) -> str:
    made = [each for each in graph.resources if each.custom]
    types = len({each.type for each in made})
    protected = sum(each.options.protect for each in made)
    cells = (f"[{environment.name}](#{environment.name})", environment.settings.cloud, len(made), types, protected)
    return f"| {' | '.join(map(str, cells))} |"


def _services(graph: ResourceGraph) -> Iterator[str]:
    """List the resources in one folded table for each service; the tables of five clouds are too long to scroll by."""
    names: dict[str, dict[str, list[str]]] = {}
    for each in graph.resources:
        if each.custom:
            service, kind = _split(each.type)
            names.setdefault(service, {}).setdefault(kind, []).append(each.name)
    for service in sorted(names):
        kinds = names[service]
        count = sum(map(len, kinds.values()))
        yield from (f'??? abstract "{service} ({count})"', "")
        yield from ("    | type | number | names |", "    | --- | ---: | --- |")
        for kind in sorted(kinds):
            yield f"    | `{kind}` | {len(kinds[kind])} | {', '.join(f'`{name}`' for name in kinds[kind])} |"
        yield ""


def _split(resource_type: str) -> tuple[str, str]:
    """Return service and type: ``aws:ec2`` and ``Subnet`` of ``aws:ec2/subnet:Subnet``."""
    module, _, kind = resource_type.rpartition(":")
    package, _, path = module.partition(":")
    if package == "kubernetes":
        return module, kind
    service = path.partition("/")[0]
    return f"{package}:{service}" if service else package, kind
