"""Rules of the public endpoint, of image caches, of alerts, of delivery and of managed Airflow."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.operations import WITH_CREDENTIAL
from stacks.settings.problems import Finding, got

WIDEST_RANGE: Final = 8
"""Prefix length of the largest range that may reach a public endpoint; two of /1 would be the whole internet."""

GCP_RECEIVERS: Final = 5
"""The most channels that a budget of Google Cloud tells."""

GCP_SUBJECT: Final = 127
"""The longest subject of a token that Google Cloud maps."""


def public_endpoint(draft: Draft) -> Iterator[Finding]:
    """Refuse ranges that are nearly the whole internet, and on AWS those that are not public, which EKS refuses."""
    if draft.lacks("cluster", "cloud") or draft.settings.cluster.public_endpoint is None:
        return
    if draft.settings.cloud is CloudKind.LOCAL:
        return
    on_aws = draft.settings.cloud is CloudKind.AWS
    for position, cidr in enumerate(draft.settings.cluster.public_endpoint.allowed_cidrs):
        block = IPv4Network(cidr)
        path = ("cluster", "publicEndpoint", "allowedCidrs", position)
        if block.prefixlen < WIDEST_RANGE:
            found = f"{got(cidr)}, which is {'the whole' if block.prefixlen == 0 else 'much of the'} internet"
            yield Finding(path, found, f"ranges of your own, /{WIDEST_RANGE} or smaller")
        elif on_aws and not block.is_global:
            yield Finding(path, got(cidr), "public ranges on aws; EKS takes no private and no reserved ones")


def existing_cluster(draft: Draft) -> Iterator[Finding]:
    """Refuse an endpoint of a cluster that is there already: nothing would make it."""
    if draft.lacks("cluster", "aws", "gcp") or draft.settings.cluster.public_endpoint is None:
        return
    for section, place in (("aws", draft.settings.aws), ("gcp", draft.settings.gcp)):
        if place is not None and place.existing_cluster is not None:
            found = got(draft.raw["cluster"]["publicEndpoint"])
            allowed = f"nothing with {section}.existingCluster, which has its own"
            yield Finding(("cluster", "publicEndpoint"), found, allowed)


def image_caches(draft: Draft) -> Iterator[Finding]:
    """Require, on AWS, credentials of the registries that ECR caches only with one, and of no other."""
    if draft.lacks("imageCaches", "cloud") or draft.settings.cloud is not CloudKind.AWS:
        return
    caches = draft.settings.image_caches
    for registry in WITH_CREDENTIAL:
        path = ("imageCaches", "credentials", registry.value)
        if registry in caches.registries and registry not in caches.credentials:
            allowed = f"the name of the secret with which ECR logs in to {registry}, ecr-pullthroughcache/..."
            yield Finding(path, "missing", allowed)
        elif registry in caches.credentials and registry not in caches.registries:
            yield Finding(path, got(caches.credentials[registry]), f"nothing, as {registry} is not cached")


def receivers(draft: Draft) -> Iterator[Finding]:
    """Refuse more receivers than a budget of Google Cloud tells."""
    if draft.lacks("alerts", "cloud") or draft.settings.alerts is None:
        return
    count = len(draft.settings.alerts.receivers)
    if draft.settings.cloud is CloudKind.GCP and count > GCP_RECEIVERS:
        allowed = f"at most {GCP_RECEIVERS} addresses on gcp, which may be those of groups"
        yield Finding(("alerts", "receivers"), f"got {count} addresses", allowed)


def delivery(draft: Draft) -> Iterator[Finding]:
    """Refuse a repository and a branch that are too long together for what Google Cloud maps a token's subject to."""
    if draft.lacks("delivery", "cloud") or draft.settings.delivery is None:
        return
    subject = f"repo:{draft.settings.delivery.repository}:ref:refs/heads/{draft.settings.delivery.branch}"
    if draft.settings.cloud is CloudKind.GCP and len(subject) > GCP_SUBJECT:
        found = f"{got(draft.settings.delivery.repository)}, which makes a subject of {len(subject)} characters"
        yield Finding(("delivery", "repository"), found, f"at most {GCP_SUBJECT} characters together with the branch")


def managed_airflow(draft: Draft) -> Iterator[Finding]:
    """Refuse an Airflow that would always run more workers than it may."""
    if draft.lacks("services"):
        return
    airflow = draft.settings.services.managed_airflow
    if airflow.min_workers > airflow.max_workers:
        path = ("services", "managedAirflow", "minWorkers")
        yield Finding(path, got(airflow.min_workers), f"at most maxWorkers ({airflow.max_workers})")


RULES: Final = (public_endpoint, existing_cluster, image_caches, receivers, delivery, managed_airflow)
