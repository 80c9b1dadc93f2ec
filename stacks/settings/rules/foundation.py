"""Rules of names, tags, the network, the cluster and the databases."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Final

from components import versions
from stacks.settings.draft import Draft
from stacks.settings.environment import REQUIRED_TAGS
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, got, nearest

ENVIRONMENT_NAME: Final = re.compile("[a-z]([a-z0-9-]{0,28}[a-z0-9])?")
"""What an environment may be named, so that every cloud accepts it as a part of a name."""

GKE_CLUSTER_NAME: Final = 40
"""The longest name of a GKE cluster."""

BUCKET_NAME: Final = 63
"""The longest name of a bucket, on S3 and on Google Cloud Storage."""

PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Ranges that no public address is in; the last one is the carriers', which clouds allow for pods."""

PREFIX_LENGTHS: Final = {"podCidr": (8, 24), "serviceCidr": (12, 24), "vpcCidr": (16, 24)}
"""The largest and smallest network of each kind that AWS and Google Cloud both take."""

ZONES: Final = {
    CloudKind.AWS: (re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9])[a-z]"), "a zone of AWS, such as eu-west-1a"),
    CloudKind.GCP: (re.compile(r"([a-z]+-[a-z]+[0-9]+)-[a-z]"), "a zone of Google Cloud, such as europe-west1-b"),
}
"""How each cloud writes a zone; the group is its region."""

RESERVED_ROLES: Final = ("cloudsqladmin", "cloudsqlsuperuser", "postgres", "rdsadmin")
RESERVED_DATABASES: Final = ("cloudsqladmin", "postgres", "rdsadmin", "template0", "template1")
"""Names that PostgreSQL and its managed services keep for themselves."""


def environment_name(draft: Draft) -> Iterator[Finding]:
    """Refuse a name of the environment that cannot be a part of names everywhere."""
    if not ENVIRONMENT_NAME.fullmatch(draft.environment):
        yield Finding(
            (),
            f"got the environment name {draft.environment}",
            "lower-case letters, digits and hyphens, beginning with a letter, ending with a letter or digit, "
            "at most 30 characters",
        )


def composed_names(draft: Draft) -> Iterator[Finding]:
    """Refuse names made of several parts that are longer than the clouds allow."""
    if draft.lacks("names", "cloud") or draft.settings.cloud is CloudKind.LOCAL:
        return
    platform = draft.settings.names.platform
    cluster = f"{platform}-{draft.environment}"
    if draft.settings.cloud is CloudKind.GCP and len(cluster) > GKE_CLUSTER_NAME:
        yield Finding(
            ("names", "platform"),
            f"{got(platform)}, which names the cluster {cluster} ({len(cluster)} characters)",
            f"at most {GKE_CLUSTER_NAME} characters on gcp",
        )
    for store in draft.names("stores"):
        bucket = f"{cluster}-{store}"
        if len(bucket) > BUCKET_NAME:
            yield Finding(
                ("stores", store),
                f"got the name {store}, which names the bucket {bucket} ({len(bucket)} characters)",
                f"at most {BUCKET_NAME} characters on aws and gcp",
            )


def required_tags(draft: Draft) -> Iterator[Finding]:
    """Require the tags that say who owns the environment and who pays for it."""
    if draft.lacks("tags"):
        return
    tags = draft.settings.tags
    for key in REQUIRED_TAGS:
        if key not in tags:
            near = nearest(key, [tag for tag in tags if tag not in REQUIRED_TAGS])
            hint = f'is "{near}" meant to be it?' if near else ""
            yield Finding(("tags", key), "missing", "a tag value; every environment carries it", hint)


def networks(draft: Draft) -> Iterator[Finding]:
    """Require ranges that are private, of a size that clouds take, and apart from each other."""
    if draft.lacks("network"):
        return
    network = draft.settings.network
    given = {"podCidr": network.pod_cidr, "serviceCidr": network.service_cidr, "vpcCidr": network.vpc_cidr}
    ranges = {key: IPv4Network(value) for key, value in given.items() if value is not None}
    for key, block in ranges.items():
        shortest, longest = PREFIX_LENGTHS[key]
        if not any(block.subnet_of(private) for private in PRIVATE):
            yield Finding(("network", key), got(str(block)), f"a network in {', '.join(map(str, PRIVATE))}")
        elif not shortest <= block.prefixlen <= longest:
            yield Finding(("network", key), got(str(block)), f"a network from /{shortest} to /{longest}")
    for (one, first), (other, second) in combinations(ranges.items(), 2):
        if first.overlaps(second):
            yield Finding(("network", other), got(str(second)), f"a network that does not overlap {one} ({first})")


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
    """Require more than one zone, all of them the cloud's own and of one region."""
    if draft.lacks("network", "cloud") or draft.settings.cloud is CloudKind.LOCAL:
        return
    given = draft.settings.network.zones
    pattern, allowed = ZONES[draft.settings.cloud]
    regions = [match[1] if (match := pattern.fullmatch(zone)) else None for zone in given]
    for position, (zone, region) in enumerate(zip(given, regions, strict=True)):
        if region is None:
            yield Finding(("network", "zones", position), got(zone), allowed)
        elif regions[0] is not None and region != regions[0]:
            yield Finding(("network", "zones", position), got(zone), f"a zone of {regions[0]}, as the first one")
    if len(given) == 1:
        yield Finding(("network", "zones"), "got one zone", "at least two, so that one can fail")


def kubernetes_version(draft: Draft) -> Iterator[Finding]:
    """Require, locally, the version whose programs are run."""
    if draft.lacks("cluster", "cloud") or draft.settings.cloud is not CloudKind.LOCAL:
        return
    version = draft.settings.cluster.kubernetes_version
    local = versions.KUBERNETES.removeprefix("v").rpartition(".")[0]
    if version != local:
        yield Finding(("cluster", "kubernetesVersion"), got(version), f"{local} on local, the version that it runs")


def reserved_databases(draft: Draft) -> Iterator[Finding]:
    """Refuse databases and owners whose names PostgreSQL or a managed service keeps for itself."""
    if draft.lacks("databases"):
        return
    for name in draft.names("databases"):
        if name in RESERVED_DATABASES:
            allowed = f"a name that PostgreSQL does not reserve ({', '.join(RESERVED_DATABASES)})"
            yield Finding(("databases", name), f"got the name {name}", allowed)
    for name, database in draft.settings.databases.items():
        owner = database.owner or ""
        if owner in RESERVED_ROLES or owner.startswith("pg_"):
            allowed = f"a role that PostgreSQL does not reserve (pg_..., {', '.join(RESERVED_ROLES)})"
            yield Finding(("databases", name, "owner"), got(owner), allowed)


RULES: Final = (
    environment_name,
    composed_names,
    required_tags,
    networks,
    cloud_network,
    zones,
    kubernetes_version,
    reserved_databases,
)
