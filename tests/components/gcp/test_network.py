from ipaddress import IPv4Network
from pathlib import Path

import pytest

from components.gcp import ranges
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, evaluate_component, evaluate_program, of_type, only

ARGS = {
    "environment": GCP_ENVIRONMENT,
    "project": "example-project",
    "vpc_cidr": "10.64.0.0/16",
    "pod_cidr": "100.64.0.0/14",
    "service_cidr": "10.96.0.0/20",
}
COMPONENT = "components.gcp.network:GcpNetwork"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("network"), COMPONENT, ARGS)


@pytest.mark.parametrize("prefix", range(ranges.LARGEST_VPC, ranges.SMALLEST_VPC + 1))
def test_parts_of_a_range_lie_in_it_and_apart(prefix: int) -> None:
    vpc = IPv4Network(f"10.0.0.0/{prefix}")
    parts = ranges.split(str(vpc))
    assert all(part.subnet_of(vpc) for part in parts)
    assert not any(left.overlaps(right) for left in parts for right in parts if left is not right)
    assert parts.control_plane.prefixlen == 28
    assert parts.private_services.prefixlen <= 24, "Cloud SQL asks for a /24"


def test_machines_get_half_of_the_range_but_for_what_google_keeps() -> None:
    assert ranges.split("10.64.0.0/16").nodes == IPv4Network("10.64.0.0/17")
    assert ranges.node_addresses("10.64.0.0/16") == 2**15 - 4


@pytest.mark.parametrize("cidr", ["10.64.0.0/23", "0.0.0.0/0", "10.64.0.1/16", "fd00::/64", "ten"])
def test_a_range_without_room_for_its_parts_is_refused(cidr: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ranges.split(cidr)


def test_machines_are_reached_from_nowhere_and_reach_the_internet_by_nat_alone(network: Evaluation) -> None:
    rules = of_type(network, "compute/firewall:Firewall")
    denied = rules["it-deny-ingress"].inputs
    assert (denied["sourceRanges"], denied["denies"]) == (["0.0.0.0/0"], [{"protocol": "all"}])
    assert denied["logConfig"] == {"metadata": "INCLUDE_ALL_METADATA"}
    allowed = [rule.inputs for rule in rules.values() if "allows" in rule.inputs]
    assert all(rule["priority"] < denied["priority"] for rule in allowed)
    assert all(IPv4Network(cidr).prefixlen >= 16 for rule in allowed for cidr in rule["sourceRanges"])
    nat = only(network, "compute/routerNat:RouterNat").inputs
    assert nat["natIpAllocateOption"] == "AUTO_ONLY"
    # Google refuses both at once.
    assert nat["enableDynamicPortAllocation"]
    assert not nat["enableEndpointIndependentMapping"]
    assert (nat["minPortsPerVm"], nat["maxPortsPerVm"]) == (64, 8192)


def test_subnets_are_logged_and_reach_googles_services_privately(network: Evaluation) -> None:
    subnets = of_type(network, "compute/subnetwork:Subnetwork")
    assert {name: each.inputs["ipCidrRange"] for name, each in subnets.items()} == {
        "it-nodes": "10.64.0.0/17",
        "it-control-plane": "10.64.255.240/28",
    }
    assert all(each.inputs["privateIpGoogleAccess"] and each.inputs["logConfig"] for each in subnets.values())
    assert subnets["it-nodes"].inputs["secondaryIpRanges"] == [
        {"rangeName": "pods", "ipCidrRange": "100.64.0.0/14"},
        {"rangeName": "services", "ipCidrRange": "10.96.0.0/20"},
    ]
    assert only(network, "dns/policy:Policy").inputs["enableLogging"] is True


def test_private_services_have_addresses_of_the_networks_own(network: Evaluation) -> None:
    reserved = only(network, "compute/globalAddress:GlobalAddress").inputs
    assert (reserved["address"], reserved["prefixLength"]) == ("10.64.128.0", 20)
    assert (reserved["purpose"], reserved["addressType"]) == ("VPC_PEERING", "INTERNAL")


def test_what_takes_the_subnet_waits_for_nat_and_firewall(tmp_path: Path) -> None:
    program = """
    import pulumi_gcp as gcp
    from components.gcp.network import GcpNetwork

    network = GcpNetwork("it", given["args"])
    gcp.container.Cluster("after", subnetwork=network.facts["subnetwork"])
    gcp.redis.Instance("database", memory_size_gb=1, authorized_network=network.facts["private_services"])
    """
    evaluation = evaluate_program(tmp_path, program, args=ARGS)
    names = {each.urn: each.name for each in evaluation.filled.resources}
    waits = {each.name: {names[urn] for urn in each.dependencies} for each in evaluation.filled.resources}
    assert {"it-nodes", "it-nat", "it-deny-ingress", "it-allow-health-checks"} <= waits["after"]
    assert {"it-network", "it-private-services"} <= waits["database"]


def test_the_network_stays_until_it_is_let_go(network: Evaluation, tmp_path: Path) -> None:
    kept = [
        only(network, "compute/network:Network"),
        *of_type(network, "compute/subnetwork:Subnetwork").values(),
        only(network, "servicenetworking/connection:Connection"),
    ]
    assert all(each.options.protect and each.options.retain_on_delete for each in kept)
    assert {each.inputs["deletionPolicy"] for each in kept} == {"PREVENT"}
    args = {**ARGS, "environment": {**GCP_ENVIRONMENT, "let_go": ["network"]}, "nat_addresses": 2.0}
    released = evaluate_component(tmp_path, COMPONENT, args)
    assert not any(each.options.protect or each.options.retain_on_delete for each in released.filled.resources)
    assert only(released, "compute/network:Network").inputs["deletionPolicy"] == "DELETE"
    assert only(released, "servicenetworking/connection:Connection").inputs["deletionPolicy"] == "REMOVE_PEERING"
    assert set(of_type(released, "compute/address:Address")) == {"it-nat-1", "it-nat-2"}
    assert only(released, "compute/routerNat:RouterNat").inputs["natIpAllocateOption"] == "MANUAL_ONLY"


def test_all_that_is_wrong_with_ranges_is_said_at_once() -> None:
    found = ranges.problems(vpc_cidr="10.64.0.0/24", pod_cidr="10.64.0.0/14", service_cidr="nowhere")
    assert {each["property_path"] for each in found} == {"vpc_cidr", "pod_cidr", "service_cidr"}
    assert ranges.problems(vpc_cidr="10.64.0.0/16", pod_cidr="100.64.0.0/14", service_cidr="10.96.0.0/20") == []


def test_a_network_that_is_there_is_named_by_its_owners_project(tmp_path: Path) -> None:
    program = """
    from components.gcp.network import existing_network

    facts = existing_network(given["args"])
    assert "control_plane_subnetwork" not in facts
    pulumi.export("facts", facts)
    """
    args = {
        "environment": GCP_ENVIRONMENT,
        "project": "example-project",
        "network": "shared",
        "subnetwork": "ml",
        "pod_range": "ml-pods",
        "service_range": "ml-services",
        "control_plane_cidr": "10.0.0.0/28",
        "host_project": "network-host",
    }
    evaluation = evaluate_program(tmp_path, program, args=args)
    assert evaluation.outputs["facts"] == {
        "network": "projects/network-host/global/networks/shared",
        "subnetwork": "projects/network-host/regions/europe-west1/subnetworks/ml",
        "pod_range": "ml-pods",
        "service_range": "ml-services",
        "control_plane_cidr": "10.0.0.0/28",
        "private_services": "projects/network-host/global/networks/shared",
    }


def test_services_are_enabled_once_and_never_disabled(tmp_path: Path) -> None:
    args = {"environment": GCP_ENVIRONMENT, "further": ["composer", "compute"]}
    evaluation = evaluate_component(tmp_path, "components.gcp.project_services:GcpProjectServices", args)
    services = [each.inputs for each in of_type(evaluation, "projects/service:Service").values()]
    assert {"compute.googleapis.com", "composer.googleapis.com"} <= {each["service"] for each in services}
    assert not any(each["disableOnDestroy"] for each in services)


def test_bad_ranges_stop_the_component(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"vpc_cidr: got 10\.64\.0\.0/24"):
        evaluate_component(tmp_path, COMPONENT, {**ARGS, "vpc_cidr": "10.64.0.0/24"})
