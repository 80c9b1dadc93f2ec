"""Karpenter, which makes the machines of all pools but the system ones, as a Pulumi component."""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.aws.cluster_roles import SYSTEM_PODS
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.interruptions import interruption_queue
from components.aws.karpenter_policies import discovery_statements, machine_statements
from components.aws.names import (
    interruption_queue_name,
    karpenter_policy_name,
    karpenter_role_name,
    node_role_name,
    tags,
)
from components.aws.node_roles import node_role
from components.aws.outputs import ready
from components.aws.policies import document
from components.aws.roles import Role, service_role
from components.aws.storage_policies import disk_key_statements
from components.aws.workload_policies import pod_trust
from components.contracts import PURPOSE_LABEL, PoolPurpose
from components.labels import MANAGED_BY, NAME
from components.versions import KARPENTER_AWS

__all__ = ["AwsKarpenter", "AwsKarpenterArgs", "AwsKarpenterFacts"]

CHARTS: Final = "oci://public.ecr.aws/karpenter"
RELEASE: Final = "karpenter"
CRD_RELEASE: Final = "karpenter-crd"
SERVICE_ACCOUNT: Final = "karpenter"

TIMEOUT_SECONDS: Final = 600

CHARTS_OWN_LABELS: Final = frozenset({MANAGED_BY, NAME})
"""Labels that the chart sets itself; given again they would be in its objects twice."""


class AwsKarpenterArgs(TypedDict):
    """Which cluster it makes machines for."""

    environment: AwsEnvironment
    """The environment that it is part of."""
    network: AwsNetworkFacts
    """The network whose private subnets the machines are in."""
    keys: AwsKeysFacts
    """The environment's keys."""
    cluster: AwsClusterFacts
    """The cluster."""
    ready_to_run: pulumi.Input[str]
    """Known once there are system machines, and the add-ons that resolve names and mount volumes."""
    session_manager: NotRequired[bool]
    """Whether people can log in to machines through Session Manager; not where it is left out."""
    node_policies: NotRequired[Mapping[str, pulumi.Input[str]]]
    """ARNs of further policies of the machines' role, by a short name; none where it is left out."""
    service_monitor: NotRequired[bool]
    """Whether a ServiceMonitor is made, whose custom resource has to be there; not where it is left out."""


class AwsKarpenterFacts(TypedDict):
    """Karpenter of one cluster."""

    instance_profile: pulumi.Input[str]
    """Instance profile of the machines, known once Karpenter runs and they can join the cluster."""
    role_arn: pulumi.Input[str]
    """ARN of the machines' role."""


def chart_values(
    *, cluster_name: str, endpoint: str, region: str, queue: str, labels: Mapping[str, str], service_monitor: bool
) -> dict[str, Any]:
    """Return the values of Karpenter's chart: two replicas on system machines, which need no cluster DNS."""
    return {
        "additionalLabels": {key: value for key, value in labels.items() if key not in CHARTS_OWN_LABELS},
        "replicas": 2,
        "serviceAccount": {"create": True, "name": SERVICE_ACCOUNT},
        "priorityClassName": "system-cluster-critical",
        "podDisruptionBudget": {"name": RELEASE, "maxUnavailable": 1},
        "nodeSelector": {"kubernetes.io/os": "linux", PURPOSE_LABEL: PoolPurpose.SYSTEM.value},
        # It has to work while the cluster's own DNS waits for a machine.
        "dnsPolicy": "Default",
        "serviceMonitor": {"enabled": service_monitor},
        "controller": {
            "env": [{"name": "AWS_REGION", "value": region}],
            "resources": {
                "requests": {"cpu": "500m", "memory": "1Gi"},
                "limits": {"memory": "1Gi"},
            },
        },
        "settings": {
            "clusterName": cluster_name,
            "clusterEndpoint": endpoint,
            "eksControlPlane": True,
            "interruptionQueue": queue,
        },
    }


class AwsKarpenter(pulumi.ComponentResource):
    """Karpenter on system machines, with the roles and the queue that it needs.

    Its machines have one role and one instance profile, which are made here, so that it needs no rights in IAM but to
    pass that role on. It hears of spot interruptions and other ends of machines from a queue. Metrics stay inside the
    cluster. It does not heed zonal shifts: the right to read them cannot be limited to one cluster.
    """

    node_role_arn: pulumi.Output[str]
    """ARN of the machines' role."""
    role_arn: pulumi.Output[str]
    """ARN of Karpenter's own role."""
    queue_name: pulumi.Output[str]
    """Name of the queue of interruptions."""
    instance_profile: pulumi.Output[str]
    """Instance profile of the machines, known once Karpenter runs and they can join the cluster."""

    def __init__(self, name: str, args: AwsKarpenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsKarpenter", name, {}, opts)
        environment, cluster = args["environment"], args["cluster"]
        options = pulumi.ResourceOptions(parent=self)
        machines = node_role(
            f"{name}-node",
            environment,
            role_name=node_role_name(environment["name"]),
            description=f"Machines that Karpenter makes for {environment['name']}",
            session_manager=bool(args.get("session_manager")),
            attached=args.get("node_policies", {}),
            options=options,
        )
        profile = aws.iam.InstanceProfile(
            f"{name}-node-profile",
            name=node_role_name(environment["name"]),
            role=machines.name,
            tags=tags(environment, node_role_name(environment["name"])),
            opts=options,
        )
        entry = aws.eks.AccessEntry(
            f"{name}-node-access",
            cluster_name=cluster["name"],
            principal_arn=machines.arn,
            type="EC2_LINUX",
            tags=tags(environment, node_role_name(environment["name"])),
            opts=options,
        )
        queue = interruption_queue(name, environment, key_arn=args["keys"]["logs"], options=options)
        controller = self._controller_role(name, args)
        association = aws.eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=cluster["name"],
            namespace=SYSTEM_PODS,
            service_account=SERVICE_ACCOUNT,
            role_arn=controller.arn,
            tags=tags(environment, karpenter_role_name(environment["name"])),
            opts=options,
        )
        release = self._release(name, args, association, queue)
        self.node_role_arn = machines.arn
        self.role_arn = controller.arn
        self.queue_name = queue
        self.instance_profile = ready(profile.name, release.id, entry.id)
        self.facts = AwsKarpenterFacts(instance_profile=self.instance_profile, role_arn=machines.arn)
        self.register_outputs(
            {
                "nodeRoleArn": self.node_role_arn,
                "roleArn": self.role_arn,
                "queueName": self.queue_name,
                "instanceProfile": self.instance_profile,
            }
        )

    def _controller_role(self, name: str, args: AwsKarpenterArgs) -> Role:
        environment, cluster = args["environment"], args["cluster"]
        parts = {
            "discovery": discovery_statements(environment, cluster["arn"], logs_key_arn=args["keys"]["logs"]),
            "disks": disk_key_statements(environment, args["keys"]["disks"]),
            "machines": machine_statements(
                environment,
                cluster["arn"].rpartition("/")[2],
                subnets=[subnet for _, subnet in sorted(args["network"]["private_subnets"].items())],
                security_group=cluster["security_group_id"],
            ),
        }
        attached: dict[str, pulumi.Input[str]] = {}
        for part, statements in parts.items():
            policy_name = karpenter_policy_name(environment["name"], part)
            policy = aws.iam.Policy(
                f"{name}-{part}-policy",
                name=policy_name,
                description=f"Karpenter of {environment['name']}: {part}",
                policy=document(*statements),
                tags=tags(environment, policy_name),
                opts=pulumi.ResourceOptions(parent=self),
            )
            attached[part] = policy.arn
        return service_role(
            f"{name}-controller",
            environment,
            role_name=karpenter_role_name(environment["name"]),
            description=f"Karpenter of {environment['name']}",
            trusted=pod_trust(environment, cluster["arn"], SYSTEM_PODS, SERVICE_ACCOUNT),
            attached=attached,
            options=pulumi.ResourceOptions(parent=self),
        )

    def _release(
        self,
        name: str,
        args: AwsKarpenterArgs,
        association: aws.eks.PodIdentityAssociation,
        queue: pulumi.Output[str],
    ) -> kubernetes.helm.v3.Release:
        environment = args["environment"]
        version = KARPENTER_AWS.removeprefix("v")
        cluster_name = ready(args["cluster"]["name"], args["ready_to_run"])
        definitions = kubernetes.helm.v3.Release(
            f"{name}-definitions",
            name=CRD_RELEASE,
            chart=f"{CHARTS}/karpenter-crd",
            version=version,
            namespace=SYSTEM_PODS,
            atomic=True,
            timeout=TIMEOUT_SECONDS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return kubernetes.helm.v3.Release(
            f"{name}-release",
            name=RELEASE,
            chart=f"{CHARTS}/karpenter",
            version=version,
            namespace=SYSTEM_PODS,
            # They have a release of their own, since Helm installs a chart's definitions once and never updates them.
            skip_crds=True,
            atomic=True,
            timeout=TIMEOUT_SECONDS,
            values=pulumi.Output.all(cluster_name, args["cluster"]["endpoint"], queue).apply(
                lambda known: chart_values(
                    cluster_name=known[0],
                    endpoint=known[1],
                    region=environment["region"],
                    queue=interruption_queue_name(environment["name"]),
                    labels=environment["labels"],
                    service_monitor=bool(args.get("service_monitor")),
                )
            ),
            # A pod that starts before its role is there has none for as long as it lives.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[definitions, association]),
        )
