"""A Kubernetes service account with rights in Google Cloud, as a Pulumi component."""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as kubernetes

from components.contracts import WorkloadIdentity, WorkloadIdentityArgs
from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment

__all__ = ["GcpWorkloadIdentity", "GcpWorkloadIdentityArgs"]

READ_ROLE: Final = "roles/storage.objectViewer"
WRITE_ROLE: Final = "roles/storage.objectUser"

QUERY_ROLE: Final = "roles/bigquery.jobUser"
"""To run queries and loads of BigQuery, on whatever datasets grant rights to."""


class GcpWorkloadIdentityArgs(TypedDict):
    """Which identity is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    identity: WorkloadIdentityArgs
    """The service account, and what it may reach."""
    workload_pool: str
    """Workload identity pool of the cluster, ``<project>.svc.id.goog``."""
    buckets: Mapping[str, pulumi.Input[str]]
    """Names of the buckets behind the environment's stores, by store; at least those that the identity may reach."""
    queries: NotRequired[bool]
    """Whether it may run queries and loads of BigQuery in the project; not where it is left out. Which data they reach
    is for datasets to say."""


class GcpWorkloadIdentity(pulumi.ComponentResource):
    """A Kubernetes service account that buckets grant rights to, by its name in the workload identity pool.

    There is no Google service account behind it and no key. Clusters of one project share its pool, so that the same
    namespace and name is the same identity in each: a project holds one environment. The service account's token for
    the API server is mounted nowhere; what it may do there is for role bindings to say.
    """

    service_account: pulumi.Output[str]
    """Name of the service account, known once its rights are granted."""
    principal: pulumi.Output[str]
    """The principal that buckets grant rights to."""

    def __init__(self, name: str, args: GcpWorkloadIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpWorkloadIdentity", name, {}, opts)
        identity, buckets = args["identity"], args["buckets"]
        write = sorted(set(identity["write_stores"]))
        read = sorted(set(identity["read_stores"]) - set(write))
        missing = sorted({*read, *write} - set(buckets))
        if missing:
            allowed = ", ".join(sorted(buckets)) or "none, there are no stores"
            found = [problem("identity", f"got the store {store!r}; allowed: {allowed}") for store in missing]
            raise ArgumentsError(f"workload identity {name}", found)
        account = kubernetes.core.v1.ServiceAccount(
            f"{name}-service-account",
            metadata={
                "name": identity["service_account"],
                "namespace": identity["namespace"],
                "labels": dict(identity["labels"]),
            },
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        account_name = account.metadata.apply(lambda metadata: str(metadata.name))
        self.principal = pulumi.Output.format(
            "principal://iam.googleapis.com/projects/{0}/locations/global/workloadIdentityPools/{1}/subject/ns/{2}/sa/{3}",
            args["environment"]["project_number"],
            args["workload_pool"],
            identity["namespace"],
            identity["service_account"],
        )
        # The account first: the pool exists since the cluster does, and a grant to nobody's pool is refused.
        member = pulumi.Output.all(self.principal, account_name).apply(lambda values: str(values[0]))
        grants = [
            gcp.storage.BucketIAMMember(
                f"{name}-{right}-{store}",
                bucket=buckets[store],
                role=role,
                member=member,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for right, role, stores in (("read", READ_ROLE, read), ("write", WRITE_ROLE, write))
            for store in stores
        ]
        ready = [grant.id for grant in grants]
        if args.get("queries", False):
            queries = gcp.projects.IAMMember(
                f"{name}-queries",
                project=args["environment"]["project"],
                role=QUERY_ROLE,
                member=member,
                opts=pulumi.ResourceOptions(parent=self),
            )
            ready.append(queries.id)
        self.service_account = pulumi.Output.all(account_name, *ready).apply(lambda values: str(values[0]))
        self.facts = WorkloadIdentity(
            namespace=identity["namespace"], service_account=self.service_account, principal=self.principal
        )
        self.register_outputs({"serviceAccount": self.service_account, "principal": self.principal})
