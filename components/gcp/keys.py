"""The encryption keys of an environment, as a Pulumi component."""

from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment, GcpKeysFacts
from components.gcp.service_agents import AGENTS, encrypters, member
from components.keeping import keep, released

__all__ = ["GcpKeys", "GcpKeysArgs"]

THING: Final = "keys"

ROTATION: Final = f"{90 * 24 * 3600}s"
"""How often a key gets a new version; earlier versions still decrypt."""

DESTROY_AFTER: Final = f"{30 * 24 * 3600}s"
"""How long a version that is to be destroyed can still be restored."""

ROLE: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"

PROTECTION_LEVELS: Final = ("SOFTWARE", "HSM")


class GcpKeysArgs(TypedDict):
    """Which keys are wanted."""

    environment: GcpEnvironment
    """The environment that they belong to."""
    project: pulumi.Input[str]
    """ID of the project, known once its services are enabled."""
    protection_level: NotRequired[str]
    """Where keys are kept: ``SOFTWARE`` or ``HSM``; ``SOFTWARE`` where it is left out."""
    datasets: NotRequired[bool]
    """Whether BigQuery datasets are encrypted with the key of stores; not where it is left out. BigQuery's encryption
    account has to be there already: ``bq show --encryption_service_account`` makes it."""
    managed_airflow: NotRequired[bool]
    """Whether a Cloud Composer environment is encrypted with the key of stores; not where it is left out."""


class GcpKeys(pulumi.ComponentResource):
    """A key ring in the environment's region with a key per kind of data, which rotate every 90 days.

    Each key is granted to the service agents that encrypt with it and to nobody else: whoever reads a bucket or a
    disk needs rights on that, and none on the key. A key ring can never be deleted, and its name is taken for ever:
    an environment that is made again under the same name imports it.
    """

    key_ring: pulumi.Output[str]
    """ID of the key ring."""

    def __init__(self, name: str, args: GcpKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpKeys", name, {}, opts)
        environment = args["environment"]
        level = args.get("protection_level", PROTECTION_LEVELS[0])
        if level not in PROTECTION_LEVELS:
            found = problem("protection_level", f"got {level!r}; allowed: {' or '.join(PROTECTION_LEVELS)}")
            raise ArgumentsError(f"keys {name}", [found])
        agents = encrypters(
            datasets=args.get("datasets", False),
            managed_airflow=args.get("managed_airflow", False),
        )
        identities = {
            agent: gcp.projects.ServiceIdentity(
                f"{name}-{agent}-agent",
                project=args["project"],
                service=f"{service}.googleapis.com",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for agent in sorted({agent for each in agents.values() for agent in each})
            if (service := AGENTS[agent].service) is not None
        }
        ring = gcp.kms.KeyRing(
            f"{name}-ring",
            name=environment["name"],
            project=args["project"],
            location=environment["region"],
            opts=keep(self, THING, environment["let_go"]),
        )
        usable: dict[str, pulumi.Output[str]] = {}
        for purpose, of_key in agents.items():
            key = gcp.kms.CryptoKey(
                f"{name}-{purpose}",
                name=purpose,
                key_ring=ring.id,
                purpose="ENCRYPT_DECRYPT",
                rotation_period=ROTATION,
                destroy_scheduled_duration=DESTROY_AFTER,
                version_template={"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protection_level": level},
                labels=environment["resource_labels"],
                deletion_policy="DELETE" if released(THING, environment["let_go"]) else "PREVENT",
                opts=keep(self, THING, environment["let_go"]),
            )
            grants = [
                gcp.kms.CryptoKeyIAMMember(
                    f"{name}-{purpose}-{agent}",
                    crypto_key_id=key.id,
                    role=ROLE,
                    member=member(agent, environment["project_number"]),
                    opts=pulumi.ResourceOptions(
                        parent=self, depends_on=[identities[agent]] if agent in identities else []
                    ),
                )
                for agent in of_key
            ]
            usable[purpose] = pulumi.Output.all(key.id, *(grant.id for grant in grants)).apply(lambda ids: str(ids[0]))
        self.facts = GcpKeysFacts(
            cluster=usable["cluster"],
            disks=usable["disks"],
            stores=usable["stores"],
            images=usable["images"],
            databases=usable["databases"],
            secrets=usable["secrets"],
        )
        self.key_ring = ring.id
        self.register_outputs({"keyRing": self.key_ring})
