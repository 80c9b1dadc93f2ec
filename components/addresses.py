"""Addresses that follow from a cluster's ranges."""

import ipaddress


def first_service_address(service_cidr: str) -> str:
    """Return where pods see the API server: the first address of the service range, in CIDR notation.

    Kubernetes defines it so.
    """
    network = ipaddress.ip_network(service_cidr)
    return f"{network[1]}/{network.max_prefixlen}"
