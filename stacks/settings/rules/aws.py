"""Rules of the section of AWS."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from stacks.settings.aws import AwsNetworkSettings, AwsSettings
from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, got
from stacks.settings.rules.network import PRIVATE

_ACCOUNT: Final = 4
"""Position of the account in an ARN."""

RESERVED_NAMESPACES: Final = ("aws-observability", "kube-", "mlplatform-", "team-")
"""Beginnings of namespaces whose pods need machines, or that have none: of AWS, Kubernetes, the platform and teams."""


def admin_roles(draft: Draft) -> Iterator[Finding]:
    """Refuse administrators of another account."""
    for aws in _sections(draft):
        for position, arn in enumerate(aws.admin_roles):
            if arn.split(":")[_ACCOUNT] != aws.account_id:
                yield Finding(("aws", "adminRoles", position), got(arn), f"roles of the account {aws.account_id}")


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


RULES: Final = (admin_roles, identity_provider, existing_cluster, existing_network, fargate)
