"""The add-ons that run on system machines, as a Pulumi component."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.cluster_roles import SYSTEM_PODS
from components.aws.eks_versions import COREDNS
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsKeysFacts
from components.aws.names import addon_role_name, propagated_tags, tags
from components.aws.outputs import ready
from components.aws.policies import Statement
from components.aws.roles import service_role
from components.aws.storage_policies import ebs_statements, efs_controller_statements, efs_node_statements
from components.aws.workload_policies import pod_trust
from components.contracts import Taint
from components.errors import ArgumentsError, problem
from components.versions import EKS_EBS_CSI, EKS_EFS_CSI, EKS_METRICS_SERVER, EKS_SNAPSHOT_CONTROLLER

__all__ = ["AwsAddons", "AwsAddonsArgs", "AwsAddonsFacts"]

STARTUP_TAINTS: Final = tuple(
    Taint(key=f"{driver}/agent-not-ready", value="true", effect="NoExecute")
    for driver in ("ebs.csi.aws.com", "efs.csi.aws.com")
)
"""Taints that the storage drivers take off a machine once it can mount volumes."""


class AwsAddonsArgs(TypedDict):
    """Where the add-ons run."""

    environment: AwsEnvironment
    """The environment that they are part of."""
    keys: AwsKeysFacts
    """The environment's keys."""
    cluster: AwsClusterFacts
    """The cluster that they are part of."""
    nodes_ready: pulumi.Input[str]
    """Known once there are machines that the add-ons can run on."""


class AwsAddonsFacts(TypedDict):
    """Name resolution, volumes and metrics of a cluster."""

    ready: pulumi.Input[str]
    """Name of the cluster, known once the add-ons run."""
    startup_taints: Sequence[Taint]
    """Taints that the add-ons take off new machines; a machine without these may get pods before it can mount."""


def coredns_configuration() -> Mapping[str, Any]:
    """Return the configuration values of CoreDNS: two replicas, in two zones where there are two."""
    labels = {"k8s-app": "kube-dns"}
    return {
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            },
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": labels},
            },
        ],
    }


def ebs_configuration(environment: AwsEnvironment) -> Mapping[str, Any]:
    """Return the configuration values of the EBS driver: what it makes carries the environment's tags."""
    return {"controller": {"extraVolumeTags": propagated_tags(environment), "replicaCount": 2}}


class AwsAddons(pulumi.ComponentResource):
    """EKS add-ons that need a machine to run on: CoreDNS, the drivers of EBS and EFS volumes, snapshots, metrics.

    Each driver's parts have roles of their own. It makes no storage classes and no file systems.
    """

    ready: pulumi.Output[str]
    """Name of the cluster, known once the add-ons run."""

    def __init__(self, name: str, args: AwsAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsAddons", name, {}, opts)
        environment, version = args["environment"], args["cluster"]["kubernetes_version"]
        if version not in COREDNS:
            reason = f"got {version}; allowed: {', '.join(sorted(COREDNS))}"
            raise ArgumentsError(f"add-ons of {environment['name']}", [problem("cluster.kubernetes_version", reason)])
        ebs = self._identity(
            name,
            args,
            "ebs-csi",
            "ebs-csi-controller-sa",
            {"volumes": ebs_statements(environment, args["keys"]["disks"])},
        )
        efs = [
            self._identity(
                name,
                args,
                "efs-csi",
                "efs-csi-controller-sa",
                {"access-points": efs_controller_statements(environment)},
            ),
            self._identity(
                name, args, "efs-mount", "efs-csi-node-sa", {"file-systems": efs_node_statements(environment)}
            ),
        ]
        snapshots = self._addon(name, args, "snapshot-controller", EKS_SNAPSHOT_CONTROLLER)
        addons = [
            self._addon(name, args, "coredns", COREDNS[version], configuration=coredns_configuration()),
            self._addon(
                name,
                args,
                "aws-ebs-csi-driver",
                EKS_EBS_CSI,
                configuration=ebs_configuration(environment),
                identities=[ebs],
                # It makes snapshots only where it finds their custom resources when it starts.
                after=[snapshots],
            ),
            self._addon(name, args, "aws-efs-csi-driver", EKS_EFS_CSI, identities=efs),
            self._addon(name, args, "metrics-server", EKS_METRICS_SERVER),
            snapshots,
        ]
        self.ready = ready(args["cluster"]["name"], *[addon.id for addon in addons])
        self.facts = AwsAddonsFacts(ready=self.ready, startup_taints=list(STARTUP_TAINTS))
        self.register_outputs({"ready": self.ready})

    def _identity(
        self,
        name: str,
        args: AwsAddonsArgs,
        part: str,
        service_account: str,
        inline: Mapping[str, Sequence[Statement]],
    ) -> dict[str, pulumi.Input[str]]:
        environment = args["environment"]
        role = service_role(
            f"{name}-{part}",
            environment,
            role_name=addon_role_name(environment["name"], part),
            description=f"{service_account} of {environment['name']}",
            trusted=pod_trust(environment, args["cluster"]["arn"], SYSTEM_PODS, service_account),
            inline=inline,
            options=pulumi.ResourceOptions(parent=self),
        )
        return {"role_arn": role.arn, "service_account": service_account}

    def _addon(
        self,
        name: str,
        args: AwsAddonsArgs,
        addon_name: str,
        version: str,
        *,
        configuration: Mapping[str, Any] | None = None,
        identities: Sequence[Mapping[str, pulumi.Input[str]]] = (),
        after: Sequence[pulumi.Resource] = (),
    ) -> aws.eks.Addon:
        environment = args["environment"]
        associations: Any = [dict(identity) for identity in identities] or None
        return aws.eks.Addon(
            f"{name}-{addon_name}",
            cluster_name=ready(args["cluster"]["name"], args["nodes_ready"]),
            addon_name=addon_name,
            addon_version=version,
            configuration_values=None if configuration is None else json.dumps(configuration, sort_keys=True),
            pod_identity_associations=associations,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=tags(environment, f"{environment['name']}-{addon_name}"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
