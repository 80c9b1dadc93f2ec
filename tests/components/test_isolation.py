import ipaddress
from typing import Any

from components.contracts import Cluster
from components.workloads.isolation import network_policies, pod_security_labels


def _cluster(**changes: Any) -> Cluster:
    facts: dict[str, Any] = {
        "name": "test",
        "kubernetes_version": "1.36",
        "identity_endpoints": [],
        "api_server_cidrs": ["10.96.0.1/32"],
        "home_storage_class": "homes",
        **changes,
    }
    return Cluster(**facts)


def test_every_mode_of_pod_security_is_restricted_and_pinned_to_the_clusters_version() -> None:
    labels = pod_security_labels("1.35")
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {"restricted"}
    assert {labels[f"pod-security.kubernetes.io/{mode}-version"] for mode in ("enforce", "audit", "warn")} == {"v1.35"}


def test_the_first_policy_denies_both_directions_to_every_pod() -> None:
    assert network_policies(_cluster())["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_no_policy_lets_anything_in_from_outside_the_namespace() -> None:
    sources = [
        source
        for policy in network_policies(_cluster(identity_endpoints=["169.254.170.23/32"])).values()
        for rule in policy.get("ingress", [])
        for source in rule["from"]
    ]
    assert sources == [{"podSelector": {}}]


def test_no_policy_lets_pods_out_to_everything() -> None:
    for name, policy in network_policies(_cluster()).items():
        for rule in policy.get("egress", []):
            assert rule.get("to"), name


def test_https_goes_anywhere_but_to_the_machines_credentials() -> None:
    (rule,) = network_policies(_cluster())["allow-https"]["egress"]
    (target,) = rule["to"]
    metadata = ipaddress.ip_address("169.254.169.254")
    assert metadata in ipaddress.ip_network(target["ipBlock"]["cidr"])
    assert any(metadata in ipaddress.ip_network(cidr) for cidr in target["ipBlock"]["except"])
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]


def test_names_are_resolved_by_the_clusters_own_service_only() -> None:
    (rule,) = network_policies(_cluster())["allow-dns"]["egress"]
    assert rule["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {
                "matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns", "node-local-dns"]}]
            },
        }
    ]
    assert rule["ports"] == [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def test_the_clouds_endpoints_are_open_where_there_are_any() -> None:
    with_identity = network_policies(_cluster(identity_endpoints=["169.254.170.23/32", "169.254.169.252/32"]))
    assert with_identity["allow-cloud-identity"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "169.254.169.252/32"}}, {"ipBlock": {"cidr": "169.254.170.23/32"}}]}
    ]
    without = network_policies(_cluster(api_server_cidrs=[]))
    assert "allow-cloud-identity" not in without
    assert "allow-api-server" not in without
