"""How a network's addresses are divided into subnets: pure arithmetic, known before anything exists.

Every network is divided for ``ZONE_SLOTS`` zones whatever number it has, and a zone takes the slot of its position.
So a zone that is appended later gets subnets of its own and moves nobody's; a zone that is put in front of others
would move theirs.

Of the VPC's range the first half belongs to the private subnets, the third quarter to the intra subnets and the last
quarter to the public ones. Intra and public subnets are never larger than a ``/24``: what their quarter has left stays
free for what is added later.
"""

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Final, NamedTuple

from pulumi.errors import InputPropertyErrorDetails

from components.errors import problem

ZONE_SLOTS: Final = 4
"""Zones that every range is divided for."""

FEWEST_ZONES: Final = 2
"""Zones that a cluster and a database have at least: both are refused in one."""

RESERVED_ADDRESSES: Final = 5
"""Addresses of every subnet that AWS keeps for itself: the first four and the last."""

LARGEST_RANGE: Final = 16
"""Prefix length of the largest range that a VPC takes."""

SMALLEST_SUBNET: Final = 28
"""Prefix length of the smallest subnet that AWS makes."""

SMALLEST_INTRA: Final = 26
"""Prefix length of the smallest intra subnet: a zone's interface endpoints, API server interfaces and databases."""

LARGEST_SMALL: Final = 24
"""Prefix length of the largest intra or public subnet."""

SLOT_BITS: Final = 2
"""Bits that number the slots."""

SMALLEST_VPC: Final = SMALLEST_INTRA - 2 - SLOT_BITS
"""Prefix length of the smallest VPC whose intra subnets are large enough."""

SMALLEST_PODS: Final = SMALLEST_SUBNET - SLOT_BITS
"""Prefix length of the smallest range of pods."""

SMALLEST_RESERVED: Final = 24
"""Prefix length of the smallest subnet of pods of which parts are kept for prefixes."""

PRIVATE_USE: Final = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""Ranges for private use (RFC 1918), of which AWS takes no two together."""

_NEVER_SECONDARY: Final = IPv4Network("198.19.0.0/16")
_NEVER_WITHIN: Final = (
    (IPv4Network("10.0.0.0/15"), IPv4Network("10.0.0.0/16")),
    (IPv4Network("172.16.0.0/12"), IPv4Network("172.31.0.0/16")),
)
"""Pairs of ranges: to a VPC whose first range is within the one, AWS does not add the other, which it uses itself."""


class ZoneSubnets(NamedTuple):
    """Ranges of one zone's subnets, in CIDR notation."""

    private: str
    """Machines."""
    public: str
    """NAT gateways and internet-facing load balancers."""
    intra: str
    """API server interfaces, interface endpoints and databases."""
    pods: str
    """Pods."""


def problems(vpc_cidr: str, pod_cidr: str, zones: Sequence[str]) -> list[InputPropertyErrorDetails]:
    """Return why the ranges cannot be divided over ``zones``; empty where they can.

    Each problem's path is ``vpc_cidr``, ``pod_cidr`` or ``zones``.
    """
    found = []
    if not FEWEST_ZONES <= len(zones) <= ZONE_SLOTS:
        found.append(problem("zones", f"got {len(zones)}; allowed: from {FEWEST_ZONES} to {ZONE_SLOTS}"))
    if len(set(zones)) < len(zones):
        found.append(problem("zones", f"got {', '.join(zones)}; allowed: every zone once"))
    vpc = _range("vpc_cidr", vpc_cidr, SMALLEST_VPC, found)
    pods = _range("pod_cidr", pod_cidr, SMALLEST_PODS, found)
    if vpc is not None and pods is not None:
        found.extend(_together(vpc, pods))
    return found


def _range(path: str, cidr: str, smallest: int, found: list[InputPropertyErrorDetails]) -> IPv4Network | None:
    try:
        network = IPv4Network(cidr)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        found.append(problem(path, f"got {cidr!r}, {error}; allowed: an IPv4 range such as 10.64.0.0/16"))
        return None
    if not LARGEST_RANGE <= network.prefixlen <= smallest:
        found.append(problem(path, f"got {cidr}; allowed: from /{LARGEST_RANGE} to /{smallest}"))
        return None
    return network


def never_beside(vpc: IPv4Network) -> tuple[IPv4Network, ...]:
    """Return the ranges of which AWS adds nothing to a VPC whose first range is ``vpc``.

    They are those of the VPC user guide, restrictions of CIDR block associations: what AWS uses itself, and the blocks
    for private use that the first range is not in.
    """
    kept = [second for first, second in _NEVER_WITHIN if vpc.subnet_of(first)]
    return (*kept, *(block for block in PRIVATE_USE if not vpc.subnet_of(block)), _NEVER_SECONDARY)


def _together(vpc: IPv4Network, pods: IPv4Network) -> list[InputPropertyErrorDetails]:
    if vpc.overlaps(pods):
        return [problem("pod_cidr", f"got {pods}; allowed: a range that does not overlap vpc_cidr, {vpc}")]
    refused = never_beside(vpc)
    if any(pods.overlaps(block) for block in refused):
        outside = ", ".join(map(str, refused))
        return [problem("pod_cidr", f"got {pods}; allowed: a range outside {outside}, which AWS does not add to {vpc}")]
    return []


def subnets(vpc_cidr: str, pod_cidr: str, zones: Sequence[str]) -> dict[str, ZoneSubnets]:
    """Return the subnets of each of ``zones``.

    Raises ``ValueError`` where ``problems`` finds any.
    """
    if found := problems(vpc_cidr, pod_cidr, zones):
        raise ValueError("; ".join(f"{each['property_path']}: {each['reason']}" for each in found))
    vpc = IPv4Network(vpc_cidr)
    first, second, intra_quarter, public_quarter = vpc.subnets(2)
    private = [*first.subnets(1), *second.subnets(1)]
    small = max(vpc.prefixlen + 2 + SLOT_BITS, LARGEST_SMALL)
    intra, public = (list(quarter.subnets(new_prefix=small)) for quarter in (intra_quarter, public_quarter))
    pods = list(IPv4Network(pod_cidr).subnets(SLOT_BITS))
    return {
        zone: ZoneSubnets(str(private[slot]), str(public[slot]), str(intra[slot]), str(pods[slot]))
        for slot, zone in enumerate(zones)
    }


def prefix_reservations(pods: str) -> list[str]:
    """Return the parts of a subnet of pods that are kept for prefixes, the ranges of 16 addresses that machines take.

    Single addresses, one for each interface, come from the quarter that is left, so that they do not break up the
    ranges until none is whole. A subnet that is too small for that has none.
    """
    network = IPv4Network(pods)
    if network.prefixlen > SMALLEST_RESERVED:
        return []
    lower, upper = network.subnets(1)
    return [str(list(lower.subnets(1))[1]), str(upper)]


def addresses(cidr: str) -> int:
    """Return how many addresses of a subnet can be given out."""
    return max(IPv4Network(cidr).num_addresses - RESERVED_ADDRESSES, 0)


def machine_addresses(vpc_cidr: str, pod_cidr: str, zones: Sequence[str]) -> int:
    """Return how many addresses machines and internal load balancers have over all ``zones``."""
    return sum(addresses(zone.private) for zone in subnets(vpc_cidr, pod_cidr, zones).values())


def pod_addresses(vpc_cidr: str, pod_cidr: str, zones: Sequence[str]) -> int:
    """Return how many addresses pods have over all ``zones``; each machine takes one of them for each interface."""
    return sum(addresses(zone.pods) for zone in subnets(vpc_cidr, pod_cidr, zones).values())
