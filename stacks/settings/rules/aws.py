"""Rules of the section of AWS."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from stacks.settings.aws import AwsNetworkSettings, AwsSettings
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, got
from stacks.settings.rules.lists import one_of
from stacks.settings.rules.network import PRIVATE

_ACCOUNT: Final = 4
"""Position of the account in an ARN."""

RESERVED_NAMESPACES: Final = ("aws-observability", "kube-", "mlplatform-", "team-")
"""Beginnings of namespaces whose pods need machines, or that have none: of AWS, Kubernetes, the platform and teams."""


KEPT_BY_EKS: Final = ("amazon", "aws", "eks", "iam", "system")
"""Beginnings of groups, before a colon, that access entries cannot have."""


def admin_roles(draft: Draft) -> Iterator[Finding]:
    """Refuse administrators of another account."""
    for aws in _sections(draft):
        for position, arn in enumerate(aws.admin_roles):
            if arn.split(":")[_ACCOUNT] != aws.account_id:
                yield Finding(("aws", "adminRoles", position), got(arn), f"roles of the account {aws.account_id}")


def api_clients(draft: Draft) -> Iterator[Finding]:
    """Require private ranges, and a cluster of the environment's own, whose security group lets them in."""
    for aws in _sections(draft):
        for position, cidr in enumerate(aws.api_client_cidrs):
            if not any(IPv4Network(cidr).subnet_of(private) for private in PRIVATE):
                path = ("aws", "apiClientCidrs", position)
                yield Finding(path, got(cidr), f"networks in {', '.join(map(str, PRIVATE))}")
        if aws.api_client_cidrs and aws.existing_cluster is not None:
            allowed = "nothing with existingCluster, whose owner says who reaches it"
            yield Finding(("aws", "apiClientCidrs"), got(aws.api_client_cidrs), allowed)


def group_roles(draft: Draft) -> Iterator[Finding]:
    """Require groups of teams, and for each a role of the account that is nobody else's."""
    for aws in _sections(draft):
        named = {} if draft.lacks("teams") else draft.settings.teams
        groups = {
            group
            for team in named.values()
            for part in ("admins", "members", "viewers")
            for group in getattr(team.people, part)
        }
        taken = dict.fromkeys(aws.admin_roles, "an administrator's")
        for group, arn in aws.group_roles.items():
            path = ("aws", "groupRoles", group)
            if draft.complete("teams") and group not in groups:
                yield Finding(path, f"got the group {group}", one_of("groups of teams' people", sorted(groups)))
            elif group.partition(":")[0] in KEPT_BY_EKS and ":" in group:
                allowed = f"groups that do not begin with {', '.join(f'{each}:' for each in KEPT_BY_EKS)}"
                yield Finding(path, f"got the group {group}", allowed)
            if arn.split(":")[_ACCOUNT] != aws.account_id:
                yield Finding(path, got(arn), f"roles of the account {aws.account_id}")
            elif arn in taken:
                yield Finding(path, got(arn), f"a role of its own; this one is {taken[arn]}")
            taken.setdefault(arn, f"that of {group}")


def identity_provider(draft: Draft) -> Iterator[Finding]:
    """Refuse a provider of another account, which no role of this one can trust."""
    if draft.lacks("delivery") or draft.settings.delivery is None:
        return
    arn = draft.settings.delivery.identity_provider_arn
    for aws in _sections(draft):
        if arn is not None and arn.split(":")[_ACCOUNT] != aws.account_id:
            path = ("delivery", "identityProviderArn")
            yield Finding(path, got(arn), f"the provider of the account {aws.account_id}")


def existing_cluster(draft: Draft) -> Iterator[Finding]:
    """Require the network of a cluster that is there already, and no settings that only a new one takes."""
    for aws in _sections(draft):
        if aws.existing_cluster is not None and aws.existing_network is None:
            yield Finding(("aws", "existingNetwork"), "missing", "the cluster's network, needed with existingCluster")


def existing_network(draft: Draft) -> Iterator[Finding]:
    """Require a subnet of each kind in each zone; machines and databases may share theirs."""
    if draft.lacks("network"):
        return
    zones = draft.settings.network.zones
    for aws in _sections(draft):
        if aws.existing_network is not None:
            yield from _subnets(aws.existing_network, zones)
            yield from _intra_ranges(aws.existing_network)


def _subnets(network: AwsNetworkSettings, zones: tuple[str, ...]) -> Iterator[Finding]:
    for key, subnets in (
        ("privateSubnets", network.private_subnets),
        ("intraSubnets", network.intra_subnets),
        ("podSubnets", network.pod_subnets),
    ):
        here = ("aws", "existingNetwork", key)
        if sorted(subnets) != sorted(zones) and not (key == "podSubnets" and not subnets):
            found = f"got subnets in {', '.join(sorted(subnets)) or 'no zone'}"
            yield Finding(here, found, f"one in each zone of network.zones: {', '.join(sorted(zones)) or 'none'}")
        first: dict[str, str] = {}
        for zone, subnet in subnets.items():
            if first.setdefault(subnet, zone) != zone:
                yield Finding((*here, zone), got(subnet), f"a subnet of {zone}; this one is that of {first[subnet]}")


def _intra_ranges(network: AwsNetworkSettings) -> Iterator[Finding]:
    for position, cidr in enumerate(network.intra_cidrs):
        if not any(IPv4Network(cidr).subnet_of(private) for private in PRIVATE):
            path = ("aws", "existingNetwork", "intraCidrs", position)
            yield Finding(path, got(cidr), f"networks in {', '.join(map(str, PRIVATE))}")


def fargate(draft: Draft) -> Iterator[Finding]:
    """Refuse namespaces whose pods belong on the pools."""
    for aws in _sections(draft):
        for position, namespace in enumerate(aws.fargate_namespaces):
            if namespace.startswith(RESERVED_NAMESPACES):
                allowed = f"namespaces that do not begin with {', '.join(RESERVED_NAMESPACES)}"
                yield Finding(("aws", "fargateNamespaces", position), got(namespace), allowed)


def _sections(draft: Draft) -> Iterator[AwsSettings]:
    """Give the section, where it is valid and the environment is on AWS."""
    if not draft.lacks("aws", "cloud") and draft.settings.cloud is CloudKind.AWS and draft.settings.aws is not None:
        yield draft.settings.aws


RULES: Final = (admin_roles, api_clients, group_roles, identity_provider, existing_cluster, existing_network, fargate)
