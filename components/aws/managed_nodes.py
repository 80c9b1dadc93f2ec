"""The machines of system pools, as a Pulumi component."""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws import machines
from components.aws.cni import PODS_PER_MACHINE
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.names import launch_template_name, node_group_name, propagated_tags, system_role_name, tags
from components.aws.node_roles import node_role
from components.aws.outputs import ready
from components.aws.user_data import multipart, node_config
from components.contracts import Capacity, NodePool, NodePoolArgs, PoolPurpose
from components.errors import ArgumentsError, problem
from components.karpenter import size_problems
from components.pools import node_labels, node_taints, pool_facts

__all__ = ["AwsManagedNodes", "AwsManagedNodesArgs", "AwsManagedNodesFacts"]

ROOT_DEVICE: Final = "/dev/xvda"
"""Name of the root disk of Amazon Linux 2023."""

IMAGE: Final = "AL2023_x86_64_STANDARD"
GPU_IMAGE: Final = "AL2023_x86_64_NVIDIA"

CAPACITY_TYPE: Final = "ON_DEMAND"

EFFECTS: Final[Mapping[str, str]] = {
    "NoExecute": "NO_EXECUTE",
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
}
"""What EKS calls the effects of taints."""

UNAVAILABLE_PERCENTAGE: Final = 33
"""Part of a pool's machines that an update replaces at one time."""

IGNORED: Final = "scalingConfig.desiredSize"
"""What whoever scales a pool by hand changes."""

EVERYWHERE: Final = re.compile(r"[cmr](5|6i|7i)\..*")
"""Types that nearly every region has: EKS refuses a node group with a type that is not there."""


class AwsManagedNodesArgs(TypedDict):
    """Which pools are wanted, and of which cluster."""

    environment: AwsEnvironment
    """The environment that they are part of."""
    network: AwsNetworkFacts
    """The network whose private subnets the machines are in."""
    keys: AwsKeysFacts
    """The environment's keys."""
    cluster: AwsClusterFacts
    """The cluster that they join."""
    pools: Mapping[str, NodePoolArgs]
    """Pools by name, all of the purpose ``system``; at least one."""
    release_version: NotRequired[str]
    """Release of the machines' image, such as ``1.35.6-20260714``; left out, the newest when a pool is made."""
    session_manager: NotRequired[bool]
    """Whether people can log in to machines through Session Manager; not where it is left out."""
    node_policies: NotRequired[Mapping[str, pulumi.Input[str]]]
    """ARNs of further policies of the machines' role, by a short name; none where it is left out."""


class AwsManagedNodesFacts(TypedDict):
    """Machines that run whatever selects no pool."""

    role_arn: pulumi.Input[str]
    """ARN of the machines' role."""
    ready: pulumi.Input[str]
    """Name of the cluster, known once its system machines are there."""


class AwsManagedNodes(pulumi.ComponentResource):
    """Machines of system pools: EKS managed node groups in all zones, on demand, on encrypted disks.

    They run the platform's controllers, Karpenter among them, so Karpenter does not make them. Each pool keeps the
    number of machines that it begins with, ``min_nodes``, unless somebody scales it, up to ``max_nodes``. A change of
    what cannot change in place makes a new group before the old one is drained. Nobody can log in to a machine by SSH.
    """

    role_arn: pulumi.Output[str]
    """ARN of the machines' role."""
    ready: pulumi.Output[str]
    """Name of the cluster, known once the pools' machines are there."""

    def __init__(self, name: str, args: AwsManagedNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsManagedNodes", name, {}, opts)
        _check(args)
        environment = args["environment"]
        role = node_role(
            name,
            environment,
            role_name=system_role_name(environment["name"]),
            description=f"System machines of {environment['name']}",
            session_manager=bool(args.get("session_manager")),
            attached=args.get("node_policies", {}),
            options=pulumi.ResourceOptions(parent=self),
        )
        groups = [self._group(name, args, pool_name, role.arn) for pool_name in sorted(args["pools"])]
        self.pools: Mapping[str, NodePool] = {
            pool_name: pool_facts(pool_name, args["pools"][pool_name]) for pool_name in sorted(args["pools"])
        }
        self.role_arn = role.arn
        self.ready = ready(args["cluster"]["name"], *[group.id for group in groups])
        self.facts = AwsManagedNodesFacts(role_arn=self.role_arn, ready=self.ready)
        self.register_outputs({"roleArn": self.role_arn, "ready": self.ready})

    def _group(
        self, name: str, args: AwsManagedNodesArgs, pool_name: str, role_arn: pulumi.Output[str]
    ) -> aws.eks.NodeGroup:
        environment, pool = args["environment"], args["pools"][pool_name]
        options = pulumi.ResourceOptions(parent=self)
        template_name = launch_template_name(environment["name"], pool_name)
        template = aws.ec2.LaunchTemplate(
            f"{name}-{pool_name}-template",
            name=template_name,
            description=f"Machines of the pool {pool_name}",
            update_default_version=True,
            **_template(args, pool, template_name),
            tags=tags(environment, template_name),
            opts=options,
        )
        types = _types(pool)
        image = GPU_IMAGE if "gpu" in pool else IMAGE
        return aws.eks.NodeGroup(
            f"{name}-{pool_name}-nodes",
            cluster_name=args["cluster"]["name"],
            node_group_name=node_group_name(pool_name, image, CAPACITY_TYPE, *types),
            node_role_arn=role_arn,
            subnet_ids=[subnet for _, subnet in sorted(args["network"]["private_subnets"].items())],
            ami_type=image,
            capacity_type=CAPACITY_TYPE,
            instance_types=types,
            # Left out, it would stay that of the day on which the group was made, whatever the cluster is upgraded to.
            version=args["cluster"]["kubernetes_version"],
            release_version=args.get("release_version"),
            launch_template={
                "id": template.id,
                "version": template.latest_version.apply(lambda version: str(int(version))),
            },
            scaling_config={
                "min_size": int(pool["min_nodes"]),
                "desired_size": int(pool["min_nodes"]),
                "max_size": int(pool["max_nodes"]),
            },
            update_config={"max_unavailable_percentage": UNAVAILABLE_PERCENTAGE},
            node_repair_config={"enabled": True},
            labels=node_labels(pool_name, pool),
            taints=[
                {"key": taint["key"], "value": taint["value"], "effect": EFFECTS[taint["effect"]]}
                for taint in node_taints(pool_name, pool)
            ],
            tags=tags(environment, f"{environment['name']}-{pool_name}"),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=[IGNORED]),
        )


def _template(args: AwsManagedNodesArgs, pool: NodePoolArgs, name: str) -> dict[str, Any]:
    """Return the launch template's arguments that say what a machine is; EKS adds its security group and image."""
    carried = {**propagated_tags(args["environment"]), "Name": name}
    return {
        "block_device_mappings": [
            {
                "device_name": ROOT_DEVICE,
                "ebs": {
                    "volume_type": "gp3",
                    "volume_size": int(pool["disk_gib"]),
                    "encrypted": "true",
                    "kms_key_id": args["keys"]["disks"],
                    "delete_on_termination": "true",
                },
            }
        ],
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            # A container's request has one hop more than the machine's own.
            "http_put_response_hop_limit": 1,
        },
        "monitoring": {"enabled": True},
        "tag_specifications": [
            {"resource_type": kind, "tags": carried} for kind in ("instance", "network-interface", "volume")
        ],
        "user_data": base64.b64encode(multipart(node_config(pods=PODS_PER_MACHINE)).encode()).decode(),
    }


def _types(pool: NodePoolArgs) -> list[str]:
    gpu = pool.get("gpu")
    if pool["families"]:
        return list(machines.of_families(pool["families"], gpu))
    chosen = [instance for shape in pool["shapes"] for instance in machines.choose(shape, gpu)]
    common = [instance for instance in chosen if EVERYWHERE.fullmatch(instance)]
    return list(dict.fromkeys(common or chosen))


def _check(args: AwsManagedNodesArgs) -> None:
    problems = []
    if not args["pools"]:
        problems.append(problem("pools", "got none; allowed: at least one"))
    for name, pool in sorted(args["pools"].items()):
        path = f"pools.{name}"
        problems += [problem(f"{path}.{each['property_path']}", each["reason"]) for each in size_problems(pool)]
        if pool["purpose"] is not PoolPurpose.SYSTEM:
            problems.append(problem(f"{path}.purpose", f"got {pool['purpose']}; allowed: {PoolPurpose.SYSTEM}"))
        if pool["capacity"] is not Capacity.ON_DEMAND:
            reason = (
                f"got {pool['capacity']}; allowed: {Capacity.ON_DEMAND}, for what runs there makes all other machines"
            )
            problems.append(problem(f"{path}.capacity", reason))
        if int(pool["min_nodes"]) < 1:
            problems.append(problem(f"{path}.min_nodes", "got 0; allowed: at least 1, for nothing scales it from zero"))
        if not _types(pool):
            path = f"{path}.{'families' if pool['families'] else 'shapes'}"
            problems.append(problem(path, "no instance type has such a size; allowed: sizes that EC2 has"))
    if problems:
        raise ArgumentsError("system pools", problems)
