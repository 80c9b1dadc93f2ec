"""What machines of node pools are configured with, as plain data."""

from typing import Any, Final

from components.contracts import Capacity, NodePoolArgs, PoolPurpose, Taint, Toleration
from components.gcp.facts import GcpClusterFacts, GcpEnvironment, GcpKeysFacts
from components.gcp.machine_requirements import DEFAULT_CLASS
from components.gcp.machines import Machine, accelerator
from components.gcp.names import node_pool_name, node_tag
from components.pools import node_labels, node_taints

COMPUTE_CLASS_LABEL: Final = "cloud.google.com/compute-class"
"""Label of nodes and of pods' selectors, and key of nodes' taint, whose value is the ComputeClass."""

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""The one scope: what machines may do is for the roles of their service account to say."""

EFFECTS: Final = {
    "NoExecute": "NO_EXECUTE",
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
}
"""Effects of taints, as GKE spells them."""

DRIVER: Final = "DEFAULT"
"""GPU driver that GKE installs: the one that it recommends for the node's version."""


def class_taint(pool_name: str) -> Taint:
    """Return the taint of nodes of the pool's ComputeClass."""
    return Taint(key=COMPUTE_CLASS_LABEL, value=pool_name, effect="NoSchedule")


def class_toleration(pool_name: str) -> Toleration:
    """Return what tolerates ``class_taint``."""
    return Toleration(**class_taint(pool_name))


def labels(pool_name: str, pool: NodePoolArgs) -> dict[str, str]:
    """Return the labels of the nodes of the pool's own node pools."""
    chosen = DEFAULT_CLASS if pool["purpose"] is PoolPurpose.SYSTEM else pool_name
    return {**node_labels(pool_name, pool), COMPUTE_CLASS_LABEL: chosen}


def taints(pool_name: str, pool: NodePoolArgs) -> list[Taint]:
    """Return the taints of the nodes of the pool's own node pools."""
    own = node_taints(pool_name, pool)
    return own if pool["purpose"] is PoolPurpose.SYSTEM else [*own, class_taint(pool_name)]


def security(environment: GcpEnvironment) -> dict[str, Any]:
    """Return what all machines have in common: verified boot, pods that see no credential of the machine's."""
    return {
        "image_type": "COS_CONTAINERD",
        "oauth_scopes": [SCOPE],
        "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
        "tags": [node_tag(environment["name"])],
        "resource_labels": dict(environment["resource_labels"]),
    }


def node_config(
    pool_name: str,
    pool: NodePoolArgs,
    machine: Machine,
    *,
    environment: GcpEnvironment,
    cluster: GcpClusterFacts,
    keys: GcpKeysFacts,
) -> dict[str, Any]:
    """Return the configuration of the machines of one node pool of the pool ``pool_name``."""
    config: dict[str, Any] = {
        **security(environment),
        "machine_type": machine.name,
        "spot": pool["capacity"] is Capacity.SPOT,
        "service_account": cluster["node_service_account"],
        "disk_type": machine.disk_type,
        "disk_size_gb": int(pool["disk_gib"]),
        "boot_disk_kms_key": keys["disks"],
        "gcfs_config": {"enabled": True},
        "gvnic": {"enabled": True},
        "labels": labels(pool_name, pool),
        "taints": [{**taint, "effect": EFFECTS[taint["effect"]]} for taint in taints(pool_name, pool)],
    }
    if "gpu" in pool:
        config["guest_accelerators"] = [
            {
                "type": accelerator(pool["gpu"]["model"]),
                "count": int(pool["gpu"]["count"]),
                "gpu_driver_installation_config": {"gpu_driver_version": DRIVER},
            }
        ]
    return config


def autoscaling(pool: NodePoolArgs, share: tuple[int, int]) -> dict[str, Any]:
    """Return between which numbers of nodes, in all zones together, a node pool is scaled; ``share`` is both."""
    least, most = share
    return {
        "total_min_node_count": least,
        "total_max_node_count": most,
        # Spot machines are taken wherever there are most of them, others spread over the zones.
        "location_policy": "ANY" if pool["capacity"] is Capacity.SPOT else "BALANCED",
    }


def upgrade_settings(pool: NodePoolArgs) -> dict[str, Any]:
    """Return how nodes are replaced by those of a new version.

    What answers requests moves to a second set of nodes, which can be gone back from. GPUs are too scarce for a spare
    one: a node is removed before its successor comes. All others get one node more at a time.
    """
    if "gpu" in pool:
        return {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    if pool["purpose"] is PoolPurpose.SERVING:
        rollout = {"batch_percentage": 0.25, "batch_soak_duration": "120s"}
        return {
            "strategy": "BLUE_GREEN",
            "blue_green_settings": {"node_pool_soak_duration": "1800s", "standard_rollout_policy": rollout},
        }
    return {"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0}


def first_nodes(least: int, zones: int) -> int:
    """Return how many nodes a new node pool has in each of ``zones`` zones, for ``least`` in all."""
    return -(-least // zones)


def arguments(
    pool_name: str,
    pool: NodePoolArgs,
    machine: Machine,
    share: tuple[int, int],
    *,
    environment: GcpEnvironment,
    cluster: GcpClusterFacts,
    keys: GcpKeysFacts,
) -> dict[str, Any]:
    """Return the arguments of the GKE node pool of one machine type; ``share`` is its least and most nodes."""
    least, _ = share
    return {
        "name": node_pool_name(pool_name, machine.name),
        "project": environment["project"],
        "location": cluster["location"],
        "cluster": cluster["name"],
        "node_locations": sorted(environment["zones"]),
        "initial_node_count": first_nodes(least, len(environment["zones"])),
        "autoscaling": autoscaling(pool, share),
        "management": {"auto_repair": True, "auto_upgrade": True},
        "network_config": {"enable_private_nodes": True},
        "node_config": node_config(pool_name, pool, machine, environment=environment, cluster=cluster, keys=keys),
        "upgrade_settings": upgrade_settings(pool),
    }
