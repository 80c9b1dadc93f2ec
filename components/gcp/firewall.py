"""Which traffic a network lets in, as plain data. GKE and its load balancers add rules of their own to these."""

from typing import Any, Final

HEALTH_CHECKS: Final = ("130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22", "35.191.0.0/16")
"""Where Google's load balancers check the health of machines from, as its documentation of firewall rules lists."""

HEALTH_CHECK_PORTS: Final = ("10256", "15021", "30000-32767")
"""kube-proxy's health port, that of Istio's gateways, and the ports of services on nodes."""

ALLOW_PRIORITY: Final = 1000
DENY_PRIORITY: Final = 65534
"""Last before the rule that every network has, which denies as well but writes no log."""

LOGGED: Final = {"metadata": "INCLUDE_ALL_METADATA"}


def rules(node_tag: str) -> dict[str, dict[str, Any]]:
    """Return the arguments of the network's firewall rules by their role; machines carry the tag ``node_tag``."""
    return {
        "allow-health-checks": {
            "description": "Load balancers check the health of machines",
            "direction": "INGRESS",
            "priority": ALLOW_PRIORITY,
            "source_ranges": list(HEALTH_CHECKS),
            "target_tags": [node_tag],
            "allows": [{"protocol": "tcp", "ports": list(HEALTH_CHECK_PORTS)}],
            "log_config": LOGGED,
        },
        "deny-ingress": {
            "description": "What no other rule lets in is refused, and written down",
            "direction": "INGRESS",
            "priority": DENY_PRIORITY,
            "source_ranges": ["0.0.0.0/0"],
            "denies": [{"protocol": "all"}],
            "log_config": LOGGED,
        },
    }
