"""What machines log, kept in the bucket of audit logs, as a Pulumi component."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.aws.cluster_roles import SYSTEM_PODS
from components.aws.facts import AwsClusterFacts, AwsEnvironment
from components.aws.karpenter import CHARTS_OWN_LABELS
from components.aws.names import addon_role_name, audit_logs_bucket, bucket_arn, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, allow
from components.aws.roles import service_role
from components.aws.workload_policies import pod_trust
from components.versions import FLUENT_BIT

__all__ = ["AwsNodeLogs", "AwsNodeLogsArgs"]

CHARTS: Final = "https://fluent.github.io/helm-charts"
RELEASE: Final = "node-logs"
NODES: Final = "nodes/"
"""Beginning of the keys of machines' logs in the bucket; a day and an hour follow."""

UNITS: Final = ("containerd.service", "kubelet.service", "nodeadm-config.service", "nodeadm-run.service")
"""Services of a machine whose logs are kept, beside the kernel's."""

TIMEOUT_SECONDS: Final = 600


class AwsNodeLogsArgs(TypedDict):
    """Whose logs are kept, and where."""

    environment: AwsEnvironment
    """The environment that the machines are part of."""
    cluster: AwsClusterFacts
    """The cluster that they are part of."""
    bucket: pulumi.Input[str]
    """Name of the bucket of audit logs, known once it takes logs."""
    key_arn: pulumi.Input[str]
    """KMS key of the bucket."""
    ready_to_run: pulumi.Input[str]
    """Known once there are machines, and the add-ons that resolve names."""


def write_statements(environment: AwsEnvironment, key_arn: pulumi.Input[str]) -> list[Statement]:
    """Allow writing below ``nodes/`` of the bucket of audit logs, and nothing else: not even reading it."""
    bucket = bucket_arn(audit_logs_bucket(environment))
    objects = f"{bucket}/{NODES}*"
    return [
        allow("Write", ("s3:PutObject",), [objects]),
        allow(
            "Encrypt",
            ("kms:GenerateDataKey",),
            [key_arn],
            condition={
                "StringEquals": {"kms:ViaService": f"s3.{environment['region']}.amazonaws.com"},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, objects]},
            },
        ),
    ]


def chart_values(bucket: str, region: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of Fluent Bit's chart: one pod on each machine, whatever its taints."""
    units = [("Systemd_Filter", f"_SYSTEMD_UNIT={unit}") for unit in UNITS]
    return {
        "fullnameOverride": RELEASE,
        "labels": {key: value for key, value in labels.items() if key not in CHARTS_OWN_LABELS},
        "serviceAccount": {"create": True, "name": RELEASE},
        "rbac": {"create": False},
        "testFramework": {"enabled": False},
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "resources": {"requests": {"cpu": "25m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "config": {
            "inputs": _section(
                "INPUT",
                ("Name", "systemd"),
                ("Tag", "node.*"),
                ("Path", "/var/log/journal"),
                ("DB", "/var/log/node-logs.db"),
                *units,
                ("Systemd_Filter", "_TRANSPORT=kernel"),
                ("Read_From_Tail", "Off"),
                ("Strip_Underscores", "On"),
            ),
            "filters": _section("FILTER", ("Name", "modify"), ("Match", "node.*"), ("Add", "node ${NODE_NAME}")),
            "outputs": _section(
                "OUTPUT",
                ("Name", "s3"),
                ("Match", "node.*"),
                ("bucket", bucket),
                ("region", region),
                ("use_put_object", "On"),
                ("compression", "gzip"),
                ("total_file_size", "20M"),
                ("upload_timeout", "10m"),
                ("s3_key_format", f"/{NODES}%Y/%m/%d/%H/${{NODE_NAME}}-$UUID.gz"),
                ("static_file_path", "On"),
            ),
        },
    }


def _section(title: str, *entries: tuple[str, str]) -> str:
    return "\n".join([f"[{title}]", *(f"    {key} {value}" for key, value in entries), ""])


class AwsNodeLogs(pulumi.ComponentResource):
    """Fluent Bit on every machine, which puts what the machine itself logs into the bucket of audit logs.

    It does not collect what pods log, and the last minutes of a machine that dies at once are lost with it.
    """

    prefix: pulumi.Output[str]
    """Where the logs are, ``s3://<bucket>/nodes``, known once they are collected."""

    def __init__(self, name: str, args: AwsNodeLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsNodeLogs", name, {}, opts)
        environment, cluster = args["environment"], args["cluster"]
        role_name = addon_role_name(environment["name"], RELEASE)
        role = service_role(
            name,
            environment,
            role_name=role_name,
            description=f"Writes what machines of {environment['name']} log",
            trusted=pod_trust(environment, cluster["arn"], SYSTEM_PODS, RELEASE),
            inline={"write": write_statements(environment, args["key_arn"])},
            options=pulumi.ResourceOptions(parent=self),
        )
        association = aws.eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=ready(cluster["name"], args["ready_to_run"]),
            namespace=SYSTEM_PODS,
            service_account=RELEASE,
            role_arn=role.arn,
            tags=tags(environment, role_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # A pod that starts before its association exists has no role for as long as it lives.
        bucket = ready(args["bucket"], association.id)
        release = kubernetes.helm.v3.Release(
            f"{name}-release",
            name=RELEASE,
            chart="fluent-bit",
            version=FLUENT_BIT.removeprefix("v"),
            repository_opts={"repo": CHARTS},
            namespace=SYSTEM_PODS,
            atomic=True,
            timeout=TIMEOUT_SECONDS,
            values=bucket.apply(lambda known: chart_values(known, environment["region"], environment["labels"])),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.prefix = pulumi.Output.all(args["bucket"], release.id).apply(
            lambda known: f"s3://{known[0]}/{NODES.rstrip('/')}"
        )
        self.register_outputs({"prefix": self.prefix})
