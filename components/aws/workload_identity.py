"""A role in the account for the pods of one service account, as a Pulumi component."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.aws.facts import AwsClusterFacts, AwsEnvironment
from components.aws.names import tags, workload_role_name
from components.aws.outputs import ready
from components.aws.policies import document
from components.aws.workload_policies import pod_trust, store_statements
from components.contracts import WorkloadIdentity, WorkloadIdentityArgs
from components.errors import ArgumentsError, problem

__all__ = ["AwsWorkloadIdentity", "AwsWorkloadIdentityArgs"]

ROLE_NAME_CHARACTERS = 64


class AwsWorkloadIdentityArgs(TypedDict):
    """Which identity is wanted, and what it may reach."""

    environment: AwsEnvironment
    """The environment that it is part of."""
    cluster: AwsClusterFacts
    """The cluster of its pods, which runs the Pod Identity agent."""
    identity_name: str
    """The identity's name in the environment, such as ``churn-runner``; the last part of its role's name."""
    identity: WorkloadIdentityArgs
    """The service account, and what it may reach."""
    buckets: Mapping[str, str]
    """Names of the buckets of the stores that the identity may read or write, by store."""
    stores_key_arn: pulumi.Input[str]
    """ARN of the key of the buckets."""
    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the role; none where it is left out."""


class AwsWorkloadIdentity(pulumi.ComponentResource):
    """A Kubernetes service account whose pods have a role in the account, by EKS Pod Identity and without a key.

    The role reads and writes objects of the named stores and does nothing else; no other service account, cluster or
    account can take it. What the service account may do in the API server is for role bindings to say.
    """

    service_account: pulumi.Output[str]
    """Name of the service account, known once pods with it get the role."""
    principal: pulumi.Output[str]
    """ARN of the role."""

    def __init__(self, name: str, args: AwsWorkloadIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsWorkloadIdentity", name, {}, opts)
        environment, cluster, identity = args["environment"], args["cluster"], args["identity"]
        role_name = workload_role_name(environment["name"], args["identity_name"])
        _check(args, role_name)
        role = aws.iam.Role(
            f"{name}-role",
            name=role_name,
            description=f"Pods with the identity {args['identity_name']}",
            assume_role_policy=document(
                pod_trust(environment, cluster["arn"], identity["namespace"], identity["service_account"])
            ),
            permissions_boundary=args.get("permissions_boundary"),
            tags=tags(environment, role_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        statements = store_statements(
            environment,
            [args["buckets"][store] for store in identity["read_stores"]],
            [args["buckets"][store] for store in identity["write_stores"]],
            args["stores_key_arn"],
        )
        policies: list[pulumi.Output[str]] = []
        if statements:
            policy = aws.iam.RolePolicy(
                f"{name}-stores",
                name="stores",
                role=role.name,
                policy=document(*statements),
                opts=pulumi.ResourceOptions(parent=self),
            )
            policies.append(policy.id)
        account = kubernetes.core.v1.ServiceAccount(
            f"{name}-service-account",
            metadata={
                "name": identity["service_account"],
                "namespace": identity["namespace"],
                "labels": dict(identity["labels"]),
            },
            # Pod Identity projects a token of its own.
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        association = aws.eks.PodIdentityAssociation(
            f"{name}-association",
            cluster_name=cluster["name"],
            namespace=identity["namespace"],
            service_account=identity["service_account"],
            role_arn=ready(role.arn, *policies),
            tags=tags(environment, role_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # A pod that starts before its association exists has no role for as long as it lives.
        account_name = account.metadata.apply(lambda metadata: str(metadata.name))
        self.service_account = ready(account_name, association.id)
        self.principal = role.arn
        self.facts = WorkloadIdentity(
            namespace=identity["namespace"], service_account=self.service_account, principal=self.principal
        )
        self.register_outputs({"serviceAccount": self.service_account, "principal": self.principal})


def _check(args: AwsWorkloadIdentityArgs, role_name: str) -> None:
    problems = []
    if len(role_name) > ROLE_NAME_CHARACTERS:
        reason = f"the role {role_name} would have {len(role_name)} characters; allowed: {ROLE_NAME_CHARACTERS}"
        problems.append(problem("identity_name", reason))
    known = ", ".join(sorted(args["buckets"])) or "none"
    problems += [
        problem(f"identity.{key}[{index}]", f"got {store}, which has no bucket; allowed: {known}")
        for key, stores in (
            ("read_stores", args["identity"]["read_stores"]),
            ("write_stores", args["identity"]["write_stores"]),
        )
        for index, store in enumerate(stores)
        if store not in args["buckets"]
    ]
    if problems:
        raise ArgumentsError(f"workload identity {args['identity_name']}", problems)
