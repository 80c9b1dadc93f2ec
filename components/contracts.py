"""What a component asks of its cloud, and what every cloud answers.

Two kinds of type live here. *Arguments* describe what is wanted (a node pool of this shape, a store with that
retention); they are the same for every cloud. *Facts* are what the cloud's component hands back and what services and
workloads are written against. ``Cloud`` is the protocol that joins them; ``components.local`` implements it, and a
workload that is written against this module moves between clouds by a change of the environment file alone.

All of them are ``TypedDict``s without unions, because components take them as arguments across Pulumi's component
provider host, which hands over plain dictionaries.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NotRequired, Protocol, TypedDict

import pulumi

POOL_LABEL = "mlplatform/pool"
"""Node label, and taint key of every pool but the system ones, whose value is the pool's name."""

PURPOSE_LABEL = "mlplatform/purpose"
"""Node label whose value is the pool's ``PoolPurpose``."""

TEAM_LABEL = "mlplatform/team"
"""Label of every object that belongs to one team; its value is the team's name."""

SYSTEM_NAMESPACE = "mlplatform-system"
"""Namespace of what belongs to the platform and to no team."""

SHARED_IMAGES = "platform"
"""Path below a registry's prefix where the platform's own images are, which every team may run. No team is named so."""

GPU_RESOURCE = "nvidia.com/gpu"
"""Kubernetes resource of which a pod requests as many as it needs GPUs."""


class PoolPurpose(StrEnum):
    """What runs on a pool: decides taints, disruption and who may select it."""

    SYSTEM = "system"
    """The platform's own services and the cluster's add-ons; the one pool without a taint."""
    NOTEBOOKS = "notebooks"
    """Notebook servers of people who wait for them."""
    WORKFLOWS = "workflows"
    """Workflow servers and the steps that they start."""
    SCORING = "scoring"
    """Shards of batch scoring."""
    SERVING = "serving"
    """Web APIs that answer requests."""
    TRAINING = "training"
    """Training and experiments."""


class Capacity(StrEnum):
    """How a pool's machines are bought."""

    ON_DEMAND = "on-demand"
    """Never interrupted by the cloud."""
    SPOT = "spot"
    """Interruptible only; pods wait while there is none."""
    SPOT_WITH_FALLBACK = "spot-with-fallback"
    """Interruptible where there is any, on-demand where there is none."""


class MachineShape(TypedDict):
    """One machine size, independent of any cloud's type names."""

    cpu: int
    """Virtual CPUs of one machine."""
    memory_gib: int
    """Memory of one machine, in GiB."""


class Gpu(TypedDict):
    """GPUs of one machine."""

    model: str
    """The accelerator's name, such as ``nvidia-l4``."""
    count: int
    """GPUs per machine."""


class Taint(TypedDict):
    """A Kubernetes node taint."""

    key: str
    """Taint key."""
    value: str
    """Taint value."""
    effect: str
    """``NoSchedule``, ``PreferNoSchedule`` or ``NoExecute``."""


class Toleration(TypedDict):
    """A Kubernetes toleration with the operator ``Equal``."""

    key: str
    """Taint key that is tolerated."""
    value: str
    """Taint value that is tolerated."""
    effect: str
    """Taint effect that is tolerated."""


class NodePoolArgs(TypedDict):
    """A group of like machines, wanted of any cloud."""

    purpose: PoolPurpose
    """What runs on the pool."""
    shapes: Sequence[MachineShape]
    """Sizes to choose from; empty where ``families`` are given."""
    families: Sequence[str]
    """The cloud's machine families to choose from, such as ``m7i``; empty where ``shapes`` are given."""
    min_nodes: int
    """Nodes that always run; 0 scales from zero."""
    max_nodes: int
    """The most nodes that ever run."""
    capacity: Capacity
    """How the machines are bought."""
    disk_gib: int
    """Root disk of one machine, in GiB."""
    idle_seconds: int
    """How long a node may stand empty before it is removed."""
    labels: Mapping[str, str]
    """Labels of the nodes, beside the pool's and the purpose's."""
    taints: Sequence[Taint]
    """Taints of the nodes, beside the pool's own."""
    gpu: NotRequired[Gpu]
    """GPUs of each machine."""


class Cluster(TypedDict):
    """A Kubernetes cluster that workloads can be placed in."""

    name: pulumi.Input[str]
    """The cluster's name."""
    kubernetes_version: str
    """Minor version, such as ``1.36``."""
    identity_endpoints: Sequence[str]
    """CIDR ranges that a pod must reach to obtain its cloud identity; empty where there are none."""
    api_server_cidrs: Sequence[str]
    """CIDR ranges of the Kubernetes API server as pods see it."""
    home_storage_class: pulumi.Input[str]
    """Storage class of people's home volumes: encrypted, kept when the claim goes, and usable from every zone."""


class NodePool(TypedDict):
    """A pool that pods can select."""

    name: str
    """The pool's name."""
    purpose: PoolPurpose
    """What runs on the pool."""
    node_selector: Mapping[str, str]
    """Labels that select the pool's nodes and no others."""
    tolerations: Sequence[Toleration]
    """What a pod has to tolerate to run there."""
    max_nodes: int
    """The most nodes that ever run."""
    gpus_per_node: int
    """GPUs of one node; 0 without."""


class ObjectStoreArgs(TypedDict):
    """A place for objects, wanted of any cloud."""

    retention_days: int
    """Days after which objects expire; 0 keeps them."""
    update_events: NotRequired[bool]
    """Whether each new object is announced to whoever starts work on it; not where it is left out."""


class ObjectStore(TypedDict):
    """A place for objects."""

    name: str
    """The store's name in the environment, such as ``scores``."""
    url: pulumi.Input[str]
    """Base address without a trailing slash: ``file://``, ``s3://`` or ``gs://``."""


class RegistryArgs(TypedDict):
    """Container image repositories, wanted of any cloud."""

    repositories: Sequence[str]
    """Repository paths below the registry, such as ``churn/score``."""
    deployed_tags: NotRequired[Mapping[str, Sequence[str]]]
    """Tags that run somewhere, by repository path: their images are never cleaned up."""


class Registry(TypedDict):
    """Where images are pulled from."""

    prefix: pulumi.Input[str]
    """What precedes a repository's path in an image reference, without a trailing slash."""
    repositories: Sequence[str]
    """Repository paths that exist below the prefix."""


class DatabaseArgs(TypedDict):
    """A PostgreSQL database, wanted of any cloud."""

    owner: str
    """Role that owns the database."""
    storage_gib: int
    """Size of its disk, in GiB."""
    shape: NotRequired[MachineShape]
    """Size of its machine; the smallest that the cloud recommends for production where it is left out."""
    high_availability: NotRequired[bool]
    """Whether a second machine in another zone takes over when the first fails; not where it is left out."""
    backup_days: NotRequired[int]
    """Days that backups are kept, from 1 to 35; 7 where it is left out."""


class Database(TypedDict):
    """A PostgreSQL database."""

    name: str
    """The database's name."""
    host: pulumi.Input[str]
    """Host name or address."""
    port: int
    """TCP port."""
    user: str
    """Role to log in with."""
    password: pulumi.Input[str]
    """The role's password; always a secret."""
    dsn: pulumi.Input[str]
    """``postgresql://user:password@host:port/name``, with ``?sslmode=require`` in a cloud; always a secret."""


class WorkloadIdentityArgs(TypedDict):
    """A Kubernetes service account with rights in the cloud, wanted of any cloud."""

    namespace: pulumi.Input[str]
    """Namespace of the service account."""
    service_account: str
    """Name of the service account."""
    read_stores: Sequence[str]
    """Names of the object stores that it may read."""
    write_stores: Sequence[str]
    """Names of the object stores that it may read and write."""
    labels: Mapping[str, str]
    """Labels of the service account."""


class WorkloadIdentity(TypedDict):
    """A Kubernetes service account with rights in the cloud and no key."""

    namespace: pulumi.Input[str]
    """Namespace of the service account."""
    service_account: pulumi.Input[str]
    """Name of the service account, to be set on the pod."""
    principal: pulumi.Input[str]
    """Who the cloud sees: a role, a principal, or the service account's user name."""


class SecretArgs(TypedDict):
    """Secret values for pods, wanted of any cloud."""

    namespace: pulumi.Input[str]
    """Namespace of the pods that read it."""
    values: Mapping[str, pulumi.Input[str]]
    """Secret values by key."""
    labels: Mapping[str, str]
    """Labels of the Kubernetes secret."""
    retain: NotRequired[bool]
    """Whether the secret stays in the cluster when it leaves the program, because its values cannot be made again."""


class Secret(TypedDict):
    """A Kubernetes secret that pods can mount."""

    namespace: pulumi.Input[str]
    """Namespace of the secret."""
    name: pulumi.Input[str]
    """Name of the secret."""
    keys: Sequence[str]
    """Keys it holds."""


class Cloud(Protocol):
    """What a cloud provides. One instance serves one environment; each call registers a component."""

    provider: pulumi.ProviderResource
    """Provider of everything that goes into the cluster."""

    cluster: Cluster
    """The environment's cluster."""

    image_caches: Mapping[str, pulumi.Input[str]]
    """Where images of public registries are pulled from instead, by registry; empty where they are pulled from their
    origin."""

    def node_pools(self, pools: Mapping[str, NodePoolArgs]) -> Mapping[str, NodePool]:
        """Provide all pools of the cluster, by the names that selectors use; called once."""
        ...

    def object_store(self, name: str, args: ObjectStoreArgs) -> ObjectStore:
        """Provide an object store."""
        ...

    def registry(self, name: str, args: RegistryArgs) -> Registry:
        """Provide image repositories."""
        ...

    def database(self, name: str, args: DatabaseArgs) -> Database:
        """Provide a PostgreSQL database."""
        ...

    def workload_identity(self, name: str, args: WorkloadIdentityArgs) -> WorkloadIdentity:
        """Provide a service account with rights in the cloud."""
        ...

    def secret(self, name: str, args: SecretArgs) -> Secret:
        """Provide a secret to pods."""
        ...

    def watch(self) -> None:
        """Watch over what was provided: alarms, and what it may cost. Called once, last."""
        ...
