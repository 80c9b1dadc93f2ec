"""The files of one cluster, and the record that says the cluster was made completely."""

import json
import shutil
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from mlplatform.errors import UserError
from mlplatform.local.api import Credentials
from mlplatform.local.ports import ADDRESS, free

_FORMAT = 1


@dataclass(frozen=True)
class Ports:
    """TCP ports of the components."""

    etcd: int
    etcd_peer: int
    api_server: int
    controller_manager: int
    scheduler: int
    kwok: int
    karpenter: int

    @classmethod
    def choose(cls) -> "Ports":
        """Choose ports that are free now."""
        return cls(*free(len(fields(cls))))

    def of(self, component: str) -> tuple[int, ...]:
        """Return the ports that a component listens on."""
        return {
            "etcd": (self.etcd, self.etcd_peer),
            "kube-apiserver": (self.api_server,),
            "kube-controller-manager": (self.controller_manager,),
            "kube-scheduler": (self.scheduler,),
            "kwok-controller": (self.kwok,),
            "karpenter": (self.karpenter,),
        }[component]

    def all(self) -> tuple[int, ...]:
        """Return every port."""
        return astuple(self)


@dataclass(frozen=True)
class Record:
    """What a complete cluster was made with."""

    name: str
    runtime: str
    service_cidr: str
    """Addresses of services; cannot change while the cluster lives."""
    pins: dict[str, str]
    """Versions that were pinned, by program."""
    programs: dict[str, str]
    """Paths of the programs, by program."""
    ports: Ports

    def to_json(self) -> str:
        """Return the record as a file's text."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Record":
        """Read a record. Raises ``ValueError`` if it is not one."""
        try:
            data = dict(json.loads(text))
            if data.pop("format") != _FORMAT:
                raise ValueError("written by another version of mlplatform")
            record = cls(**{**data, "ports": Ports(**data["ports"])})
            if not all(isinstance(port, int) for port in asdict(record.ports).values()):
                raise ValueError("a port is not a number")
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("it is not a cluster's record") from error
        return record


@dataclass(frozen=True)
class Layout:
    """Where the files of a cluster are."""

    root: Path
    """The cluster's own directory."""
    name: str

    @property
    def record(self) -> Path:
        """Written last of all: without it the cluster is a half-made one."""
        return self.root / "cluster.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def workspace(self) -> Path:
        """The directory that kwokctl keeps clusters in."""
        return self.root / "kwok"

    @property
    def work(self) -> Path:
        """The directory that kwokctl keeps this cluster in; its components work there."""
        return self.workspace / "clusters" / self.name

    @property
    def kwokctl_config(self) -> Path:
        """Our configuration of kwokctl."""
        return self.root / "kwokctl.yaml"

    @property
    def kwokctl_kubeconfig(self) -> Path:
        """What kwokctl writes its context into."""
        return self.root / "kwokctl.kubeconfig"

    @property
    def etcd(self) -> Path:
        """The data of etcd: outside of kwokctl's directory, so that it outlives a new kwokctl configuration."""
        return self.root / "etcd"

    @property
    def pki(self) -> Path:
        """A copy of the cluster's keys and certificates, for the same reason."""
        return self.root / "pki"

    @property
    def encryption(self) -> Path:
        """Configuration and key of the encryption of secrets at rest."""
        return self.root / "encryption.yaml"

    @property
    def instance_types(self) -> Path:
        """The machine types that Karpenter may provide."""
        return self.root / "instance-types.json"

    @property
    def logs(self) -> Path:
        """The components' output."""
        return self.work / "logs"

    def credentials(self, port: int) -> Credentials:
        """Return the administrator's credentials."""
        return Credentials(
            f"https://{ADDRESS}:{port}", self.pki / "ca.crt", self.pki / "admin.crt", self.pki / "admin.key"
        )

    def load(self) -> Record | None:
        """Read the record; None if there is no complete cluster.

        Raises ``UserError`` if there is a record that cannot be understood.
        """
        try:
            return Record.from_json(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            raise UserError(
                f"{self.record} cannot be used: {error}",
                f"`mlplatform down` removes the cluster {self.name} with all that is in it",
            ) from error

    def save(self, record: Record) -> None:
        """Write the record at once, so that it is either whole or absent."""
        partial = self.record.with_suffix(".partial")
        partial.write_text(record.to_json(), encoding="utf-8")
        partial.replace(self.record)

    def remove(self) -> None:
        """Remove every file of the cluster."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.root.exists():
            shutil.rmtree(self.root)
