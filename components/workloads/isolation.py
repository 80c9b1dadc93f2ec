"""What isolates a namespace of the platform: Pod Security labels and network policies, as plain data."""

from typing import Any

from components.contracts import Cluster

METADATA_SERVICE = "169.254.169.254/32"
"""Where clouds serve machine credentials: a pod that reaches it may act as its node."""

EVERY_POD: dict[str, Any] = {}

DNS = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
HTTPS = [{"protocol": "TCP", "port": 443}]
API_SERVER = [{"protocol": "TCP", "port": port} for port in (443, 6443)]


def pod_security_labels(kubernetes_version: str) -> dict[str, str]:
    """Return the namespace labels that refuse every pod outside the ``restricted`` standard of that minor version."""
    labels = {}
    for mode in ("enforce", "audit", "warn"):
        labels[f"pod-security.kubernetes.io/{mode}"] = "restricted"
        labels[f"pod-security.kubernetes.io/{mode}-version"] = f"v{kubernetes_version}"
    return labels


def default_deny() -> dict[str, Any]:
    """Return the specification of a network policy that allows nothing, for other policies to add to."""
    return {"podSelector": EVERY_POD, "policyTypes": ["Ingress", "Egress"]}


def _egress(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"podSelector": EVERY_POD, "policyTypes": ["Egress"], "egress": list(rules)}


def _blocks(cidrs: list[str]) -> list[dict[str, Any]]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in sorted(cidrs)]


def network_policies(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Return the specifications of a team namespace's network policies by name.

    Nothing comes in but from the namespace itself. What may go out: name resolution, the namespace itself, HTTPS
    to anywhere but the machines' metadata service, the API server, and where the cloud hands out pod identities.
    """
    kube_dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        # Some clusters answer from a cache on each node.
        "podSelector": {
            "matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns", "node-local-dns"]}]
        },
    }
    policies = {
        "default-deny": default_deny(),
        "allow-dns": _egress({"to": [kube_dns], "ports": DNS}),
        "allow-same-namespace": {
            "podSelector": EVERY_POD,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": EVERY_POD}]}],
            "egress": [{"to": [{"podSelector": EVERY_POD}]}],
        },
        "allow-https": _egress(
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [METADATA_SERVICE]}}], "ports": HTTPS}
        ),
    }
    if cluster["api_server_cidrs"]:
        policies["allow-api-server"] = _egress({"to": _blocks(list(cluster["api_server_cidrs"])), "ports": API_SERVER})
    if cluster["identity_endpoints"]:
        policies["allow-cloud-identity"] = _egress({"to": _blocks(list(cluster["identity_endpoints"]))})
    return policies
