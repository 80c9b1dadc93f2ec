"""What CI may do in a project: rights spelled out by service.

A predefined role is used where a service's own has no right to read what people stored; the rest is in custom roles.
Whoever deploys makes every resource of an environment, with no right to read objects, query tables, use a data key or
destroy one. It does read the environment's secrets, of the cluster and of Secret Manager, which it makes: passwords of
databases are among them, and it may make database users and set their passwords, so it can log in to databases from
where they are reached. It sets the policies of buckets, keys and datasets too, because identities of workloads are
granted there: a grant to itself would show in the audit log. The trust in CI itself, and its roles, are for people to
change.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from components.gcp.cluster_access import ROLES as ACCESS_ROLES
from components.gcp.node_account import ROLES as NODE_ROLES
from components.gcp.workload_identity import QUERY_ROLE

PROJECT_IAM_ADMIN: Final = "roles/resourcemanager.projectIamAdmin"
"""Granted with a condition on which roles can be given on."""

SECRET_ACCESSOR: Final = "roles/secretmanager.secretAccessor"  # noqa: S105  the name of a role
"""Granted for the environment's own secrets: Pulumi reads a version back after it has made it."""

GRANTED: Final = (*ACCESS_ROLES, *NODE_ROLES, QUERY_ROLE, "roles/composer.worker")
"""Roles that the environment's components grant in the project. Whoever deploys could make anybody an administrator of
the cluster by a role binding in it as well."""

DEPLOY_ROLES: Final = (
    "roles/binaryauthorization.policyEditor",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/container.admin",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/logging.configWriter",
    "roles/monitoring.alertPolicyEditor",
    "roles/monitoring.notificationChannelEditor",
    "roles/servicenetworking.networksAdmin",
    "roles/serviceusage.serviceUsageAdmin",
)
"""Predefined roles of whoever deploys, in the project."""

PREVIEW_ROLES: Final = (
    "roles/binaryauthorization.policyViewer",
    "roles/compute.networkViewer",
    "roles/container.viewer",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/monitoring.viewer",
    # To see them, and to have requests counted against the project, as the provider asks.
    "roles/serviceusage.serviceUsageConsumer",
)
"""Predefined roles of whoever previews, in the project: they read settings, and the cluster's objects but secrets."""

MANAGED: Final[Mapping[str, tuple[str, ...]]] = {
    "artifactregistry.repositories": ("create", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update"),
    "bigquery.datasets": ("create", "delete", "get", "getIamPolicy", "setIamPolicy", "update"),
    "cloudkms.cryptoKeyVersions": ("create", "get", "list"),
    "cloudkms.cryptoKeys": ("create", "get", "getIamPolicy", "list", "setIamPolicy", "update"),
    "cloudkms.keyRings": ("create", "get", "getIamPolicy", "list", "setIamPolicy"),
    "cloudsql.backupRuns": ("create", "get", "list"),
    "cloudsql.databases": ("create", "delete", "get", "list", "update"),
    "cloudsql.instances": ("create", "delete", "get", "list", "update"),
    "cloudsql.users": ("create", "delete", "get", "list", "update"),
    "composer.environments": ("create", "delete", "get", "list", "update"),
    "composer.imageversions": ("list",),
    "composer.operations": ("get", "list"),
    # A node pool is read together with its groups of machines.
    "compute.instanceGroupManagers": ("get", "list"),
    "dns.networks": ("bindPrivateDNSPolicy",),
    "dns.policies": ("create", "delete", "get", "list", "update"),
    "iam.roles": ("get", "list"),
    "iam.serviceAccounts": ("create", "delete", "get", "getIamPolicy", "list", "update"),
    "pubsub.subscriptions": ("create", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update"),
    "pubsub.topics": (
        "attachSubscription",
        "create",
        "delete",
        "detachSubscription",
        "get",
        "getIamPolicy",
        "list",
        "setIamPolicy",
        "update",
    ),
    "resourcemanager.projects": ("get", "getIamPolicy"),
    "secretmanager.secrets": ("create", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update"),
    "secretmanager.versions": ("add", "destroy", "disable", "enable", "get", "list"),
    "storage.buckets": ("create", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update"),
}
"""Actions of the deployer's custom role, by kind of resource, where predefined roles would also read data."""

SEEN: Final[Mapping[str, tuple[str, ...]]] = {
    "artifactregistry.repositories": ("get", "getIamPolicy", "list"),
    "bigquery.datasets": ("get", "getIamPolicy"),
    "cloudkms.cryptoKeys": ("get", "getIamPolicy", "list"),
    "cloudkms.keyRings": ("get", "getIamPolicy", "list"),
    # The predefined viewer of Cloud SQL can export a database.
    "cloudsql.databases": ("get", "list"),
    "cloudsql.instances": ("get", "list"),
    "cloudsql.users": ("get", "list"),
    "composer.environments": ("get", "list"),
    "compute.instanceGroupManagers": ("get", "list"),
    "dns.policies": ("get", "list"),
    "iam.roles": ("get", "list"),
    "iam.serviceAccounts": ("get", "getIamPolicy", "list"),
    # The predefined viewers of logs read the entries.
    "logging.buckets": ("get", "list"),
    "logging.sinks": ("get", "list"),
    "pubsub.subscriptions": ("get", "getIamPolicy", "list"),
    "pubsub.topics": ("get", "getIamPolicy", "list"),
    "resourcemanager.projects": ("get", "getIamPolicy"),
    "secretmanager.secrets": ("get", "getIamPolicy", "list"),
    "secretmanager.versions": ("get", "list"),
    "storage.buckets": ("get", "getIamPolicy", "list"),
}
"""Actions of the previewer's custom role, by kind of resource."""


def permissions(actions: Mapping[str, Iterable[str]]) -> list[str]:
    """Return permissions such as ``storage.buckets.get``, sorted, from actions by kind of resource."""
    return sorted(chain.from_iterable((f"{kind}.{verb}" for verb in verbs) for kind, verbs in actions.items()))


def only_grants(roles: Iterable[str]) -> str:
    """Return the condition under which a change of the project's policy may grant or take these roles and no other."""
    listed = ", ".join(f"'{role}'" for role in sorted(roles))
    return f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{listed}])"


def own_secrets(project_number: str, environment_name: str) -> str:
    """Return the condition that a resource is one of the environment's secrets, or a version of one."""
    return f"resource.name.startsWith('projects/{project_number}/secrets/{environment_name}-')"
