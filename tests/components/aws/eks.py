"""A whole EKS cluster with its machines, evaluated once for the tests of its parts."""

import functools
import json
import tempfile
from pathlib import Path
from typing import Any

from mlplatform.graph import Evaluation, EvaluationRequest, Resource, Severity, evaluate
from tests.support.components import AWS_ENVIRONMENT, AWS_KEYS, AWS_NETWORK

ADMIN = "arn:aws:iam::111122223333:role/platform/admin"

CLUSTER_ARGS: dict[str, Any] = {
    "environment": AWS_ENVIRONMENT,
    "network": AWS_NETWORK,
    "keys": AWS_KEYS,
    "kubernetes_version": "1.35",
    "service_cidr": "172.20.0.0/16",
    "home_storage_class": "homes",
    "log_group": "/aws/eks/mlp-test/cluster",
    "admin_roles": [ADMIN],
}


def pool(**changes: Any) -> dict[str, Any]:
    return {
        "purpose": "scoring",
        "shapes": [{"cpu": 16, "memory_gib": 64}, {"cpu": 8, "memory_gib": 32}],
        "families": [],
        "min_nodes": 0,
        "max_nodes": 20,
        "capacity": "spot-with-fallback",
        "disk_gib": 100,
        "idle_seconds": 60,
        "labels": {"team-tier": "gold"},
        "taints": [],
        **changes,
    }


SYSTEM = pool(purpose="system", shapes=[{"cpu": 4, "memory_gib": 16}], min_nodes=2, max_nodes=4, capacity="on-demand")
GPU = pool(
    purpose="training",
    shapes=[{"cpu": 8, "memory_gib": 32}],
    capacity="spot",
    gpu={"model": "nvidia-l4", "count": 1},
    taints=[{"key": "dedicated", "value": "night", "effect": "NoExecute"}],
)
SERVING = pool(purpose="serving", min_nodes=2, capacity="on-demand")

TYPED = """
from components.contracts import Capacity, PoolPurpose


def typed(pool):
    return {**pool, "purpose": PoolPurpose(pool["purpose"]), "capacity": Capacity(pool["capacity"])}
"""

PROGRAM = (
    TYPED
    + """
from components.aws.addons import AwsAddons
from components.aws.cluster import AwsCluster
from components.aws.fargate import AwsFargateProfile
from components.aws.gpu import AwsGpuSupport
from components.aws.karpenter import AwsKarpenter
from components.aws.managed_nodes import AwsManagedNodes
from components.aws.node_pool import AwsNodePool

args = given["cluster"]
common = {key: args[key] for key in ("environment", "network", "keys")}
cluster = AwsCluster("cluster", args)
inside = pulumi.ResourceOptions(providers=[cluster.provider])
nodes = AwsManagedNodes(
    "system", {**common, "cluster": cluster.facts, "pools": {"system": typed(given["system"])}}
)
addons = AwsAddons(
    "addons",
    {
        "environment": args["environment"],
        "keys": args["keys"],
        "cluster": cluster.facts,
        "nodes_ready": nodes.facts["ready"],
    },
)
karpenter = AwsKarpenter(
    "karpenter", {**common, "cluster": cluster.facts, "ready_to_run": addons.facts["ready"]}, inside
)
pools = {
    name: AwsNodePool(
        name,
        {
            **common,
            "cluster": cluster.facts,
            "karpenter": karpenter.facts,
            "pool_name": name,
            "pool": typed(wanted),
            "startup_taints": addons.facts["startup_taints"],
        },
        inside,
    ).facts
    for name, wanted in given["pools"].items()
}
AwsGpuSupport("gpu", {"pools": [each for each in pools.values() if each["gpus_per_node"]]}, inside)
AwsFargateProfile(
    "fargate",
    {
        "environment": args["environment"],
        "network": args["network"],
        "cluster": cluster.facts,
        "namespaces": ["workflow-server"],
        "log_group": "/mlp-test/fargate",
    },
    inside,
)
pulumi.export("contract", cluster.contract)
"""
)


CLUSTER_URN = "urn:pulumi:test::mlplatform::mlplatform:index:AwsCluster$aws:eks/cluster:Cluster::cluster-cluster"
SECURITY_GROUP = "sg-0a1b2c3d4e5f60718"


def evaluate_all(source: str, **given: Any) -> Evaluation:
    """Evaluate a program that finds ``given`` under that name; what charts make is not looked into."""
    made_by_eks = {CLUSTER_URN: {"vpcConfig": {"clusterSecurityGroupId": SECURITY_GROUP}}}
    prelude = "import json\nfrom pathlib import Path\n\nimport pulumi\n"
    read = 'given = json.loads(Path(__file__).with_name("given.json").read_text())\n'
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "__main__.py").write_text(prelude + read + source, encoding="utf-8")
        Path(directory, "given.json").write_text(json.dumps(given), encoding="utf-8")
        evaluation = evaluate(EvaluationRequest("test", {}, Path(directory), known_outputs=made_by_eks))
    assert [str(each) for each in evaluation.findings if each.severity is not Severity.NOTE] == []
    return evaluation


def evaluate_pools(component: str, args: dict[str, Any]) -> Evaluation:
    """Evaluate one component whose arguments hold a pool, or several, as JSON has them."""
    module, _, name = component.partition(":")
    source = f"""
from {module} import {name}

args = given["args"]
if "pool" in args:
    args["pool"] = typed(args["pool"])
if "pools" in args:
    args["pools"] = {{name: typed(pool) for name, pool in args["pools"].items()}}
{name}("it", args)
"""
    return evaluate_all(TYPED + source, args=args)


@functools.cache
def whole() -> Evaluation:
    return evaluate_all(
        PROGRAM,
        cluster=CLUSTER_ARGS,
        system=SYSTEM,
        pools={"scoring": pool(), "serving": SERVING, "training-gpu": GPU},
    )


def statements(text: str) -> dict[str, Any]:
    return {each["Sid"]: each for each in json.loads(text)["Statement"]}


def policies(evaluation: Evaluation, role: str) -> dict[str, Any]:
    """Return the statements of every policy that is made for the role of that name, by their names."""
    found: dict[str, Any] = {}
    for each in evaluation.filled.resources:
        if each.type.endswith("iam/rolePolicy:RolePolicy") and each.inputs["role"] == role:
            found |= statements(each.inputs["policy"])
        if each.type.endswith("iam/policy:Policy") and each.inputs["name"].startswith(f"{role}-"):
            found |= statements(each.inputs["policy"])
    return found


def named(evaluation: Evaluation, name: str) -> Resource:
    """Return the resource of that name, whatever its type."""
    (found,) = [each for each in evaluation.filled.resources if each.name == name]
    return found
