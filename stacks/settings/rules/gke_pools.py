"""Rules of pools on Google Cloud: names that GKE takes for node pools and compute classes."""

from collections.abc import Iterator
from typing import Final

from components.gcp import machine_requirements as gke
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding


def pool_names(draft: Draft) -> Iterator[Finding]:
    """Refuse names that GKE keeps for itself, or that are too long together with the pool's machines."""
    if draft.lacks("cloud", "nodePools") or draft.settings.cloud is not CloudKind.GCP:
        return
    for name, pool in draft.settings.node_pools.items():
        if not (pool.shapes or pool.families):
            continue
        wanted = pool.arguments()
        found = [each["reason"] for each in gke.problems(name, wanted) if each["property_path"] == "pool_name"]
        if not gke.created_on_demand(wanted):
            found += [each["reason"] for each in gke.name_problems(name, gke.explicit(wanted))]
        if found:
            got, _, allowed = max(found, key=len).partition("; allowed: ")
            yield Finding(("nodePools", name), got.replace("got ", "got the name ", 1), allowed)


RULES: Final = (pool_names,)
