"""A network that was there before: what is given of it, as facts."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi.errors import InputPropertyErrorDetails

from components.aws.facts import AwsNetworkFacts
from components.errors import ArgumentsError, problem

__all__ = ["AwsExistingNetworkArgs", "existing_network"]

VPC_ID: Final = re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")
SUBNET_ID: Final = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")


class AwsExistingNetworkArgs(TypedDict):
    """A VPC and subnets that somebody else keeps. Subnets are given by zone."""

    zones: Sequence[str]
    """Zones of the environment: each needs a private and an intra subnet."""
    vpc_id: pulumi.Input[str]
    """ID of the VPC."""
    vpc_cidr: str
    """Addresses of the machines."""
    pod_cidr: NotRequired[str]
    """Addresses of the pods; ``vpc_cidr`` where it is left out."""
    private_subnets: Mapping[str, pulumi.Input[str]]
    """IDs of the subnets of machines, which reach the internet by whatever way the network has."""
    intra_subnets: Mapping[str, pulumi.Input[str]]
    """IDs of the subnets of API server interfaces and databases; may be the private ones."""
    pod_subnets: NotRequired[Mapping[str, pulumi.Input[str]]]
    """IDs of the subnets of pods; pods share the machines' subnets where it is left out."""
    intra_cidrs: Sequence[str]
    """Addresses of the intra subnets."""


def _cidr_problems(path: str, cidr: str) -> list[InputPropertyErrorDetails]:
    try:
        IPv4Network(cidr)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        return [problem(path, f"got {cidr!r}, {error}; allowed: an IPv4 range such as 10.64.0.0/16")]
    return []


def _subnet_problems(
    path: str, subnets: Mapping[str, pulumi.Input[str]], zones: Sequence[str]
) -> list[InputPropertyErrorDetails]:
    found = [
        problem(f"{path}.{zone}", f"got {subnet!r}; allowed: an ID such as subnet-0123456789abcdef0")
        for zone, subnet in sorted(subnets.items())
        if isinstance(subnet, str) and not SUBNET_ID.fullmatch(subnet)
    ]
    if missing := [zone for zone in zones if zone not in subnets]:
        found.append(problem(path, f"got none for {', '.join(missing)}; allowed: one for every zone"))
    return found


def problems(args: AwsExistingNetworkArgs) -> list[InputPropertyErrorDetails]:
    """Return what is wrong or missing in ``args``; empty where nothing is."""
    zones, vpc_id = args["zones"], args["vpc_id"]
    found = []
    if isinstance(vpc_id, str) and not VPC_ID.fullmatch(vpc_id):
        found.append(problem("vpc_id", f"got {vpc_id!r}; allowed: an ID such as vpc-0123456789abcdef0"))
    found.extend(_cidr_problems("vpc_cidr", args["vpc_cidr"]))
    if "pod_cidr" in args:
        found.extend(_cidr_problems("pod_cidr", args["pod_cidr"]))
    for index, cidr in enumerate(args["intra_cidrs"]):
        found.extend(_cidr_problems(f"intra_cidrs[{index}]", cidr))
    if not args["intra_cidrs"]:
        found.append(problem("intra_cidrs", "got none; allowed: at least one"))
    found.extend(_subnet_problems("private_subnets", args["private_subnets"], zones))
    found.extend(_subnet_problems("intra_subnets", args["intra_subnets"], zones))
    if pods := args.get("pod_subnets"):
        found.extend(_subnet_problems("pod_subnets", pods, zones))
    return found


def existing_network(args: AwsExistingNetworkArgs) -> AwsNetworkFacts:
    """Return the facts of a network that was there before. Nothing of it is made, changed or looked at.

    Its keeper provides what ``AwsNetwork`` would: routes, endpoints, flow logs, and the tags by which load balancers
    find their subnets. Subnets of zones that the environment does not have are left out.

    Raises ``ArgumentsError`` with every problem.
    """
    if found := problems(args):
        raise ArgumentsError("existing network", found)
    zones, pods = args["zones"], args.get("pod_subnets") or {}
    return AwsNetworkFacts(
        vpc_id=args["vpc_id"],
        vpc_cidr=args["vpc_cidr"],
        pod_cidr=args.get("pod_cidr", args["vpc_cidr"]),
        private_subnets={zone: args["private_subnets"][zone] for zone in zones},
        intra_subnets={zone: args["intra_subnets"][zone] for zone in zones},
        pod_subnets={zone: pods[zone] for zone in zones} if pods else {},
        intra_cidrs=list(args["intra_cidrs"]),
    )
