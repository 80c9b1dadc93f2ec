"""kwokctl: what it is told about a cluster, and how it is run."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from mlplatform.errors import UserError
from mlplatform.local import processes
from mlplatform.local.layout import Layout, Record
from mlplatform.local.ports import ADDRESS
from mlplatform.local.stages import stages

BINARY: Final = "binary"
"""The runtime that runs components as processes of this machine."""

RUNTIMES: Final[Mapping[str, str]] = {
    BINARY: "",
    "docker": "docker",
    "podman": "podman",
    "nerdctl": "nerdctl",
    "kind": "kind",
    "kind-podman": "kind",
}
"""kwokctl's runtimes, each with the program that it needs."""

PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kwokctl", "kubectl")
"""What kwokctl needs to run a cluster of processes, itself included."""

CONTAINER_PROGRAMS: Final = ("kwokctl", "kubectl")
"""What kwokctl needs to run a cluster of containers."""

_CREATE_SECONDS = 90.0
_CONTAINER_SECONDS = 900.0
_SHOWN_LINES = 8
_POLL_SECONDS = 0.05


def write_config(layout: Layout, record: Record) -> None:
    """Write kwokctl's configuration of the cluster, and the files that it refers to."""
    documents = [_configuration(layout, record), *stages()]
    text = yaml.safe_dump_all(documents, sort_keys=True)
    layout.kwokctl_config.write_text(text, encoding="utf-8")
    if record.runtime == BINARY and not layout.encryption.exists():
        _write_private(layout.encryption, yaml.safe_dump(_encryption(secrets.token_bytes(32))))


def create(layout: Layout, program: Path, record: Record) -> None:
    """Have kwokctl make the cluster and start it. Raises ``UserError`` with what kwokctl said."""
    layout.workspace.mkdir(parents=True, exist_ok=True)
    if layout.pki.exists():
        # The cluster had another kwokctl configuration before; its clients keep their credentials.
        shutil.copytree(layout.pki, layout.work / "pki", dirs_exist_ok=True)
    # Containers' images may have to be pulled first.
    seconds = _CREATE_SECONDS if record.runtime == BINARY else _CONTAINER_SECONDS
    arguments = ("create", "cluster", f"--runtime={record.runtime}", f"--kubeconfig={layout.kwokctl_kubeconfig}")
    _run(layout, program, arguments, seconds)
    _keep_credentials(layout)


def start(layout: Layout, program: Path, seconds: float) -> None:
    """Have kwokctl start the components that do not run, and wait until the API server answers.

    Raises ``UserError`` with what kwokctl said, or if it takes longer.
    """
    _correct_process_ids(layout)
    _run(layout, program, ("start", "cluster"), seconds)


def delete(layout: Layout, program: Path) -> None:
    """Have kwokctl remove a cluster of containers, or what there is of it. Raises ``UserError`` with what it said."""
    if not layout.work.exists():
        return
    _run(layout, program, ("delete", "cluster", f"--kubeconfig={layout.kwokctl_kubeconfig}"), _CREATE_SECONDS)


def configured_runtime(layout: Layout) -> str:
    """Return the runtime that the cluster was or was to be made with."""
    try:
        documents = list(yaml.safe_load_all(layout.kwokctl_config.read_text(encoding="utf-8")))
        runtime = documents[0]["options"]["runtime"]
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        # A cluster of containers is not made before this file is whole.
        return BINARY
    return runtime if runtime in RUNTIMES else BINARY


def log_tail(layout: Layout, component: str) -> str:
    """Return the last lines of a component's output."""
    try:
        text = (layout.logs / f"{component}.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-_SHOWN_LINES:])


def _configuration(layout: Layout, record: Record) -> dict[str, Any]:
    ports, programs = record.ports, record.programs
    options: dict[str, Any] = {
        "runtime": record.runtime,
        "kubeVersion": record.pins["kubectl"],
        "kubeApiserverPort": ports.api_server,
        "kubeAdmission": True,
        "kubeAuthorization": True,
        "securePort": True,
        "disableQPSLimits": True,
        "quietPull": True,
        "kubectlBinary": programs["kubectl"],
    }
    configuration: dict[str, Any] = {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": options,
    }
    if record.runtime == BINARY:
        options |= {
            "bindAddress": ADDRESS,
            "etcdPort": ports.etcd,
            "etcdPeerPort": ports.etcd_peer,
            "kubeControllerManagerPort": ports.controller_manager,
            "kubeSchedulerPort": ports.scheduler,
            "kwokControllerPort": ports.kwok,
            "etcdBinary": programs["etcd"],
            "kubeApiserverBinary": programs["kube-apiserver"],
            "kubeControllerManagerBinary": programs["kube-controller-manager"],
            "kubeSchedulerBinary": programs["kube-scheduler"],
            "kwokControllerBinary": programs["kwok"],
        }
        configuration["componentsPatches"] = _patches(layout, record)
    return configuration


def _patches(layout: Layout, record: Record) -> list[dict[str, Any]]:
    certificate = {
        "tls-cert-file": str(layout.work / "pki" / "admin.crt"),
        "tls-private-key-file": str(layout.work / "pki" / "admin.key"),
    }
    # One of each runs, and none may wait for the lease of one that was killed.
    alone = {"leader-elect": "false", **certificate}
    return [
        _override("etcd", {"data-dir": str(layout.etcd)}),
        # The address of simulated nodes: where KWOK answers for their kubelets.
        _override("kwok-controller", {"node-ip": ADDRESS}),
        _extra(
            "kube-apiserver",
            {
                "encryption-provider-config": str(layout.encryption),
                "service-cluster-ip-range": record.service_cidr,
            },
        ),
        _extra("kube-controller-manager", alone),
        _extra("kube-scheduler", alone),
    ]


def _extra(name: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "extraArgs": [{"key": key, "value": value} for key, value in arguments.items()]}


def _override(name: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    patch = _extra(name, arguments)
    return {**patch, "extraArgs": [{**argument, "override": True} for argument in patch["extraArgs"]]}


def _encryption(key: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(key).decode("ascii")
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [{"secretbox": {"keys": [{"name": "local", "secret": encoded}]}}, {"identity": {}}],
            }
        ],
    }


def _run(layout: Layout, program: Path, arguments: Sequence[str], seconds: float) -> None:
    what = f"kwokctl {' '.join(arguments[:2])} for {layout.name}"
    command = [
        str(program), f"--config={layout.kwokctl_config}", f"--name={layout.name}", *arguments,
    ]  # fmt: skip
    environment = dict(os.environ)
    if configured_runtime(layout) == BINARY:
        # Variables of kwokctl's own would override the configuration; with containers they choose images and mirrors.
        environment = {name: value for name, value in environment.items() if not name.startswith("KWOK_")}
    environment["KWOK_WORKDIR"] = str(layout.workspace)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            command,
            cwd=layout.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C on the terminal must reach neither kwokctl's children nor a half-written file of its own.
            start_new_session=True,
        )
        with process:
            try:
                deadline = time.monotonic() + seconds
                while process.poll() is None:
                    _refuse_ended(layout)
                    _refuse_late(deadline, f"{what} did not end within {seconds:.0f} s")
                    time.sleep(_POLL_SECONDS)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            output.seek(0)
            lines = [_message(line) for line in output.read().strip().splitlines()[-_SHOWN_LINES:]]
            raise UserError("\n".join([f"{what} failed:", *lines]))


def _refuse_ended(layout: Layout) -> None:
    """Raise ``UserError`` if a component ended right after its start: kwokctl would wait for minutes."""
    started = {file.stem for file in (layout.work / "pids").glob("*.pid")}
    if not started:
        return
    live = {running.name for running in processes.find(layout.root)}
    for name in processes.COMPONENTS:
        if name in started - live:
            raise UserError(f"{name} of the cluster {layout.name} ended at once; it said:\n{log_tail(layout, name)}")


def _refuse_late(deadline: float, message: str) -> None:
    if time.monotonic() > deadline:
        raise UserError(message)


def _message(line: str) -> str:
    """Return what a line of kwokctl's structured log says."""
    try:
        fields = json.loads(line)
        return ": ".join(str(fields[key]) for key in ("msg", "err") if fields.get(key))
    except (ValueError, TypeError, AttributeError):
        return line


def _keep_credentials(layout: Layout) -> None:
    """Copy keys out of kwokctl's directory, and write the kubeconfig with nothing but the cluster's name in it."""
    source = yaml.safe_load(layout.kwokctl_kubeconfig.read_text(encoding="utf-8"))
    cluster, user = source["clusters"][0]["cluster"], source["users"][0]["user"]
    if (layout.work / "pki").exists():
        shutil.copytree(layout.work / "pki", layout.pki, dirs_exist_ok=True)
    else:
        layout.pki.mkdir(mode=0o700, exist_ok=True)
        for section, key, name in (
            (cluster, "certificate-authority", "ca.crt"),
            (user, "client-certificate", "admin.crt"),
            (user, "client-key", "admin.key"),
        ):
            _write_private(layout.pki / name, _embedded(section, key))
    name = layout.name
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {
                    "server": cluster["server"],
                    "certificate-authority-data": _encoded(layout.pki / "ca.crt"),
                },
            }
        ],
        "users": [
            {
                "name": name,
                "user": {
                    "client-certificate-data": _encoded(layout.pki / "admin.crt"),
                    "client-key-data": _encoded(layout.pki / "admin.key"),
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    _write_private(layout.kubeconfig, yaml.safe_dump(kubeconfig, sort_keys=True))


def _embedded(section: Mapping[str, str], key: str) -> str:
    if f"{key}-data" in section:
        return base64.b64decode(section[f"{key}-data"]).decode("ascii")
    return Path(section[key]).read_text(encoding="ascii")


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def _write_private(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _correct_process_ids(layout: Layout) -> None:
    """Make kwokctl's files of process ids say what really runs: it believes them without a look at the process."""
    directory = layout.work / "pids"
    directory.mkdir(exist_ok=True)
    live = {running.name: running.process.pid for running in processes.find(layout.root)}
    for name in processes.COMPONENTS:
        file = directory / f"{name}.pid"
        if name in live:
            file.write_text(str(live[name]), encoding="ascii")
        else:
            file.unlink(missing_ok=True)
