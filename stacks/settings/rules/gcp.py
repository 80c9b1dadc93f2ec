"""Rules of the section of Google Cloud."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.gcp import GcpSettings
from stacks.settings.places import region_of
from stacks.settings.problems import Finding, got
from stacks.settings.rules.network import PRIVATE

WORKFORCE: Final = "principalSet:"
"""Beginning of groups of workforce identity federation."""


def existing_cluster(draft: Draft) -> Iterator[Finding]:
    """Require the network of a cluster that is there already, and a place in the environment's region."""
    for gcp in _sections(draft):
        cluster = gcp.existing_cluster
        if cluster is None:
            continue
        if gcp.existing_network is None:
            yield Finding(("gcp", "existingNetwork"), "missing", "the cluster's network, needed with existingCluster")
        zones = () if draft.lacks("network") else draft.settings.network.zones
        regions = [region for zone in zones if (region := region_of(CloudKind.GCP, zone)) is not None]
        if regions and cluster.location not in (regions[0], *zones):
            allowed = f"{regions[0]} or one of network.zones: {', '.join(zones)}"
            yield Finding(("gcp", "existingCluster", "location"), got(cluster.location), allowed)


def control_plane(draft: Draft) -> Iterator[Finding]:
    """Require a private range for the control plane of an existing network, apart from pods and services."""
    for gcp in _sections(draft):
        if gcp.existing_network is None or draft.lacks("network"):
            continue
        path = ("gcp", "existingNetwork", "controlPlaneCidr")
        cidr = IPv4Network(gcp.existing_network.control_plane_cidr)
        network = draft.settings.network
        if not any(cidr.subnet_of(private) for private in PRIVATE):
            yield Finding(path, got(str(cidr)), f"a network in {', '.join(map(str, PRIVATE))}")
        for key, other in (("podCidr", network.pod_cidr), ("serviceCidr", network.service_cidr)):
            if cidr.overlaps(IPv4Network(other)):
                yield Finding(path, got(str(cidr)), f"a network that does not overlap network.{key} ({other})")


def groups(draft: Draft) -> Iterator[Finding]:
    """Require groups that GKE knows: Google groups by their addresses, inside the one that it looks into."""
    if draft.lacks("teams"):
        return
    for gcp in _sections(draft):
        given = [
            (("teams", team, "people", role, position), group)
            for team, settings in draft.settings.teams.items()
            for role in ("admins", "members", "viewers")
            for position, group in enumerate(getattr(settings.people, role))
        ]
        for path, group in given:
            if "@" not in group and not group.startswith(WORKFORCE):
                yield Finding(path, got(group), "the address of a Google group on gcp, such as team@example.com")
        if gcp.security_group is None and any("@" in group for _, group in given):
            allowed = "gke-security-groups@<domain>, which holds the teams' groups, needed where teams have any"
            yield Finding(("gcp", "securityGroup"), "missing", allowed)


def _sections(draft: Draft) -> Iterator[GcpSettings]:
    """Give the section, where it is valid and the environment is on Google Cloud."""
    if not draft.lacks("gcp", "cloud") and draft.settings.cloud is CloudKind.GCP and draft.settings.gcp is not None:
        yield draft.settings.gcp


RULES: Final = (existing_cluster, control_plane, groups)
