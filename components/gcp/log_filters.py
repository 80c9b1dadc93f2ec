"""Which logs are kept in object storage, as Cloud Logging's filters."""

from typing import Final

CONTROL_PLANE: Final = ("k8s_cluster", "k8s_control_plane_component")
"""Kinds of what logs for the API server, the scheduler and the controller manager."""

NODES: Final = ("k8s_node",)
"""Kinds of what logs for machines; pods' logs, ``k8s_container``, are not among them."""

NETWORK: Final = (
    "compute.googleapis.com/firewall",
    "compute.googleapis.com/nat_flows",
    "compute.googleapis.com/vpc_flows",
    "dns.googleapis.com/dns_queries",
)
"""Logs of connections, of those that were refused, of NAT and of name resolution."""


def filters(cluster_name: str) -> dict[str, str]:
    """Return the filter of each kind of logs: ``audit``, ``cluster`` and ``network``. No entry passes two."""
    kinds = " OR ".join(f'"{kind}"' for kind in sorted([*CONTROL_PLANE, *NODES]))
    return {
        "audit": 'logName:"cloudaudit.googleapis.com"',
        "cluster": (
            f'resource.type=({kinds}) AND resource.labels.cluster_name="{cluster_name}" '
            'AND NOT logName:"cloudaudit.googleapis.com"'
        ),
        "network": " OR ".join(f'log_id("{log}")' for log in NETWORK),
    }
