"""Helm's post-renderer: reads a chart's objects, writes them without what would call a simulated pod.

What it leaves out is listed in a ConfigMap of the release, so that ``status`` can tell.
"""

import sys
from typing import Any, Final

import yaml

from mlplatform.local.deploy.simulated import without_servers

SIMULATED_LABEL: Final = "mlplatform/simulated"
"""Label of the ConfigMaps that list what was left out of a release."""


def filtered(documents: list[Any], release: str) -> list[Any]:
    """Return the objects that work without pods, and a ConfigMap with a line for each that does not."""
    kept: list[Any] = []
    left_out = []
    for document in documents:
        if not isinstance(document, dict):
            continue
        manifest, reason = without_servers(document)
        if manifest is not None:
            kept.append(manifest)
        if reason:
            left_out.append(f"{document['kind']} {document['metadata']['name']}: {reason}")
    if left_out:
        kept.append({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{release}-simulated", "labels": {SIMULATED_LABEL: "true"}},
            "data": {"left-out": "\n".join(sorted(left_out))},
        })  # fmt: skip
    return kept


def main() -> int:
    """Filter standard input for the release that the first argument names."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = list(yaml.load_all(sys.stdin, Loader=loader))
    yaml.safe_dump_all(filtered(documents, sys.argv[1]), sys.stdout, sort_keys=False, allow_unicode=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
