"""The local environment's control plane: started, repaired, looked at and removed."""

import contextlib
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from stacks.clouds import cluster_name
from stacks.settings import Settings

DEFAULT_SERVICE_CIDR = "10.96.0.0/16"
"""Addresses of services where the caller names none."""

Report = Callable[[str], None]

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_READY_SECONDS = 60.0
_SERVED_SECONDS = 30.0
_REPAIR_SECONDS = 20.0
_PORT_SECONDS = 2.0
_POLL_SECONDS = 0.05
_ATTEMPTS = 3


@dataclass(frozen=True)
class ClusterAccess:
    """How to reach a cluster as its administrator."""

    kubeconfig: Path
    """File that only the user can read."""
    context: str
    """Name of the context in it, which is the cluster's name."""


class _NotRepairableError(Exception):
    """The running parts of a cluster cannot be completed; it has to be configured anew."""


class ControlPlane:
    """A Kubernetes control plane on this machine, with simulated nodes that Karpenter provides.

    ``machines`` are the types that Karpenter may provide, as ``instance_types.instance_types`` makes them; without
    them a cluster keeps those that it has. Clusters of different names run side by side, and each lives until
    ``stop``, longer than the process that started it.
    """

    def __init__(
        self,
        name: str,
        runtime: str = BINARY,
        *,
        machines: Sequence[Mapping[str, Any]] | None = None,
        service_cidr: str = DEFAULT_SERVICE_CIDR,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise UserError(f"cluster: got {name!r}; allowed: up to 63 lower-case letters, digits and inner hyphens")
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
                f"mlplatform:cluster.kubernetesVersion: got {wanted}; the local control plane is {major}.{minor}"
            )
        return cls(
            cluster_name(settings),
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

        What is stored in it is kept, unless it has never been complete. Takes seconds; minutes when programs have to
        be built first. Raises ``UserError`` if it cannot be brought up.
        """
        with self._locked(report):
            if self._is_healthy():
                return
        self._check_runtime()
        # Not under the lock: it may take minutes, in which `stop` has to be possible.
        programs = resolve(self._program_names(), report)
        with self._locked(report):
            if self._is_healthy():
                return
            record = self._layout.load()
            if record is not None:
                try:
                    self._repair(record, programs, report)
                except _NotRepairableError as error:
                    if self._runtime != BINARY:
                        # What is stored lies in its containers and would be lost.
                        raise UserError(
                            f"the cluster {self.name} cannot be repaired: {error}", "take it down, and bring it up anew"
                        ) from error
                    report(f"configuring the cluster {self.name} anew: {error}")
                else:
                    return
            self._make(record, programs, report)

    def stop(self, report: Report = lambda _: None) -> None:
        """Remove the cluster and all that is in it: every process and every file but the cache."""
        with self._locked(report):
            self._clear(report)
            # Other clusters may be left.
            with contextlib.suppress(OSError):
                self._layout.root.parent.rmdir()

    def _is_healthy(self) -> bool:
        """Tell whether nothing has to be done; as a side effect give a healthy cluster its machine types."""
        record = self._layout.load()
        if record is None:
            return False
        self._refuse_changes(record)
        if record.pins != self._pins() or not _all_healthy(health.check(self._layout, record)):
            return False
        if self._write_machines():
            karpenter.stop(self._layout)
            self._finish(record, _READY_SECONDS)
        return True

    def _repair(self, record: Record, programs: Binaries, report: Report) -> None:
        """Start what does not run. Raises ``_NotRepairableError`` if that is not enough."""
        if record.pins != self._pins() or record.programs != _paths(programs):
            raise _NotRepairableError("other programs are to run it")
        live = {running.name for running in processes.find(self._layout.root)}
        dead = [row.component for row in health.check(self._layout, record) if row.component not in live]
        if self._runtime == BINARY:
            blocked = [str(port) for name in dead for port in record.ports.of(name) if ports.taken(port, _PORT_SECONDS)]
            if blocked:
                raise _NotRepairableError(f"another program uses port {', '.join(blocked)}")
        report(f"repairing the cluster {self.name}: {', '.join(dead) or 'all components run, but not all answer'}")
        try:
            self._write_machines()
            kwokctl.start(self._layout, programs["kwokctl"], _REPAIR_SECONDS)
            self._finish(record, _REPAIR_SECONDS)
        except (UserError, OSError) as error:
            raise _NotRepairableError(str(error).splitlines()[0]) from error

    def _make(self, old: Record | None, programs: Binaries, report: Report) -> None:
        """Make the cluster, with the data of the old one if there is one."""
        report(f"starting the cluster {self.name}")
        if old is None:
            self._clear(report)
        processes.end(self._layout.root)
        self._layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write_machines()
        for attempt in range(1, _ATTEMPTS + 1):
            shutil.rmtree(self._layout.workspace, ignore_errors=True)
            record = Record(
                name=self.name,
                runtime=self._runtime,
                service_cidr=self._service_cidr,
                pins=self._pins(),
                programs=_paths(programs),
                ports=Ports.choose(),
            )
            kwokctl.write_config(self._layout, record)
            try:
                kwokctl.create(self._layout, programs["kwokctl"], record)
                self._finish(record, _READY_SECONDS)
            except UserError as error:
                processes.end(self._layout.root)
                # Another program may have taken a port between its choice and its use.
                if attempt == _ATTEMPTS or not any(map(ports.taken, record.ports.all())):
                    lost = f"`mlplatform down` removes the cluster {self.name} with all that is in it"
                    raise UserError(error.message, error.hint or (lost if old is not None else None)) from error
            else:
                self._layout.save(record)
                return

    def _clear(self, report: Report) -> None:
        """Remove every process, container and file of the cluster."""
        if kwokctl.configured_runtime(self._layout) != BINARY:
            kwokctl.delete(self._layout, resolve(["kwokctl"], report)["kwokctl"])
        processes.end(self._layout.root)
        self._layout.remove()

    def _finish(self, record: Record, seconds: float) -> None:
        """Complete a cluster whose components have been started, and wait until all of them answer."""
        api = Api(self._layout.credentials(record.ports.api_server))
        problem = api.wait_ready(seconds)
        if problem is not None:
            raise self._failure("kube-apiserver", problem)
        api.define(karpenter.definitions(record), _SERVED_SECONDS)
        if processes.KARPENTER not in {running.name for running in processes.find(self._layout.root)}:
            karpenter.start(self._layout, record)
        deadline = time.monotonic() + seconds
        while bad := [row for row in health.check(self._layout, record) if not row.healthy]:
            ended = [row for row in bad if row.detail == health.NOT_RUNNING]
            if ended or time.monotonic() > deadline:
                worst = (ended or bad)[0]
                raise self._failure(worst.component, worst.detail)
            time.sleep(_POLL_SECONDS)

    def _failure(self, component: str, problem: str) -> UserError:
        tail = kwokctl.log_tail(self._layout, component)
        return UserError(f"{component} of the cluster {self.name} {problem}" + (f"; it said:\n{tail}" if tail else ""))

    def _write_machines(self) -> bool:
        """Write the file of machine types if it has to change, and tell whether it did."""
        file = self._layout.instance_types
        if self._machines is None and file.exists():
            return False
        text = json.dumps(self._machines or [], indent=1) + "\n"
        if file.exists() and file.read_text(encoding="utf-8") == text:
            return False
        file.write_text(text, encoding="utf-8")
        return True

    def _refuse_changes(self, record: Record) -> None:
        for what, got, wanted in (
            ("runtime", record.runtime, self._runtime),
            ("service addresses", record.service_cidr, self._service_cidr),
        ):
            if got != wanted:
                raise UserError(
                    f"the cluster {self.name} was made with {what} {got}, which cannot become {wanted} while it lives",
                    "take it down first",
                )

    def _check_runtime(self) -> None:
        program = RUNTIMES[self._runtime]
        if program and shutil.which(program) is None:
            raise UserError(
                f"runtime {self._runtime} needs {program}, which is not on PATH",
                f"install it, or leave the runtime at {BINARY}, which needs no containers",
            )

    def _program_names(self) -> tuple[str, ...]:
        needed = kwokctl.PROGRAMS if self._runtime == BINARY else kwokctl.CONTAINER_PROGRAMS
        return (*needed, processes.KARPENTER)

    def _pins(self) -> dict[str, str]:
        return {name: TOOLS[name].version for name in self._program_names()}

    @contextlib.contextmanager
    def _locked(self, report: Report) -> Iterator[None]:
        """Keep other processes away from the cluster, and turn refusals of the file system into clear errors."""
        # In the cache, because nothing else may be left of a cluster that was stopped.
        digest = hashlib.sha256(str(self._layout.root).encode()).hexdigest()[:12]
        file = cache_dir() / "locks" / f"{self.name}-{digest}.lock"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(file)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                report(f"waiting for another mlplatform that works on the cluster {self.name}")
                lock.acquire()
            try:
                yield
            finally:
                lock.release()
        except TimeoutError as error:
            raise UserError(f"the cluster {self.name}: {error}") from error
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise UserError(f"the cluster {self.name}: {what}") from error


def _all_healthy(rows: Sequence[ComponentStatus]) -> bool:
    return all(row.healthy for row in rows)


def _paths(programs: Binaries) -> dict[str, str]:
    return {name: str(path) for name, path in programs.items()}
