"""The order in which Kubernetes objects are applied.

Every object has a number: at least the rank of its kind, and more than the number of whatever it depends on. Numbers
do not count objects, so an object that is added moves no other, and neither does the name of its file.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)

_GROUPS: tuple[tuple[str, ...], ...] = (
    ("CustomResourceDefinition",),
    ("Namespace",),
    ("PriorityClass", "StorageClass", "RuntimeClass", "IngressClass", "VolumeSnapshotClass", "DeviceClass"),
    ("ServiceAccount",),
    ("ClusterRole", "Role"),
    ("ClusterRoleBinding", "RoleBinding"),
    ("ResourceQuota", "LimitRange"),
    ("NetworkPolicy",),
    ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"),
    ("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"),
    ("ConfigMap", "Secret"),
    ("PersistentVolume",),
    ("PersistentVolumeClaim",),
    ("Node",),
    ("Service", "Endpoints", "EndpointSlice"),
    (),  # custom resources
    ("Release",),
    ("DaemonSet", "Deployment", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"),
    ("CronJob", "Job"),
    ("HorizontalPodAutoscaler", "Ingress", "PodDisruptionBudget"),
    ("APIService",),
    ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
)

STEP = 10
"""Distance between the ranks of two groups of kinds: room for chains of dependencies."""

_RANKS: Mapping[str, int] = {kind: index * STEP for index, kinds in enumerate(_GROUPS) for kind in kinds}
_CUSTOM_RESOURCE_RANK = _GROUPS.index(()) * STEP


def rank(kind: str) -> int:
    """Return where objects of a kind come in the order; kinds that are not Kubernetes' own are custom resources."""
    return _RANKS.get(kind, _CUSTOM_RESOURCE_RANK)


def numbers(ranks: Mapping[Node, int], needs: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """Give each node a number: its rank, or one more than the highest number among what it needs.

    Raises ``ValueError`` that names the nodes of a circle of dependencies.
    """
    found: dict[Node, int] = {}
    for start in ranks:
        path: list[Node] = []
        stack = [(start, False)]
        while stack:
            node, left = stack.pop()
            if left:
                path.pop()
                found[node] = max([ranks[node], *(found[need] + 1 for need in needs.get(node, ()))])
            elif node not in found:
                if node in path:
                    circle = [*path[path.index(node) :], node]
                    raise ValueError(" -> ".join(str(each) for each in circle))
                path.append(node)
                stack.append((node, True))
                stack.extend((need, False) for need in needs.get(node, ()))
    return found
