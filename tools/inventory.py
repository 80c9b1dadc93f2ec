"""The inventory page, as an mkdocs hook: what each environment consists of, from its evaluated graph."""

from __future__ import annotations

from collections import Counter
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
    """List the resources of every committed environment by type."""
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
        lines += [f"## {each.name}", "", *_types(graphs[each.name]), ""]
    return "\n".join(lines) + "\n"


def _summary(environment: Environment, graph: ResourceGraph) -> str:
    made = [each for each in graph.resources if each.custom]
    types = len({each.type for each in made})
    protected = sum(each.options.protect for each in made)
    cells = (f"[{environment.name}](#{environment.name})", environment.settings.cloud, len(made), types, protected)
    return f"| {' | '.join(map(str, cells))} |"


def _types(graph: ResourceGraph) -> Iterator[str]:
    yield from ("| type | number | names |", "| --- | ---: | --- |")
    numbers = Counter(each.type for each in graph.resources if each.custom)
    for kind in sorted(numbers):
        names = ", ".join(f"`{each.name}`" for each in graph.resources if each.type == kind)
        yield f"| `{kind}` | {numbers[kind]} | {names} |"
