"""Rules of room: enough addresses for the machines and the pods that an environment may have at one time."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from components.aws import subnets
from components.gcp import ranges
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind, NetworkSettings
from stacks.settings.problems import Finding, got
from stacks.settings.rules.network import exists_already

GKE_NODE_PREFIX: Final = 24
"""Length of the network of pods' addresses that GKE sets aside for each node."""

POD_ADDRESSES_PER_NODE: Final = 32
"""Addresses that the VPC CNI holds on each node ahead of demand: two prefixes of 16."""


def room(draft: Draft) -> Iterator[Finding]:
    """Require addresses for the machines of all pools and the pods of all teams, where the network is made here."""
    if draft.lacks("cloud", "network", "nodePools", "teams", "aws", "gcp") or exists_already(draft):
        return
    network = draft.settings.network
    nodes = sum(pool.max for pool in draft.settings.node_pools.values())
    if draft.settings.cloud is CloudKind.GCP:
        yield from _room_of_gke(network, nodes)
    elif draft.settings.cloud is CloudKind.AWS and network.vpc_cidr is not None:
        pods = sum(team.quota.pods for team in draft.settings.teams.values())
        yield from _room_of_eks(network, network.vpc_cidr, nodes, pods)


def _room_of_gke(network: NetworkSettings, nodes: int) -> Iterator[Finding]:
    least = f"room for the {nodes} nodes of all pools"
    length = IPv4Network(network.pod_cidr).prefixlen
    for_pods = 2 ** max(0, GKE_NODE_PREFIX - length)
    if nodes > for_pods:
        yield Finding(
            ("network", "podCidr"), f"{got(network.pod_cidr)}, which has room for {for_pods} nodes on gcp", least
        )
    if network.vpc_cidr is None or ranges.problems(vpc_cidr=network.vpc_cidr):
        return
    machines = ranges.node_addresses(network.vpc_cidr)
    if nodes > machines:
        found = f"{got(network.vpc_cidr)}, which has {machines} addresses for machines on gcp"
        yield Finding(("network", "vpcCidr"), found, least)


def _room_of_eks(network: NetworkSettings, vpc_cidr: str, nodes: int, pods: int) -> Iterator[Finding]:
    if subnets.problems(vpc_cidr, network.pod_cidr, network.zones):
        return
    machines = subnets.machine_addresses(vpc_cidr, network.pod_cidr, network.zones)
    if nodes > machines:
        found = f"{got(vpc_cidr)}, whose private subnets have {machines} addresses in {len(network.zones)} zones"
        yield Finding(("network", "vpcCidr"), found, f"room for the {nodes} nodes of all pools")
    there = subnets.pod_addresses(vpc_cidr, network.pod_cidr, network.zones)
    asked = nodes * POD_ADDRESSES_PER_NODE + pods
    if asked > there:
        found = f"{got(network.pod_cidr)}, whose subnets have {there} addresses in {len(network.zones)} zones"
        allowed = (
            f"room for {asked}: {POD_ADDRESSES_PER_NODE} for each of the {nodes} nodes of all pools and one for each "
            f"of the {pods} pods of all teams"
        )
        yield Finding(("network", "podCidr"), found, allowed)


RULES: Final = (room,)
