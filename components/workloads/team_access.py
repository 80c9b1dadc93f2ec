"""Who may do what in a team's namespace: RBAC rules, as plain data.

Roles of people are cumulative: an admin may do what a member may, a member what a viewer may.
"""

from collections.abc import Sequence
from typing import Any, Final

RUNNER: Final = "runner"
"""Service account of the team's pods. It is bound to no role: scoring and training need nothing of the API server."""

SUBMITTER: Final = "submitter"
"""Service account of a scheduler that starts the team's jobs, and the name of its role."""

VIEWER: Final = "viewer"
MEMBER: Final = "member"
ADMIN: Final = "admin"

READ: Final = ("get", "list", "watch")
WRITE: Final = ("create", "delete", "patch", "update")


def rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> dict[str, Any]:
    """Return one RBAC rule."""
    return {"apiGroups": [group], "resources": sorted(resources), "verbs": list(verbs)}


_LOOK = [
    rule("", ["namespaces"], ["get"]),
    rule(
        "",
        [
            "configmaps",
            "events",
            "limitranges",
            "persistentvolumeclaims",
            "pods",
            "pods/log",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ],
        READ,
    ),
    rule("apps", ["deployments", "replicasets", "statefulsets"], READ),
    rule("batch", ["cronjobs", "jobs"], READ),
    rule("events.k8s.io", ["events"], READ),
    rule("kueue.x-k8s.io", ["localqueues", "workloads"], READ),
    rule("metrics.k8s.io", ["pods"], READ),
    rule("networking.k8s.io", ["networkpolicies"], READ),
]

_WORK = [
    rule("", ["configmaps", "persistentvolumeclaims", "pods"], WRITE),
    rule("", ["pods/attach", "pods/exec", "pods/portforward"], ["create", "get"]),
    rule("batch", ["cronjobs", "jobs"], WRITE),
]

_MANAGE = [
    rule("", ["secrets"], [*READ, *WRITE]),
    rule("", ["services"], WRITE),
    rule("apps", ["deployments", "statefulsets"], WRITE),
    # Kubernetes lets nobody pass on rights that they lack, so this ends at what an admin may do.
    rule("rbac.authorization.k8s.io", ["rolebindings"], [*READ, *WRITE]),
    rule("rbac.authorization.k8s.io", ["roles"], READ),
]

_SUBMIT = [
    rule("", ["events", "pods", "pods/log"], READ),
    rule("batch", ["cronjobs"], READ),
    rule("batch", ["jobs"], [*READ, "create", "delete"]),
]


def roles() -> dict[str, list[dict[str, Any]]]:
    """Return the rules of the roles in a team's namespace by the role's name."""
    return {
        VIEWER: _LOOK,
        MEMBER: [*_LOOK, *_WORK],
        ADMIN: [*_LOOK, *_WORK, *_MANAGE],
        SUBMITTER: _SUBMIT,
    }


def group_subjects(groups: Sequence[str]) -> list[dict[str, str]]:
    """Return the RBAC subjects for groups of the identity provider."""
    return [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": group} for group in sorted(set(groups))]
