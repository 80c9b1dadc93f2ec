"""The cloud contract on AWS."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from components.aws.addons import AwsAddons
from components.aws.alarms import AwsAlarms, AwsAlarmsArgs, AwsAlarmTopic, AwsWatchedDatabase
from components.aws.budget import AwsBudget
from components.aws.database import AwsDatabase
from components.aws.database_sizes import DEFAULT_SHAPE
from components.aws.facts import AwsEnvironment
from components.aws.fargate import AwsFargateProfile
from components.aws.foundation import AwsFoundation, AwsFoundationArgs, AwsPlace
from components.aws.gpu import AwsGpuSupport
from components.aws.karpenter import AwsKarpenter
from components.aws.maintenance import AwsMaintenanceWindow
from components.aws.managed_airflow import AwsManagedAirflow
from components.aws.managed_nodes import AwsManagedNodes
from components.aws.names import database_identifier
from components.aws.node_logs import AwsNodeLogs
from components.aws.node_pool import AwsNodePool
from components.aws.object_store import AwsObjectStore
from components.aws.registry import AwsRegistry
from components.aws.secret import AwsSecret
from components.aws.workload_identity import AwsWorkloadIdentity
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
    Taint,
    WorkloadIdentity,
    WorkloadIdentityArgs,
)

__all__ = ["AwsAirflowWanted", "AwsCloud", "AwsCloudArgs"]


class AwsAirflowWanted(TypedDict):
    """A managed Airflow."""

    size: str
    """``small``, ``medium`` or ``large``."""
    min_workers: int
    """Workers that always run."""
    max_workers: int
    """The most workers."""


class AwsCloudArgs(TypedDict):
    """What AWS has to know of an environment beside what is asked of every cloud."""

    environment: AwsEnvironment
    """The environment."""
    foundation: AwsFoundationArgs
    """Network, keys, logs, cluster and who delivers."""
    maintenance: AwsMaintenanceWindow
    """When AWS may work on databases."""
    receivers: Sequence[str]
    """Email addresses that alarms and the budget go to."""
    monthly_usd: int
    """What the environment may cost in a month, in US dollars."""
    fargate_namespaces: Sequence[str]
    """Namespaces whose pods run on Fargate."""
    airflow: NotRequired[AwsAirflowWanted]
    """A managed Airflow; none where it is left out."""


class AwsCloud:
    """``components.contracts.Cloud`` in one account and region of AWS."""

    def __init__(self, args: AwsCloudArgs) -> None:
        self._args = args
        self._environment = args["environment"]
        self._foundation = AwsFoundation(self._environment, args["foundation"])
        self._place: AwsPlace = self._foundation.place
        self.provider: pulumi.ProviderResource = self._foundation.kubernetes
        self.cluster: Cluster = self._foundation.contract
        self.image_caches: Mapping[str, pulumi.Input[str]] = self._foundation.image_caches
        self._buckets: dict[str, str] = {}
        self._databases: dict[str, AwsWatchedDatabase] = {}
        self._queue: pulumi.Output[str] | None = None
        self._topic_arn = AwsAlarmTopic(
            "alarm-topic",
            {
                "environment": self._environment,
                "receivers": args["receivers"],
                "logs_key_arn": self._place["keys"]["logs"],
            },
            self._options(),
        ).topic_arn
        if args["fargate_namespaces"]:
            self._fargate(args["fargate_namespaces"])
        if "airflow" in args:
            self._airflow(args["airflow"])

    def _options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[self._foundation.aws, self.provider])

    def _fargate(self, namespaces: Sequence[str]) -> None:
        AwsFargateProfile(
            "fargate",
            {
                "environment": self._environment,
                "network": self._place["network"],
                "cluster": self._place["cluster"],
                "namespaces": namespaces,
                "log_group": self._foundation.log_group,
            },
            self._options(),
        )

    def _airflow(self, wanted: AwsAirflowWanted) -> None:
        AwsManagedAirflow(
            "managed-airflow",
            {
                "environment": self._environment,
                "size": wanted["size"],
                "min_workers": wanted["min_workers"],
                "max_workers": wanted["max_workers"],
                "network": self._place["network"],
                "key_arn": self._place["keys"]["logs"],
                "access_log_bucket": self._foundation.access_logs,
                "maintenance": self._args["maintenance"],
                "cluster": self._place["cluster"],
            },
            self._options(),
        )

    def node_pools(self, pools: Mapping[str, NodePoolArgs]) -> Mapping[str, NodePool]:
        """Provide pools: system ones as managed node groups, then the add-ons and Karpenter on them, then the rest."""
        system = {name: pool for name, pool in pools.items() if pool["purpose"] is PoolPurpose.SYSTEM}
        rest = {name: pool for name, pool in pools.items() if name not in system}
        place = self._place
        nodes = AwsManagedNodes(
            "system-nodes",
            {
                "environment": self._environment,
                "network": place["network"],
                "keys": place["keys"],
                "cluster": place["cluster"],
                "pools": system,
                "node_policies": self._foundation.node_policies,
            },
            self._options(),
        )
        ready_to_run, startup_taints = self._addons(nodes.facts["ready"])
        karpenter = AwsKarpenter(
            "karpenter",
            {
                "environment": self._environment,
                "network": place["network"],
                "keys": place["keys"],
                "cluster": place["cluster"],
                "ready_to_run": ready_to_run,
                "node_policies": self._foundation.node_policies,
            },
            self._options(),
        )
        self._queue = karpenter.queue_name
        AwsNodeLogs(
            "node-logs",
            {
                "environment": self._environment,
                "cluster": place["cluster"],
                "bucket": self._foundation.audit_logs,
                "key_arn": place["keys"]["logs"],
                "ready_to_run": ready_to_run,
            },
            self._options(),
        )
        provided = {
            name: AwsNodePool(
                name,
                {
                    "environment": self._environment,
                    "network": place["network"],
                    "keys": place["keys"],
                    "cluster": place["cluster"],
                    "karpenter": karpenter.facts,
                    "pool_name": name,
                    "pool": pool,
                    "startup_taints": startup_taints,
                },
                self._options(),
            ).facts
            for name, pool in rest.items()
        }
        if with_gpus := [pool for pool in provided.values() if pool["gpus_per_node"]]:
            AwsGpuSupport("gpu-support", {"pools": with_gpus}, self._options())
        return {name: provided.get(name) or nodes.pools[name] for name in pools}

    def _addons(self, nodes_ready: pulumi.Input[str]) -> tuple[pulumi.Input[str], Sequence[Taint]]:
        """Make the add-ons; return what is known once they run, and the taints that they take off new machines."""
        existing = self._args["foundation"].get("existing_cluster")
        if existing is not None and existing["add_ons"]:
            return nodes_ready, []
        addons = AwsAddons(
            "addons",
            {
                "environment": self._environment,
                "keys": self._place["keys"],
                "cluster": self._place["cluster"],
                "nodes_ready": nodes_ready,
            },
            self._options(),
        )
        return addons.facts["ready"], addons.facts["startup_taints"]

    def object_store(self, name: str, args: ObjectStoreArgs) -> ObjectStore:
        """Provide a bucket."""
        store = AwsObjectStore(
            name,
            {
                "environment": self._environment,
                "store_name": name,
                "store": args,
                "key_arn": self._place["keys"]["stores"],
                "access_log_bucket": self._foundation.access_logs,
            },
            self._options(),
        )
        self._buckets[name] = store.bucket_name
        return store.facts

    def registry(self, name: str, args: RegistryArgs) -> Registry:
        """Provide repositories of ECR."""
        return AwsRegistry(
            name,
            {
                "environment": self._environment,
                "registry_name": name,
                "registry": args,
                "key_arn": self._place["keys"]["images"],
            },
            self._options(),
        ).facts

    def database(self, name: str, args: DatabaseArgs) -> Database:
        """Provide a server of RDS with one database."""
        self._databases[name] = AwsWatchedDatabase(
            identifier=database_identifier(self._environment["name"], name),
            storage_gib=int(args["storage_gib"]),
            memory_gib=int(args.get("shape", DEFAULT_SHAPE)["memory_gib"]),
        )
        return AwsDatabase(
            name,
            {
                "environment": self._environment,
                "database_name": name,
                "database": args,
                "network": self._place["network"],
                "keys": self._place["keys"],
                "maintenance": self._args["maintenance"],
                "events_topic_arn": self._topic_arn,
            },
            self._options(),
        ).facts

    def workload_identity(self, name: str, args: WorkloadIdentityArgs) -> WorkloadIdentity:
        """Provide a service account with a role of its own."""
        return AwsWorkloadIdentity(
            name,
            {
                "environment": self._environment,
                "cluster": self._place["cluster"],
                "identity_name": name,
                "identity": args,
                "buckets": self._buckets,
                "stores_key_arn": self._place["keys"]["stores"],
                "permissions_boundary": self._foundation.boundary,
            },
            self._options(),
        ).facts

    def secret(self, name: str, args: SecretArgs) -> Secret:
        """Provide a secret, kept in Secrets Manager."""
        return AwsSecret(
            name,
            {
                "environment": self._environment,
                "secret_name": name,
                "secret": args,
                "key_arn": self._place["keys"]["secrets"],
            },
            self._options(),
        ).facts

    def watch(self) -> None:
        """Watch over what was provided: alarms, and the budget."""
        watched = AwsAlarmsArgs(
            environment=self._environment,
            topic_arn=self._topic_arn,
            cluster_name=self._place["cluster"]["name"],
            databases=self._databases,
            nat_gateways=self._foundation.nat_gateways,
            delivery_streams=self._foundation.delivery_streams,
        )
        if self._queue is not None:
            watched["interruption_queue"] = self._queue
        AwsAlarms("alarms", watched, self._options())
        AwsBudget(
            "budget",
            {
                "environment": self._environment,
                "monthly_usd": self._args["monthly_usd"],
                "topic_arn": self._topic_arn,
            },
            self._options(),
        )
