"""Storage classes of volumes, as a Pulumi component."""

from typing import Any, Final, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment, GcpKeysFacts
from components.keeping import keep
from components.labels import object_labels

__all__ = ["GcpHomes", "GcpHomesArgs"]

THING: Final = "homes"

HOMES: Final = "homes"
"""Name of the storage class of people's home volumes."""

ENCRYPTED: Final = "encrypted"
"""Name of the storage class of volumes that ask for none."""

DEFAULT_ANNOTATION: Final = "storageclass.kubernetes.io/is-default-class"
"""Of several classes that have it, Kubernetes takes the newest: this one, as GKE makes its own with the cluster."""

PROVISIONER: Final = "pd.csi.storage.gke.io"
ZONE_KEY: Final = "topology.gke.io/zone"
"""Label by which the provisioner knows zones, the one key that it takes."""

REPLICAS: Final = 2
"""Zones that a regional disk is in."""


class GcpHomesArgs(TypedDict):
    """How volumes are kept."""

    environment: GcpEnvironment
    """The environment that the cluster belongs to."""
    keys: GcpKeysFacts
    """Keys of the environment; volumes are encrypted with that of disks."""


def homes_class(zones: list[str], key: pulumi.Input[str]) -> dict[str, Any]:
    """Return the storage class of homes: disks that are in the first two of ``zones`` at once.

    All homes are in the same two, so that a pool which has no nodes knows where it may put the first one: in the zone
    that is left when the other is lost. A disk that its claim leaves stays, as nobody can make a home again.
    """
    return {
        "provisioner": PROVISIONER,
        "parameters": {
            "type": "pd-balanced",
            "replication-type": "regional-pd",
            "disk-encryption-kms-key": key,
        },
        "allowed_topologies": [{"match_label_expressions": [{"key": ZONE_KEY, "values": zones[:REPLICAS]}]}],
        "allow_volume_expansion": True,
        "reclaim_policy": "Retain",
        "volume_binding_mode": "WaitForFirstConsumer",
    }


def encrypted_class(key: pulumi.Input[str]) -> dict[str, Any]:
    """Return the storage class of all other volumes: a disk in the zone of the first pod, gone with its claim."""
    return {
        "provisioner": PROVISIONER,
        "parameters": {"type": "pd-balanced", "disk-encryption-kms-key": key},
        "allow_volume_expansion": True,
        "reclaim_policy": "Delete",
        "volume_binding_mode": "WaitForFirstConsumer",
    }


class GcpHomes(pulumi.ComponentResource):
    """Home volumes that outlive a zone and their claims, and encryption for every volume that asks for no class.

    Machines of the series C3, C4 and N4 attach no regional disks: pools whose pods mount homes have other ones.
    """

    home_storage_class: pulumi.Output[str]
    """Name of the storage class of people's home volumes."""

    def __init__(self, name: str, args: GcpHomesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpHomes", name, {}, opts)
        environment, key = args["environment"], args["keys"]["disks"]
        zones = sorted(environment["zones"])
        if len(zones) < REPLICAS:
            found = problem("environment.zones", f"got {', '.join(zones)}; allowed: at least {REPLICAS} zones")
            raise ArgumentsError(f"homes {name}", [found])
        homes = kubernetes.storage.v1.StorageClass(
            f"{name}-homes",
            metadata={
                "name": HOMES,
                "labels": object_labels(environment["labels"], component="storage-class", name=HOMES),
            },
            opts=keep(self, THING, environment["let_go"]),
            **homes_class(zones, key),
        )
        kubernetes.storage.v1.StorageClass(
            f"{name}-encrypted",
            metadata={
                "name": ENCRYPTED,
                "labels": object_labels(environment["labels"], component="storage-class", name=ENCRYPTED),
                "annotations": {DEFAULT_ANNOTATION: "true"},
            },
            opts=pulumi.ResourceOptions(parent=self),
            **encrypted_class(key),
        )
        self.home_storage_class = homes.metadata.apply(lambda metadata: str(metadata.name))
        self.register_outputs({"homeStorageClass": self.home_storage_class})
