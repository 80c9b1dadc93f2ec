"""A team's workspace, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

import pulumi
import pulumi_kubernetes as kubernetes

from components.contracts import SHARED_IMAGES, TEAM_LABEL, Cluster, NodePool, Registry
from components.labels import object_labels
from components.workloads import team_access
from components.workloads.isolation import network_policies, pod_security_labels
from components.workloads.team_admission import pod_policy, policy_binding, service_policy
from components.workloads.team_limits import TeamQuota, limit_range, resource_quota

__all__ = ["TeamPeople", "TeamWorkspace", "TeamWorkspaceArgs", "team_namespace"]

# For people to read; the policy on the team's pods is what enforces them.
POOLS_ANNOTATION = "mlplatform/pools"
REPOSITORIES_ANNOTATION = "mlplatform/repositories"


class TeamPeople(TypedDict):
    """Groups of the identity provider, by what their members may do in the team's namespace."""

    admins: NotRequired[Sequence[str]]
    """Groups that may also read secrets, run services and let others in."""
    members: NotRequired[Sequence[str]]
    """Groups that may run work."""
    viewers: NotRequired[Sequence[str]]
    """Groups that may look but not touch."""


class TeamWorkspaceArgs(TypedDict):
    """Whose workspace it is and what it may use."""

    team: str
    """The team's name; the namespace is ``team-<team>``."""
    cluster: Cluster
    """The cluster."""
    people: TeamPeople
    """The team's groups."""
    pools: Sequence[NodePool]
    """Pools that the team's pods may select; no others."""
    quota: TeamQuota
    """The most that its pods may ask for at one time."""
    registry: Registry
    """The team's image repositories; its pods run images from them and from the platform's own."""
    labels: Mapping[str, str]
    """Labels of every object."""


def team_namespace(team: str) -> str:
    """Return the name of the namespace of ``team``."""
    return f"team-{team}"


class TeamWorkspace(pulumi.ComponentResource):
    """A namespace in which one team works: restricted pods, quota, roles, closed network, its pools and its images.

    The namespace is retained when the team leaves the program, because volumes of its people go with it. The team's
    cloud identity is not made here but asked of the cloud for this namespace, under the name of the ``runner``
    service account. Traffic from other namespaces, such as a gateway's, is for the service that needs it to allow.
    """

    namespace: pulumi.Output[str]
    """Name of the namespace."""
    submitter: pulumi.Output[str]
    """Name of the service account that may start jobs."""

    def __init__(self, name: str, args: TeamWorkspaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:TeamWorkspace", name, {}, opts)
        self._labels = {
            **object_labels(args["labels"], component="team-workspace", name=args["team"]),
            TEAM_LABEL: args["team"],
        }
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": team_namespace(args["team"]),
                "labels": {**self._labels, **pod_security_labels(args["cluster"]["kubernetes_version"])},
                "annotations": {
                    POOLS_ANNOTATION: ",".join(sorted(pool["name"] for pool in args["pools"])),
                    REPOSITORIES_ANNOTATION: ",".join(sorted(args["registry"]["repositories"])),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.namespace = namespace.metadata.apply(lambda metadata: str(metadata.name))
        self._limit(name, args["quota"])
        self._isolate(name, args["cluster"])
        self._admit_people(name, args["people"])
        self.submitter = self._admit_submitter(name)
        self._bound(name, args)
        self.register_outputs({"namespace": self.namespace, "submitter": self.submitter})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _metadata(self, object_name: str) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(name=object_name, namespace=self.namespace, labels=self._labels)

    def _limit(self, name: str, quota: TeamQuota) -> None:
        kubernetes.core.v1.ResourceQuota(
            f"{name}-quota",
            metadata=self._metadata("quota"),
            spec=cast("Any", resource_quota(quota)),
            opts=self._child(),
        )
        kubernetes.core.v1.LimitRange(
            f"{name}-limits", metadata=self._metadata("limits"), spec=cast("Any", limit_range()), opts=self._child()
        )

    def _isolate(self, name: str, cluster: Cluster) -> None:
        for policy, spec in network_policies(cluster).items():
            kubernetes.networking.v1.NetworkPolicy(
                f"{name}-{policy}", metadata=self._metadata(policy), spec=cast("Any", spec), opts=self._child()
            )

    def _admit_people(self, name: str, people: TeamPeople) -> None:
        groups = {
            team_access.ADMIN: people.get("admins", ()),
            team_access.MEMBER: people.get("members", ()),
            team_access.VIEWER: people.get("viewers", ()),
        }
        for role, members in groups.items():
            self._role(name, role)
            if members:
                self._bind(name, role, team_access.group_subjects(members))

    def _admit_submitter(self, name: str) -> pulumi.Output[str]:
        role = team_access.SUBMITTER
        account = kubernetes.core.v1.ServiceAccount(
            f"{name}-{role}",
            metadata=self._metadata(role),
            automount_service_account_token=False,
            opts=self._child(),
        )
        self._role(name, role)
        self._bind(name, role, [{"kind": "ServiceAccount", "name": role, "namespace": self.namespace}])
        return account.metadata.apply(lambda metadata: str(metadata.name))

    def _role(self, name: str, role: str) -> None:
        kubernetes.rbac.v1.Role(
            f"{name}-{role}-role",
            metadata=self._metadata(role),
            rules=cast("Any", team_access.roles()[role]),
            opts=self._child(),
        )

    def _bind(self, name: str, role: str, subjects: Sequence[Mapping[str, Any]]) -> None:
        kubernetes.rbac.v1.RoleBinding(
            f"{name}-{role}-binding",
            metadata=self._metadata(role),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            subjects=cast("Any", subjects),
            opts=self._child(),
        )

    def _bound(self, name: str, args: TeamWorkspaceArgs) -> None:
        namespace = team_namespace(args["team"])
        policy = f"{namespace}-pods"

        def spec(prefix: str) -> dict[str, Any]:
            repositories = [f"{prefix}/{repository}" for repository in args["registry"]["repositories"]]
            return pod_policy(namespace, args["pools"], repositories, shared=f"{prefix}/{SHARED_IMAGES}")

        self._policy(f"{name}-pod-policy", policy, pulumi.Output.from_input(args["registry"]["prefix"]).apply(spec))
        self._policy(f"{name}-service-policy", f"{namespace}-services", service_policy(namespace))

    def _policy(self, name: str, policy: str, spec: pulumi.Input[dict[str, Any]]) -> None:
        definition = kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
            name,
            metadata={"name": policy, "labels": self._labels},
            spec=cast("Any", spec),
            opts=self._child(),
        )
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            f"{name}-binding",
            metadata={"name": policy, "labels": self._labels},
            spec=cast("Any", policy_binding(policy)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[definition]),
        )
