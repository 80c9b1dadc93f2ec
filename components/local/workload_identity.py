"""A local workload identity, as a Pulumi component."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.contracts import WorkloadIdentity, WorkloadIdentityArgs

__all__ = ["LocalWorkloadIdentity", "LocalWorkloadIdentityArgs"]

READ_STORES_ANNOTATION = "mlplatform/read-stores"
WRITE_STORES_ANNOTATION = "mlplatform/write-stores"


class LocalWorkloadIdentityArgs(TypedDict):
    """Which identity is wanted."""

    identity: WorkloadIdentityArgs
    """The service account, and what it may reach."""


class LocalWorkloadIdentity(pulumi.ComponentResource):
    """A Kubernetes service account whose token is mounted nowhere.

    It grants no rights to object stores, which are directories here; which ones it would have is written on it. What
    it may do in the API server is for role bindings to say.
    """

    service_account: pulumi.Output[str]
    """Name of the service account."""
    principal: pulumi.Output[str]
    """User name of the service account in the API server."""

    def __init__(self, name: str, args: LocalWorkloadIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LocalWorkloadIdentity", name, {}, opts)
        identity = args["identity"]
        account = kubernetes.core.v1.ServiceAccount(
            f"{name}-service-account",
            metadata={
                "name": identity["service_account"],
                "namespace": identity["namespace"],
                "labels": dict(identity["labels"]),
                "annotations": {
                    READ_STORES_ANNOTATION: ",".join(sorted(identity["read_stores"])),
                    WRITE_STORES_ANNOTATION: ",".join(sorted(identity["write_stores"])),
                },
            },
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.service_account = account.metadata.apply(lambda metadata: str(metadata.name))
        self.principal = pulumi.Output.format(
            "system:serviceaccount:{0}:{1}", identity["namespace"], identity["service_account"]
        )
        self.facts = WorkloadIdentity(
            namespace=identity["namespace"], service_account=self.service_account, principal=self.principal
        )
        self.register_outputs({"serviceAccount": self.service_account, "principal": self.principal})
