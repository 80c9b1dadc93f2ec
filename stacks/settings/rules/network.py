"""Rules of address ranges and zones."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Final

from components.aws import machines as aws_machines
from components.aws import subnets
from components.gcp import machines as gcp_machines
from components.gcp import ranges as gcp_ranges
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.places import ZONES, region_of
from stacks.settings.problems import Finding, did_you_mean, got

SHARED: Final = IPv4Network("100.64.0.0/10")
"""Range of carriers (RFC 6598), which clouds allow for pods."""

PRIVATE: Final = (*subnets.PRIVATE_USE, SHARED)
"""Ranges that no public address is in."""

PREFIX_LENGTHS: Final[Mapping[CloudKind, Mapping[str, tuple[int, int]]]] = {
    CloudKind.LOCAL: {"podCidr": (8, 24), "serviceCidr": (12, 24), "vpcCidr": (16, 24)},
    CloudKind.AWS: {
        "podCidr": (subnets.LARGEST_RANGE, 24),
        "serviceCidr": (12, 24),
        "vpcCidr": (subnets.LARGEST_RANGE, subnets.SMALLEST_VPC),
    },
    CloudKind.GCP: {"podCidr": (9, 24), "serviceCidr": (16, 24), "vpcCidr": (16, gcp_ranges.SMALLEST_VPC)},
}
"""Prefix lengths of the largest and the smallest network of each kind that a cloud takes."""

EXISTING: Final = (8, 28)
"""Prefix lengths of the networks of machines and pods that somebody else has made."""


def networks(draft: Draft) -> Iterator[Finding]:
    """Require ranges that are private, of a size that the cloud takes, and apart from each other."""
    if draft.lacks("network"):
        return
    network = draft.settings.network
    cloud = CloudKind.LOCAL if draft.lacks("cloud") else draft.settings.cloud
    given = {"podCidr": network.pod_cidr, "serviceCidr": network.service_cidr, "vpcCidr": network.vpc_cidr}
    ranges = {key: IPv4Network(value) for key, value in given.items() if value is not None}
    if cloud is CloudKind.AWS and _pods_share_subnets(draft):
        if network.vpc_cidr is not None and network.pod_cidr != network.vpc_cidr:
            allowed = f"vpcCidr ({network.vpc_cidr}), as pods share the machines' subnets without podSubnets"
            yield Finding(("network", "podCidr"), got(network.pod_cidr), allowed)
        del ranges["podCidr"]
    where = "" if cloud is CloudKind.LOCAL else f" on {cloud}"
    for key, block in ranges.items():
        shortest, longest = PREFIX_LENGTHS[cloud][key]
        if key != "serviceCidr" and exists_already(draft):
            shortest, longest = EXISTING
        private = subnets.PRIVATE_USE if cloud is CloudKind.AWS and key == "serviceCidr" else PRIVATE
        if not any(block.subnet_of(each) for each in private):
            yield Finding(("network", key), got(str(block)), f"a network in {', '.join(map(str, private))}")
        elif not shortest <= block.prefixlen <= longest:
            yield Finding(("network", key), got(str(block)), f"a network from /{shortest} to /{longest}{where}")
    for (one, first), (other, second) in combinations(ranges.items(), 2):
        if first.overlaps(second):
            yield Finding(("network", other), got(str(second)), f"a network that does not overlap {one} ({first})")


def _pods_share_subnets(draft: Draft) -> bool:
    """Tell whether pods get their addresses from the subnets of machines, in a VPC that is there already."""
    aws = None if draft.lacks("aws") else draft.settings.aws
    return aws is not None and aws.existing_network is not None and not aws.existing_network.pod_subnets


def exists_already(draft: Draft) -> bool:
    """Tell whether the environment uses a network that is there already, as far as that can be told."""
    aws = None if draft.lacks("aws") else draft.settings.aws
    gcp = None if draft.lacks("gcp") else draft.settings.gcp
    return any(place is not None and place.existing_network is not None for place in (aws, gcp))


def combination(draft: Draft) -> Iterator[Finding]:
    """Require of a new VPC ranges that AWS takes together."""
    if draft.lacks("network", "cloud", "aws") or draft.settings.cloud is not CloudKind.AWS:
        return
    network = draft.settings.network
    if network.vpc_cidr is None or exists_already(draft):
        return
    vpc, pods = IPv4Network(network.vpc_cidr), IPv4Network(network.pod_cidr)
    if vpc.overlaps(pods) or not any(pods.subnet_of(block) for block in PRIVATE):
        return
    refused = [block for block in subnets.never_beside(vpc) if pods.overlaps(block)]
    if not refused:
        return
    if refused[0] in subnets.PRIVATE_USE:
        together = (SHARED, *(block for block in subnets.PRIVATE_USE if vpc.subnet_of(block)))
        allowed = f"a network in {' or '.join(map(str, together))}, which AWS adds to vpcCidr ({vpc})"
    else:
        allowed = f"a network outside {refused[0]}, which AWS does not add to vpcCidr ({vpc})"
    yield Finding(("network", "podCidr"), got(network.pod_cidr), allowed)


def cloud_network(draft: Draft) -> Iterator[Finding]:
    """Require a virtual network and zones of a cloud; the local environment has neither."""
    if draft.lacks("network", "cloud"):
        return
    cloud, network = draft.settings.cloud, draft.settings.network
    for key, value in (("vpcCidr", network.vpc_cidr), ("zones", network.zones)):
        if cloud is CloudKind.LOCAL and value:
            yield Finding(("network", key), got(value), f"nothing on {cloud}; it is for aws and gcp")
        elif cloud is not CloudKind.LOCAL and not value:
            wanted = "a network for the machines" if key == "vpcCidr" else "a list of at least two zones"
            yield Finding(("network", key), "missing", f"{wanted}, needed on {cloud}")


def zones(draft: Draft) -> Iterator[Finding]:
    """Require more than one zone, all of them the cloud's own, of one region and known."""
    if draft.lacks("network", "cloud") or draft.settings.cloud is CloudKind.LOCAL:
        return
    given, cloud = draft.settings.network.zones, draft.settings.cloud
    regions = [region_of(cloud, zone) for zone in given]
    known = _known_zones(cloud)
    for position, (zone, region) in enumerate(zip(given, regions, strict=True)):
        path = ("network", "zones", position)
        if region is None:
            yield Finding(path, got(zone), ZONES[cloud][1])
        elif regions[0] is not None and region != regions[0]:
            yield Finding(path, got(zone), f"a zone of {regions[0]}, as the first one")
        elif region not in known:
            if region not in regions[:position]:
                allowed = f"zones of one of the regions: {', '.join(known)}"
                yield Finding(path, got(zone), allowed, did_you_mean(region, known))
        elif zone not in known[region]:
            yield Finding(path, got(zone), f"one of the zones of {region}: {', '.join(known[region])}")
    if len(given) == 1:
        yield Finding(("network", "zones"), "got one zone", "at least two, so that one can fail")
    if cloud is CloudKind.AWS and len(given) > subnets.ZONE_SLOTS:
        yield Finding(("network", "zones"), f"got {len(given)} zones", f"at most {subnets.ZONE_SLOTS} on aws")


def _known_zones(cloud: CloudKind) -> Mapping[str, tuple[str, ...]]:
    """Return the zones of each region of a cloud."""
    if cloud is CloudKind.GCP:
        return gcp_machines.zones()
    return {
        region: tuple(f"{region}{letter}" for letter in aws_machines.ZONE_LETTERS) for region in aws_machines.regions()
    }


def nat(draft: Draft) -> Iterator[Finding]:
    """Refuse a choice of NAT gateways where there are none, or where somebody else made the network."""
    if draft.lacks("network", "cloud") or not draft.settings.network.nat_per_zone:
        return
    cloud = draft.settings.cloud
    if cloud is not CloudKind.AWS:
        yield Finding(("network", "natPerZone"), got(True), f"false on {cloud}; it is for aws")  # noqa: FBT003  the value
    elif exists_already(draft):
        yield Finding(("network", "natPerZone"), got(True), "false with aws.existingNetwork, which has its own")  # noqa: FBT003  the value


RULES: Final = (networks, combination, cloud_network, zones, nat)
