"""The local environment's control plane: started, repaired, looked at and removed."""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import filelock

from mlplatform.errors import UserError
from mlplatform.local import health, karpenter, kwokctl, ports, processes
from mlplatform.local.api import Api
from mlplatform.local.binaries import Binaries, resolve
from mlplatform.local.health import ComponentStatus
from mlplatform.local.instance_types import instance_types
from mlplatform.local.kwokctl import BINARY, RUNTIMES
from mlplatform.local.layout import Layout, Ports, Record
from mlplatform.local.paths import cache_dir, state_dir
from mlplatform.local.tools import TOOLS, parse_version
from stacks.settings import Settings

DEFAULT_SERVICE_CIDR = "10.96.0.0/16"
"""Addresses of services where the caller names none."""

Report = Callable[[str], None]

_READY_SECONDS = 60.0
_SERVED_SECONDS = 30.0
_PORT_ATTEMPTS = 3
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ClusterAccess:
    """How to reach a cluster as its administrator."""

    kubeconfig: Path
    """File that only the user can read."""
    context: str
    """Name of the context in it, which is the cluster's name."""


class ControlPlane:
    """A Kubernetes control plane on this machine, with simulated nodes that Karpenter provides.

    ``instance_types`` are the machine types that Karpenter may provide, as ``instance_types.instance_types`` makes
    them. Clusters of different names run side by side. A cluster lives until ``stop``, longer than this process.
    """

    def __init__(
        self,
        name: str,
        runtime: str = BINARY,
        *,
        machines: Sequence[Mapping[str, Any]] = (),
        service_cidr: str = DEFAULT_SERVICE_CIDR,
    ) -> None:
        if runtime not in RUNTIMES:
            raise UserError(f"runtime: got {runtime!r}; allowed: {', '.join(RUNTIMES)}")
        self.name = name
        self._runtime = runtime
        self._machines = machines
        self._service_cidr = service_cidr
        self._layout = Layout(state_dir() / name, name)

    @classmethod
    def for_settings(cls, settings: Settings, runtime: str = BINARY) -> "ControlPlane":
        """Return the control plane of a local environment.

        Raises ``UserError`` if the settings ask for another Kubernetes version than the local one.
        """
        major, minor = parse_version(TOOLS["kube-apiserver"].version)
        wanted = settings.cluster.kubernetes_version
        if wanted != f"{major}.{minor}":
            raise UserError(
                f"mlplatform:cluster.kubernetesVersion: got {wanted}; the local control plane is {major}.{minor}",
            )
        return cls(
            f"{settings.names.platform}-{settings.environment}",
            runtime,
            machines=instance_types(settings),
            service_cidr=settings.network.service_cidr,
        )

    @property
    def access(self) -> ClusterAccess:
        """How to reach the cluster; usable once it has been started."""
        return ClusterAccess(self._layout.kubeconfig, self.name)

    def exists(self) -> bool:
        """Tell whether anything of the cluster is on this machine, whole or not."""
        return self._layout.root.exists() or bool(processes.find(self._layout.root))

    def status(self) -> tuple[ComponentStatus, ...]:
        """Look at every component; empty if the cluster does not exist.

        Raises ``UserError`` if its state directory cannot be understood.
        """
        record = self._layout.load()
        return health.check(self._layout, record) if record is not None else ()

    def start(self, report: Report) -> None:
        """Bring the cluster up, whatever state it is in: absent, half made, partly dead or healthy.

        What was stored in it is kept, unless it had never been complete. Takes seconds; minutes when programs have to
        be built first. Raises ``UserError`` if it cannot be brought up.
        """
        with self._locked(report):
            record = self._layout.load()
            if record is not None:
                self._refuse_changes(record)
            if record is not None and self._is_current(record):
                if all(row.healthy for row in health.check(self._layout, record)):
                    self._renew_machines(record)
                    return
                report(f"repairing the cluster {self.name}")
                with contextlib.suppress(_NotRepairableError):
                    self._repair(record)
                    return
            self._make(record, report)

    def stop(self) -> None:
        """Remove the cluster and all that is in it: every process and every file but the cache."""
        with self._locked(lambda _: None):
            if self._runtime_of_state() != BINARY:
                record = self._layout.load()
                if record is not None:
                    kwokctl.delete(self._layout, record)
            self._end_processes()
            self._layout.remove()
            with contextlib.suppress(OSError):
                self._layout.root.parent.rmdir()
        self._lock_file().unlink(missing_ok=True)

    def _make(self, old: Record | None, report: Report) -> None:
        """Make the cluster, out of the data of the old one if there is one."""
        programs = resolve(self._program_names(), report)
        report(f"starting the cluster {self.name}")
        self._end_processes()
        self._layout.record.unlink(missing_ok=True) if old is None else None
        if old is None:
            self._layout.remove()
        self._layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            shutil.rmtree(self._layout.workspace, ignore_errors=True)
            record = self._new_record(programs, old)
            self._write_machines()
            kwokctl.write_config(self._layout, record)
            try:
                kwokctl.create(self._layout, record)
                self._finish(record)
            except UserError:
                self._end_processes()
                # Another program may have taken a port between its choice and its use.
                if attempt == _PORT_ATTEMPTS or not any(map(ports.taken, vars(record.ports).values())):
                    raise
                old = replace(record, ports=_choose_ports()) if old is not None else None
            else:
                self._layout.save(record)
                return
