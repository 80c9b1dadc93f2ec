from ipaddress import IPv4Network
from itertools import combinations

import pytest

from components.aws.subnets import (
    LARGEST_RANGE,
    SMALLEST_PODS,
    SMALLEST_VPC,
    ZoneSubnets,
    machine_addresses,
    pod_addresses,
    prefix_reservations,
    problems,
    subnets,
)

ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d"]


def _paths(vpc_cidr: str, pod_cidr: str, zones: list[str]) -> list[str]:
    return [each["property_path"] for each in problems(vpc_cidr, pod_cidr, zones)]


def test_three_zones_of_the_usual_ranges() -> None:
    assert subnets("10.64.0.0/16", "100.64.0.0/16", ZONES[:3]) == {
        "eu-west-1a": ZoneSubnets("10.64.0.0/19", "10.64.192.0/24", "10.64.128.0/24", "100.64.0.0/18"),
        "eu-west-1b": ZoneSubnets("10.64.32.0/19", "10.64.193.0/24", "10.64.129.0/24", "100.64.64.0/18"),
        "eu-west-1c": ZoneSubnets("10.64.64.0/19", "10.64.194.0/24", "10.64.130.0/24", "100.64.128.0/18"),
    }


@pytest.mark.parametrize("vpc_prefix", range(LARGEST_RANGE, SMALLEST_VPC + 1))
def test_no_subnet_overlaps_another_or_leaves_its_range(vpc_prefix: int) -> None:
    for pod_prefix in range(LARGEST_RANGE, SMALLEST_PODS + 1):
        vpc, pods = IPv4Network(f"10.0.0.0/{vpc_prefix}"), IPv4Network(f"100.64.0.0/{pod_prefix}")
        every = subnets(str(vpc), str(pods), ZONES).values()
        assert all(IPv4Network(zone.pods).subnet_of(pods) for zone in every)
        of_vpc = [IPv4Network(cidr) for zone in every for cidr in (zone.private, zone.public, zone.intra)]
        assert all(subnet.subnet_of(vpc) for subnet in of_vpc)
        ranges = [*of_vpc, *(IPv4Network(zone.pods) for zone in every)]
        assert len(ranges) == 16
        assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
        assert max(subnet.prefixlen for subnet in ranges) <= 28


@pytest.mark.parametrize("vpc_cidr", ["10.64.0.0/16", "10.64.0.0/21", "192.168.4.0/22"])
def test_a_zone_that_is_appended_moves_nothing(vpc_cidr: str) -> None:
    before, after = (subnets(vpc_cidr, "100.64.0.0/18", ZONES[:count]) for count in (2, 4))
    assert {zone: after[zone] for zone in before} == before


def test_addresses_are_counted_without_those_that_aws_keeps() -> None:
    usual = ("10.64.0.0/16", "100.64.0.0/16")
    assert machine_addresses(*usual, ZONES[:3]) == 3 * (8192 - 5)
    assert pod_addresses(*usual, ZONES[:2]) == 2 * (16384 - 5)
    assert machine_addresses("10.64.0.0/22", "100.64.0.0/26", ZONES[:2]) == 2 * (128 - 5)
    assert pod_addresses("10.64.0.0/22", "100.64.0.0/26", ZONES[:2]) == 2 * (16 - 5)


def test_the_smallest_network_still_holds_endpoints_and_databases() -> None:
    zone = subnets(f"10.0.0.0/{SMALLEST_VPC}", "100.64.0.0/20", ZONES[:2])["eu-west-1a"]
    assert IPv4Network(zone.intra).prefixlen == 26


@pytest.mark.parametrize(
    ("vpc_cidr", "pod_cidr", "zones", "paths"),
    [
        ("10.64.0.0/16", "100.64.0.0/16", ZONES[:1], ["zones"]),
        ("10.64.0.0/16", "100.64.0.0/16", [*ZONES, "eu-west-1e"], ["zones"]),
        ("10.64.0.0/16", "100.64.0.0/16", ["eu-west-1a", "eu-west-1a"], ["zones"]),
        ("10.64.0.0/15", "100.64.0.0/16", ZONES[:2], ["vpc_cidr"]),
        ("10.64.0.0/23", "100.64.0.0/16", ZONES[:2], ["vpc_cidr"]),
        ("10.64.0.1/16", "100.64.0.0/16", ZONES[:2], ["vpc_cidr"]),
        ("10.64.0.0/16", "100.64.0.0/27", ZONES[:2], ["pod_cidr"]),
        ("10.64.0.0/16", "fd00::/64", ZONES[:2], ["pod_cidr"]),
        ("ten", "pods", [], ["zones", "vpc_cidr", "pod_cidr"]),
        ("10.64.0.0/16", "10.64.128.0/17", ZONES[:2], ["pod_cidr"]),
        ("10.64.0.0/16", "172.20.0.0/16", ZONES[:2], ["pod_cidr"]),
        ("100.64.0.0/16", "10.0.0.0/16", ZONES[:2], ["pod_cidr"]),
        ("10.64.0.0/16", "198.19.0.0/16", ZONES[:2], ["pod_cidr"]),
        ("10.1.0.0/16", "10.0.0.0/16", ZONES[:2], ["pod_cidr"]),
        ("172.20.0.0/16", "172.31.0.0/16", ZONES[:2], ["pod_cidr"]),
        ("192.168.0.0/16", "172.31.128.0/17", ZONES[:2], ["pod_cidr"]),
        ("100.64.0.0/16", "198.19.128.0/17", ZONES[:2], ["pod_cidr"]),
    ],
)
def test_ranges_that_cannot_be_divided(vpc_cidr: str, pod_cidr: str, zones: list[str], paths: list[str]) -> None:
    assert _paths(vpc_cidr, pod_cidr, zones) == paths
    with pytest.raises(ValueError, match=paths[0]):
        subnets(vpc_cidr, pod_cidr, zones)


def test_ranges_that_aws_takes_together() -> None:
    assert _paths("10.64.0.0/16", "10.65.0.0/16", ZONES[:2]) == []
    assert _paths("172.20.0.0/16", "100.64.0.0/16", ZONES[:2]) == []
    assert _paths("172.20.0.0/16", "172.30.0.0/16", ZONES[:2]) == []
    assert _paths("10.2.0.0/16", "10.0.0.0/16", ZONES[:2]) == []


@pytest.mark.parametrize("pods", ["100.64.0.0/18", "100.64.64.0/24"])
def test_prefixes_get_three_quarters_of_a_subnet_of_pods(pods: str) -> None:
    network = IPv4Network(pods)
    reserved = [IPv4Network(cidr) for cidr in prefix_reservations(pods)]
    assert all(each.subnet_of(network) for each in reserved)
    assert not reserved[0].overlaps(reserved[1])
    assert sum(each.num_addresses for each in reserved) == network.num_addresses * 3 // 4
    # AWS keeps the first addresses of a subnet, so they cannot be in a reservation.
    assert not any(network.network_address in each for each in reserved)


def test_a_small_subnet_of_pods_is_not_divided() -> None:
    assert prefix_reservations("100.64.0.0/25") == []
