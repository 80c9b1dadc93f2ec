"""How the addresses of a network are divided: pure arithmetic, known before anything exists.

The first half of the range belongs to the machines. The third quarter holds the range of private service access, of
which each database takes a part; the control plane's interfaces have the last sixteen addresses. What is left between
the two stays free for what is added later.
"""

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Final, NamedTuple

from pulumi.errors import InputPropertyErrorDetails

from components.errors import problem

LARGEST_VPC: Final = 8
"""Prefix length of the largest range that is divided."""

SMALLEST_VPC: Final = 22
"""Prefix length of the smallest range that is divided: its third quarter is the least that Cloud SQL asks for."""

LARGEST_PRIVATE_SERVICES: Final = 20
"""Prefix length of the largest range of private service access: sixteen services of Google in one region."""

CONTROL_PLANE: Final = 28
"""Prefix length of the control plane's range, the smallest subnet that there is."""

RESERVED_ADDRESSES: Final = 4
"""Addresses of every subnet that Google keeps for itself: the first two and the last two."""

QUARTER_BITS: Final = 2


class Ranges(NamedTuple):
    """A network's range, divided."""

    nodes: IPv4Network
    """Machines, and internal load balancers."""
    private_services: IPv4Network
    """What Google gives to services that it runs for the network, such as databases."""
    control_plane: IPv4Network
    """Interfaces of the cluster's control plane."""


def split(vpc_cidr: str) -> Ranges:
    """Divide ``vpc_cidr``, in CIDR notation.

    Raises ``ValueError`` where it is no range of IPv4 or has no room for the parts.
    """
    network = IPv4Network(vpc_cidr)
    if not LARGEST_VPC <= network.prefixlen <= SMALLEST_VPC:
        raise ValueError(f"got {vpc_cidr}; allowed: a prefix length from {LARGEST_VPC} to {SMALLEST_VPC}")
    nodes, _ = network.subnets(prefixlen_diff=1)
    _, _, third, last = network.subnets(prefixlen_diff=QUARTER_BITS)
    services = next(third.subnets(new_prefix=max(third.prefixlen, LARGEST_PRIVATE_SERVICES)))
    size = 1 << (32 - CONTROL_PLANE)
    control_plane = IPv4Network((int(last.broadcast_address) - size + 1, CONTROL_PLANE))
    return Ranges(nodes=nodes, private_services=services, control_plane=control_plane)


def node_addresses(vpc_cidr: str) -> int:
    """Return how many machines the network has addresses for; internal load balancers take from the same ones.

    Raises ``ValueError`` as ``split`` does.
    """
    return split(vpc_cidr).nodes.num_addresses - RESERVED_ADDRESSES


def problems(**ranges: str) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with a network's ranges, given by the names of their arguments."""
    found = []
    networks = {}
    for name, cidr in ranges.items():
        try:
            networks[name] = IPv4Network(cidr)
            if name == "vpc_cidr":
                split(cidr)
        except (AddressValueError, NetmaskValueError):
            found.append(problem(name, f"got {cidr!r}; allowed: a range of IPv4 in CIDR notation"))
        except ValueError as error:
            found.append(problem(name, str(error)))
    names = list(networks)
    found.extend(
        problem(other, f"got {networks[other]}; allowed: a range that does not overlap {name}, {networks[name]}")
        for position, name in enumerate(names)
        for other in names[position + 1 :]
        if networks[name].overlaps(networks[other])
    )
    return found
