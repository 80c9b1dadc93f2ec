"""Karpenter and Kubernetes objects of one node pool, as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi.errors import InputPropertyErrorDetails

from components import karpenter
from components.aws import machines
from components.aws.cni import PODS_PER_MACHINE, ZONE_LABEL
from components.aws.facts import AwsEnvironment
from components.aws.managed_nodes import ROOT_DEVICE
from components.aws.names import propagated_tags
from components.aws.user_data import node_config
from components.contracts import NodePoolArgs, PoolPurpose, Taint
from components.errors import problem
from components.pools import placement, pool_facts
from components.versions import EKS_NODE_IMAGE, PAUSE

NODE_CLASS_API: Final = "karpenter.k8s.aws/v1"
NODE_CLASS_KIND: Final = "EC2NodeClass"
OPERATING_SYSTEM: Final = "linux"

IMAGE: Final = f"al2023@{EKS_NODE_IMAGE}"
"""Release of Amazon Linux 2023 for EKS; machines with GPUs get its variant with drivers."""

GPU_LABEL: Final = "nvidia.com/gpu.present"
"""Node label by which what serves GPUs finds its nodes."""

IOPS: Final = 3000
THROUGHPUT_MIB: Final = 600
"""What images are unpacked with side by side: from here on a disk does not slow that down. EBS gives a quarter of the
operations per second at the most."""

HOST_LABEL: Final = "kubernetes.io/hostname"
NOBODY: Final = 65535
"""User that the pause image is made for."""


def machine_types(pool: NodePoolArgs) -> list[str]:
    """Return the instance types that the pool may have, sorted."""
    gpu = pool.get("gpu")
    if pool["families"]:
        return sorted(machines.of_families(pool["families"], gpu))
    return sorted({each for shape in pool["shapes"] for each in machines.choose(shape, gpu)})


def problems(pool: NodePoolArgs) -> list[InputPropertyErrorDetails]:
    """Return why Karpenter cannot provide the pool; empty where it can."""
    found = karpenter.size_problems(pool)
    shapes, families = list(pool["shapes"]), list(pool["families"])
    if pool["purpose"] is PoolPurpose.SYSTEM:
        reason = "got system; allowed: any other, for Karpenter itself runs on system machines"
        found.append(problem("purpose", reason))
    if bool(shapes) == bool(families):
        given = "both" if shapes else "neither"
        found.append(problem("shapes", f"got {given} shapes and families; allowed: one of the two"))
    gpu = pool.get("gpu")
    for index, shape in enumerate(shapes):
        if not machines.choose(shape, gpu):
            size = f"{int(shape['cpu'])} CPUs and {int(shape['memory_gib'])} GiB"
            with_gpus = f" with {int(gpu['count'])} {gpu['model']}" if gpu else ""
            found.append(problem(f"shapes[{index}]", f"got {size}{with_gpus}; allowed: sizes that EC2 has"))
    for index, family in enumerate(families):
        if not machines.of_families([family], gpu):
            found.append(problem(f"families[{index}]", f"got {family}; allowed: families that EC2 has for the pool"))
    return found


def node_class_spec(
    environment: AwsEnvironment,
    pool: NodePoolArgs,
    *,
    instance_profile: str,
    subnets: Sequence[str],
    security_group: str,
    disk_key: str,
) -> dict[str, Any]:
    """Return the specification of the EC2NodeClass: what its machines are, beside their size."""
    return {
        "amiSelectorTerms": [{"alias": IMAGE}],
        "instanceProfile": instance_profile,
        "subnetSelectorTerms": [{"id": subnet} for subnet in subnets],
        "securityGroupSelectorTerms": [{"id": security_group}],
        "associatePublicIPAddress": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            # A container's request has one hop more than the machine's own.
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "blockDeviceMappings": [
            {
                "deviceName": ROOT_DEVICE,
                "rootVolume": True,
                "ebs": {
                    "volumeType": "gp3",
                    "volumeSize": f"{int(pool['disk_gib'])}Gi",
                    "iops": IOPS,
                    "throughput": THROUGHPUT_MIB,
                    "encrypted": True,
                    "kmsKeyID": disk_key,
                    "deleteOnTermination": True,
                },
            }
        ],
        "detailedMonitoring": True,
        "kubelet": {"maxPods": PODS_PER_MACHINE},
        "tags": propagated_tags(environment),
        "userData": node_config(),
    }


def node_pool_spec(name: str, pool: NodePoolArgs, startup_taints: Sequence[Taint] = ()) -> dict[str, Any]:
    """Return the specification of the NodePool of the pool ``name``, whose EC2NodeClass has the same name."""
    return karpenter.node_pool_spec(
        name,
        pool,
        node_class={"group": NODE_CLASS_API.partition("/")[0], "kind": NODE_CLASS_KIND, "name": name},
        requirements=karpenter.requirements(
            pool,
            architecture=machines.ARCHITECTURE,
            operating_system=OPERATING_SYSTEM,
            types=machine_types(pool),
        ),
        nodes=int(pool["max_nodes"]),
        labels={GPU_LABEL: "true"} if "gpu" in pool else {},
        startup_taints=startup_taints,
    )


def minimum_spec(name: str, pool: NodePoolArgs, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the specification of a Deployment that keeps ``min_nodes`` machines of the pool ``name``.

    It has a pod on each of them that asks for next to nothing and leaves the machine to others. Karpenter's own way, a
    static NodePool, is an alpha feature whose machines neither grow in number nor are consolidated.
    """
    selector = {"matchLabels": dict(labels)}
    nothing = {"cpu": "10m", "memory": "16Mi"}
    # It says its version, and with that that it can be run.
    probe = {"exec": {"command": ["/pause", "-v"]}, "periodSeconds": 60}
    container = {
        "name": "pause",
        "image": f"registry.k8s.io/pause:{PAUSE.removeprefix('v')}",
        "imagePullPolicy": "Always",
        "resources": {"requests": nothing, "limits": nothing},
        "livenessProbe": probe,
        "readinessProbe": probe,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    spec = {
        **placement(pool_facts(name, pool)),
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": selector, "topologyKey": HOST_LABEL}
                ]
            }
        },
        "topologySpreadConstraints": [
            {
                "labelSelector": selector,
                "maxSkew": 1,
                "topologyKey": ZONE_LABEL,
                "whenUnsatisfiable": "ScheduleAnyway",
            }
        ],
        "automountServiceAccountToken": False,
        # It is never what makes room on a full machine.
        "priorityClassName": "system-cluster-critical",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    return {
        "replicas": int(pool["min_nodes"]),
        "selector": selector,
        "template": {"metadata": {"labels": dict(labels)}, "spec": spec},
    }
