"""The cloud contract on Google Cloud."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from components.contracts import (
    Cluster,
    Database,
    DatabaseArgs,
    NodePool,
    NodePoolArgs,
    ObjectStore,
    ObjectStoreArgs,
    PoolPurpose,
    Registry,
    RegistryArgs,
    Secret,
    SecretArgs,
    WorkloadIdentity,
    WorkloadIdentityArgs,
)
from components.gcp.alerts import GcpAlerts
from components.gcp.budget import GcpBudget
from components.gcp.compute_class import GcpComputeClass
from components.gcp.database import GcpDatabase
from components.gcp.database_sizes import max_connections
from components.gcp.dataset import GcpDataset
from components.gcp.default_class import GcpDefaultClass
from components.gcp.delivery import GcpDelivery
from components.gcp.facts import GcpEnvironment
from components.gcp.foundation import GcpFoundation, GcpFoundationArgs
from components.gcp.machine_requirements import created_on_demand
from components.gcp.managed_airflow import GcpManagedAirflow
from components.gcp.names import database_instance_name, state_bucket_name, state_key_id
from components.gcp.node_pool import GcpNodePool
from components.gcp.object_store import GcpObjectStore
from components.gcp.registry import GcpRegistry
from components.gcp.secret import GcpSecret
from components.gcp.workload_identity import GcpWorkloadIdentity

__all__ = ["GcpAirflowWanted", "GcpCloud", "GcpCloudArgs", "GcpDeliveryWanted"]


class GcpAirflowWanted(TypedDict):
    """A managed Airflow."""

    size: str
    """``small``, ``medium`` or ``large``."""
    min_workers: int
    """Workers that always run."""
    max_workers: int
    """The most workers."""
    high_availability: bool
    """Whether it survives the loss of a zone."""


class GcpDeliveryWanted(TypedDict):
    """Who deploys from CI."""

    repository: str
    """``owner/repository`` at GitHub, or ``owner@id/repository@id``."""
    branch: str
    """The branch that is deployed."""


class GcpCloudArgs(TypedDict):
    """What Google Cloud has to know of an environment beside what is asked of every cloud."""

    environment: GcpEnvironment
    """The environment."""
    foundation: GcpFoundationArgs
    """Network, keys, logs and cluster."""
    billing_account: str
    """Billing account of the project."""
    receivers: Sequence[str]
    """Email addresses that alerts and the budget go to."""
    monthly_usd: int
    """What the environment may cost in a month, in US dollars."""
    datasets: Sequence[str]
    """BigQuery datasets."""
    delivery: NotRequired[GcpDeliveryWanted]
    """Who deploys from CI; nobody where it is left out."""
    airflow: NotRequired[GcpAirflowWanted]
    """A managed Airflow; none where it is left out."""


class GcpCloud:
    """``components.contracts.Cloud`` in one project and region of Google Cloud."""

    def __init__(self, args: GcpCloudArgs) -> None:
        self._args = args
        self._environment = args["environment"]
        self._foundation = GcpFoundation(self._environment, args["foundation"])
        self._place = self._foundation.place
        self.provider: pulumi.ProviderResource = self._foundation.kubernetes
        self.cluster: Cluster = self._foundation.contract
        self.image_caches: Mapping[str, pulumi.Input[str]] = self._foundation.image_caches
        self._buckets: dict[str, pulumi.Input[str]] = {}
        self._databases: dict[str, int] = {}
        self._subscriptions: dict[str, str] = {}
        self._readers: dict[str, dict[str, pulumi.Input[str]]] = {each: {} for each in args["datasets"]}
        self._writers: dict[str, dict[str, pulumi.Input[str]]] = {each: {} for each in args["datasets"]}
        self._act_as: dict[str, pulumi.Input[str]] = {"nodes": self._place["cluster"]["node_service_account"]}

    def _options(self) -> pulumi.ResourceOptions:
        return self._foundation.options(self.provider)

    def node_pools(self, pools: Mapping[str, NodePoolArgs]) -> Mapping[str, NodePool]:
        """Provide pools: node pools of GKE, or classes by which GKE makes them when they are needed."""
        provided: dict[str, NodePool] = {}
        system: list[pulumi.Output[Sequence[str]]] = []
        for name, pool in pools.items():
            if created_on_demand(pool):
                provided[name] = GcpComputeClass(
                    name,
                    {
                        "environment": self._environment,
                        "cluster": self._place["cluster"],
                        "keys": self._place["keys"],
                        "pool_name": name,
                        "pool": pool,
                    },
                    self._options(),
                ).facts
                continue
            made = GcpNodePool(
                name,
                {
                    "environment": self._environment,
                    "cluster": self._place["cluster"],
                    "keys": self._place["keys"],
                    "pool_name": name,
                    "pool": pool,
                },
                self._options(),
            )
            provided[name] = made.facts
            if pool["purpose"] is PoolPurpose.SYSTEM:
                system.append(made.node_pools)
        if "existing_cluster" not in self._args["foundation"]:
            GcpDefaultClass(
                "default-class",
                {
                    "environment": self._environment,
                    "node_pools": pulumi.Output.all(*system).apply(
                        lambda names: [each for few in names for each in few]
                    ),
                },
                self._options(),
            )
        return provided

    def object_store(self, name: str, args: ObjectStoreArgs) -> ObjectStore:
        """Provide a bucket."""
        store = GcpObjectStore(
            name,
            {
                "environment": self._environment,
                "store_name": name,
                "store": args,
                "key_id": self._place["keys"]["stores"],
                "access_log_bucket": self._foundation.access_logs,
            },
            self._options(),
        )
        self._buckets[name] = store.bucket
        if store.events is not None:
            self._subscriptions[store.events["subscription"]] = store.events["dead_letter_subscription"]
        return store.facts

    def registry(self, name: str, args: RegistryArgs) -> Registry:
        """Provide a repository of Artifact Registry."""
        return GcpRegistry(
            name,
            {
                "environment": self._environment,
                "registry": args,
                "key_id": self._place["keys"]["images"],
                "node_service_account": self._place["cluster"]["node_service_account"],
            },
            self._options(),
        ).facts

    def database(self, name: str, args: DatabaseArgs) -> Database:
        """Provide a server of Cloud SQL with one database."""
        instance = database_instance_name(self._environment["name"], name)
        self._databases[instance] = max_connections(args.get("shape"))
        return GcpDatabase(
            name,
            {
                "environment": self._environment,
                "database_name": name,
                "database": args,
                "network": self._place["network"],
                "key_id": self._place["keys"]["databases"],
                "maintenance": self._args["foundation"]["maintenance"],
            },
            self._options(),
        ).facts

    def workload_identity(self, name: str, args: WorkloadIdentityArgs) -> WorkloadIdentity:
        """Provide a service account with grants of its own, on a dataset those that it has on the store of its name."""
        writes = sorted(set(args["write_stores"]) & set(self._writers))
        reads = sorted(set(args["read_stores"]) & set(self._readers) - set(writes))
        identity = GcpWorkloadIdentity(
            name,
            {
                "environment": self._environment,
                "identity": args,
                "workload_pool": self._place["cluster"]["workload_pool"],
                "buckets": self._buckets,
                "queries": bool(reads or writes),
            },
            self._options(),
        ).facts
        for dataset in reads:
            self._readers[dataset][name] = identity["principal"]
        for dataset in writes:
            self._writers[dataset][name] = identity["principal"]
        return identity

    def secret(self, name: str, args: SecretArgs) -> Secret:
        """Provide a secret, kept in Secret Manager."""
        return GcpSecret(
            name,
            {
                "environment": self._environment,
                "secret_name": name,
                "secret": args,
                "key_id": self._place["keys"]["secrets"],
            },
            self._options(),
        ).facts

    def watch(self) -> None:
        """Provide what needs to know of all the rest: datasets, Airflow, who delivers, alerts and the budget."""
        environment, args = self._environment, self._args
        for dataset in args["datasets"]:
            GcpDataset(
                dataset,
                {
                    "environment": environment,
                    "dataset_name": dataset,
                    "key_id": self._place["keys"]["stores"],
                    "readers": self._readers[dataset],
                    "writers": self._writers[dataset],
                },
                self._options(),
            )
        if "airflow" in args:
            self._airflow(args["airflow"])
        if "delivery" in args:
            self._delivery(args["delivery"])
        alerts = GcpAlerts(
            "alerts",
            {
                "environment": environment,
                "cluster_name": self._foundation.cluster_name,
                "receivers": args["receivers"],
                "databases": self._databases,
                "subscriptions": self._subscriptions,
            },
            self._options(),
        )
        GcpBudget(
            "budget",
            {
                "environment": environment,
                "billing_account": args["billing_account"],
                "monthly_usd": args["monthly_usd"],
                "notification_channels": alerts.facts,
            },
            self._options(),
        )

    def _airflow(self, wanted: GcpAirflowWanted) -> None:
        airflow = GcpManagedAirflow(
            "managed-airflow",
            {
                "environment": self._environment,
                "network": self._place["network"],
                "key_id": self._place["keys"]["stores"],
                "size": wanted["size"],
                "min_workers": wanted["min_workers"],
                "max_workers": wanted["max_workers"],
                "high_availability": wanted["high_availability"],
                "maintenance": self._args["foundation"]["maintenance"],
                "buckets": self._buckets,
            },
            self._options(),
        )
        self._act_as["airflow"] = airflow.service_account

    def _delivery(self, wanted: GcpDeliveryWanted) -> None:
        environment = self._environment
        GcpDelivery(
            "delivery",
            {
                "environment": environment,
                "repository": wanted["repository"],
                "branch": wanted["branch"],
                "state_bucket": state_bucket_name(environment["name"], environment["project_number"]),
                "state_key_id": state_key_id(environment["name"], environment["project"], environment["region"]),
                "act_as": self._act_as,
                "billing_account": self._args["billing_account"],
            },
            self._options(),
        )
