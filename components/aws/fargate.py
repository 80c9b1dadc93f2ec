"""Pods without a machine of ours, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsNetworkFacts
from components.aws.names import arn, fargate_role_name, tags
from components.aws.policies import Statement, allow, trust
from components.aws.roles import Role, service_role
from components.contracts import SYSTEM_NAMESPACE
from components.errors import ArgumentsError, problem
from components.labels import object_labels

__all__ = ["AwsFargateProfile", "AwsFargateProfileArgs"]

LOGGING_NAMESPACE: Final = "aws-observability"
LOGGING_CONFIG: Final = "aws-logging"
"""Where Fargate looks up what becomes of its pods' logs."""

REFUSED: Final = frozenset({"kube-system", LOGGING_NAMESPACE, SYSTEM_NAMESPACE})
"""Namespaces whose pods need machines: a profile would move all of them, add-ons included."""


class AwsFargateProfileArgs(TypedDict):
    """Which pods run without a machine of ours."""

    environment: AwsEnvironment
    """The environment that they are part of."""
    network: AwsNetworkFacts
    """The network whose private subnets they are in."""
    cluster: AwsClusterFacts
    """The cluster."""
    namespaces: Sequence[str]
    """Namespaces all of whose pods run on Fargate; at least one. They need not exist yet."""
    log_group: pulumi.Input[str]
    """Name of the log group of the pods' logs, made before."""


def logging_data(log_group: str, region: str) -> Mapping[str, str]:
    """Return the data of the configuration that Fargate's log router reads."""
    return {
        "flb_log_cw": "false",
        "filters.conf": _section(
            "FILTER",
            {"Name": "kubernetes", "Match": "kube.*", "Merge_Log": "On", "Keep_Log": "Off", "Buffer_Size": "0"},
        ),
        "output.conf": _section(
            "OUTPUT",
            {
                "Name": "cloudwatch_logs",
                "Match": "kube.*",
                "region": region,
                "log_group_name": log_group,
                "log_stream_prefix": "fargate-",
                "auto_create_group": "false",
            },
        ),
    }


def _section(title: str, entries: Mapping[str, str]) -> str:
    return "\n".join([f"[{title}]", *(f"    {key} {value}" for key, value in entries.items()), ""])


def log_statements(environment: AwsEnvironment, log_group: pulumi.Input[str]) -> list[Statement]:
    """Allow writing to the log group's streams."""
    group = pulumi.Output.concat(arn(environment, "logs", "log-group:"), log_group)
    return [
        # IAM knows a group by what follows its name too, in everything but its tags.
        allow("FindStreams", ("logs:DescribeLogStreams",), [pulumi.Output.concat(group, ":*")]),
        allow(
            "WriteLogs",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            [pulumi.Output.concat(group, ":log-stream:fargate-*")],
        ),
    ]


class AwsFargateProfile(pulumi.ComponentResource):
    """Fargate profiles: every pod of the given namespaces gets a machine of its own that AWS runs, and is never moved.

    Meant for a small server that has to be there while every pool is at zero. What needs a daemon on its machine does
    not work there: network policies, Pod Identity and EBS volumes.
    """

    namespaces: pulumi.Output[Sequence[str]]
    """The namespaces, known once pods in them run on Fargate."""

    def __init__(self, name: str, args: AwsFargateProfileArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsFargateProfile", name, {}, opts)
        _check(args)
        environment = args["environment"]
        namespaces = sorted(args["namespaces"])
        role = self._role(name, args)
        logging = self._logging(name, args)
        profiles = []
        for namespace in namespaces:
            profile = aws.eks.FargateProfile(
                f"{name}-{namespace}",
                cluster_name=args["cluster"]["name"],
                fargate_profile_name=namespace,
                pod_execution_role_arn=role.arn,
                subnet_ids=[subnet for _, subnet in sorted(args["network"]["private_subnets"].items())],
                selectors=[{"namespace": namespace}],
                tags=tags(environment, f"{environment['name']}-{namespace}"),
                # Fargate reads what becomes of logs when a pod starts, and only then.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[logging]),
            )
            profiles.append(profile.id)
        self.namespaces = pulumi.Output.all(*profiles).apply(lambda _: namespaces)
        self.register_outputs({"namespaces": self.namespaces})

    def _role(self, name: str, args: AwsFargateProfileArgs) -> Role:
        environment = args["environment"]
        cluster_name = args["cluster"]["arn"].rpartition("/")[2]
        return service_role(
            name,
            environment,
            role_name=fargate_role_name(environment["name"]),
            description=f"Starts pods of {environment['name']} on Fargate",
            trusted=trust(
                "FargateOfTheCluster",
                {"Service": "eks-fargate-pods.amazonaws.com"},
                condition={
                    "ArnLike": {"aws:SourceArn": arn(environment, "eks", f"fargateprofile/{cluster_name}/*")},
                    "StringEquals": {"aws:SourceAccount": environment["account_id"]},
                },
            ),
            managed=["AmazonEKSFargatePodExecutionRolePolicy"],
            inline={"logs": log_statements(environment, args["log_group"])},
            options=pulumi.ResourceOptions(parent=self),
        )

    def _logging(self, name: str, args: AwsFargateProfileArgs) -> kubernetes.core.v1.ConfigMap:
        environment = args["environment"]
        labels = object_labels(environment["labels"], component="fargate-logging", name=LOGGING_CONFIG)
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-logging-namespace",
            metadata={
                "name": LOGGING_NAMESPACE,
                "labels": {
                    **labels,
                    LOGGING_NAMESPACE: "enabled",
                    "pod-security.kubernetes.io/enforce": "restricted",
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        return kubernetes.core.v1.ConfigMap(
            f"{name}-logging",
            metadata={
                "name": LOGGING_CONFIG,
                "namespace": namespace.metadata.apply(lambda metadata: str(metadata.name)),
                "labels": labels,
            },
            data=pulumi.Output.from_input(args["log_group"]).apply(
                lambda log_group: logging_data(log_group, environment["region"])
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _check(args: AwsFargateProfileArgs) -> None:
    problems = []
    if not args["namespaces"]:
        problems.append(problem("namespaces", "got none; allowed: at least one"))
    for index, namespace in enumerate(args["namespaces"]):
        if namespace in REFUSED:
            reason = f"got {namespace}; allowed: any but {', '.join(sorted(REFUSED))}, whose pods need machines"
            problems.append(problem(f"namespaces[{index}]", reason))
        elif namespace in args["namespaces"][:index]:
            problems.append(problem(f"namespaces[{index}]", f"got {namespace} twice; allowed: each namespace once"))
    if problems:
        raise ArgumentsError(f"Fargate of {args['environment']['name']}", problems)
