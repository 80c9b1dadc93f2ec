"""ComputeClasses of GKE, as plain data: in which order machines are taken for the pods that select one."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components.contracts import Capacity, NodePool, NodePoolArgs, PoolPurpose
from components.gcp.facts import GcpClusterFacts, GcpEnvironment, GcpKeysFacts
from components.gcp.machine_requirements import candidates
from components.gcp.machines import Machine, accelerator
from components.gcp.node_config import COMPUTE_CLASS_LABEL, class_toleration
from components.pools import node_labels, node_taints, pool_facts

API_VERSION: Final = "cloud.google.com/v1"
KIND: Final = "ComputeClass"

LONGEST_DELAY: Final = 1440
"""The most minutes that a ComputeClass lets a node stand unneeded."""

SPOT_ORDER: Final = {
    Capacity.ON_DEMAND: (False,),
    Capacity.SPOT: (True,),
    Capacity.SPOT_WITH_FALLBACK: (True, False),
}
"""Whether machines are spot ones, in the order in which they are tried."""


def class_facts(pool_name: str, pool: NodePoolArgs) -> NodePool:
    """Return what workloads need to know of a pool whose pods select its ComputeClass too."""
    facts = pool_facts(pool_name, pool)
    facts["node_selector"] = {**facts["node_selector"], COMPUTE_CLASS_LABEL: pool_name}
    facts["tolerations"] = [*facts["tolerations"], class_toleration(pool_name)]
    return facts


def consolidation(pool: NodePoolArgs) -> dict[str, Any]:
    """Return when nodes are removed: GKE counts in minutes, from one minute to a day."""
    minutes = -(-int(pool["idle_seconds"]) // 60)
    return {"consolidationDelayMinutes": min(max(minutes, 1), LONGEST_DELAY)}


def of_node_pools(pool: NodePoolArgs, node_pools: Sequence[pulumi.Input[str]]) -> dict[str, Any]:
    """Return the specification of the class of a pool whose node pools this program makes, preferred ones first.

    It creates nothing: without it, cluster-wide auto-provisioning would make up for what the pool's limit refuses.
    """
    return {
        "priorities": [{"nodepools": [node_pool]} for node_pool in node_pools],
        "nodePoolAutoCreation": {"enabled": False},
        "whenUnsatisfiable": "DoNotScaleUp",
        "autoscalingPolicy": consolidation(pool),
    }


def of_pods_without_class(node_pools: Sequence[pulumi.Input[str]]) -> dict[str, Any]:
    """Return the specification of the class of pods that select none: the system's ``node_pools``, and no others."""
    return {
        "priorities": [{"nodepools": list(node_pools)}],
        "nodePoolAutoCreation": {"enabled": False},
        "whenUnsatisfiable": "DoNotScaleUp",
    }


def of_machines(
    pool_name: str,
    pool: NodePoolArgs,
    *,
    environment: GcpEnvironment,
    cluster: GcpClusterFacts,
    keys: GcpKeysFacts,
) -> dict[str, Any]:
    """Return the specification of the class whose node pools GKE makes and removes itself."""
    priorities = [
        {**rule, "spot": spot} for spot in SPOT_ORDER[pool["capacity"]] for rule in _machine_rules(pool, keys)
    ]
    spec: dict[str, Any] = {
        "priorities": priorities,
        "priorityDefaults": {"location": {"zones": sorted(environment["zones"]), "locationPolicy": "ANY"}},
        "nodePoolAutoCreation": {"enabled": True},
        "nodePoolConfig": {
            "imageType": "cos_containerd",
            "ipType": "private",
            "serviceAccount": cluster["node_service_account"],
            "imageStreaming": {"enabled": True},
            "gvnic": {"enabled": True},
            "autoRepair": True,
            "autoUpgrade": True,
            "nodeLabels": node_labels(pool_name, pool),
            "taints": [dict(taint) for taint in node_taints(pool_name, pool)],
        },
        "whenUnsatisfiable": "DoNotScaleUp",
        "autoscalingPolicy": consolidation(pool),
    }
    # What answers requests moves back to cheaper machines one replica at a time. Work that would start again from
    # nothing stays where it is: its node goes when it ends.
    spec["activeMigration"] = {"optimizeRulePriority": pool["purpose"] is PoolPurpose.SERVING}
    return spec


def _machine_rules(pool: NodePoolArgs, keys: GcpKeysFacts) -> list[dict[str, Any]]:
    found = candidates(pool)
    if pool["shapes"] or "gpu" in pool:
        return [{"machineType": machine.name, **_machine(pool, machine, keys)} for machine in found]
    series = {machine.series: machine for machine in found}
    order = dict.fromkeys(family.partition("-")[0] for family in pool["families"])
    return [{"machineFamily": each, **_machine(pool, series[each], keys)} for each in order]


def _machine(pool: NodePoolArgs, machine: Machine, keys: GcpKeysFacts) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "storage": {
            "bootDiskType": machine.disk_type,
            "bootDiskSize": int(pool["disk_gib"]),
            "bootDiskKMSKey": keys["disks"],
        }
    }
    if "gpu" in pool:
        gpu = pool["gpu"]
        rule["gpu"] = {"type": accelerator(gpu["model"]), "count": int(gpu["count"]), "driverVersion": "default"}
    return rule
