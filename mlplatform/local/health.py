"""Whether the components of a cluster run and answer."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from mlplatform.local import processes
from mlplatform.local.api import Api, probe
from mlplatform.local.kwokctl import BINARY
from mlplatform.local.layout import Layout, Record
from mlplatform.local.ports import ADDRESS

NOT_RUNNING = "is not running"
"""What is wrong with a component that has no process."""

_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class ComponentStatus:
    """One row of ``mlplatform status``."""

    component: str
    healthy: bool
    pid: int | None
    """Process id; None where it does not run, or runs in a container."""
    detail: str
    """Where it listens, or what is wrong."""


def check(layout: Layout, record: Record) -> tuple[ComponentStatus, ...]:
    """Look at every component of the cluster, all at the same time. Takes milliseconds when all are well."""
    endpoints = _endpoints(record)
    pids = {running.name: running.process.pid for running in processes.find(layout.root)}
    with ThreadPoolExecutor(len(endpoints)) as pool:
        problems = dict(zip(endpoints, pool.map(lambda name: _problem(layout, record, endpoints, name), endpoints),
                            strict=True))  # fmt: skip
    rows = []
    for name, endpoint in endpoints.items():
        managed = record.runtime == BINARY or name == processes.KARPENTER
        pid = pids.get(name)
        problem = NOT_RUNNING if managed and pid is None else problems[name]
        rows.append(ComponentStatus(name, problem is None, pid, problem or endpoint))
    return tuple(rows)


def _endpoints(record: Record) -> dict[str, str]:
    ports = record.ports
    endpoints = {"kube-apiserver": f"https://{ADDRESS}:{ports.api_server}"}
    if record.runtime == BINARY:
        endpoints = {
            "etcd": f"http://{ADDRESS}:{ports.etcd}",
            **endpoints,
            "kube-controller-manager": f"https://{ADDRESS}:{ports.controller_manager}",
            "kube-scheduler": f"https://{ADDRESS}:{ports.scheduler}",
            "kwok-controller": f"http://{ADDRESS}:{ports.kwok}",
        }
    return {**endpoints, processes.KARPENTER: f"http://{ADDRESS}:{ports.karpenter}"}


def _problem(layout: Layout, record: Record, endpoints: Mapping[str, str], name: str) -> str | None:
    if name == "kube-apiserver":
        return Api(layout.credentials(record.ports.api_server)).problem(_TIMEOUT_SECONDS)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(layout.pki / "ca.crt")
        path = {"etcd": "/health", processes.KARPENTER: "/readyz"}.get(name, "/healthz")
        return probe(session, f"{endpoints[name]}{path}", _TIMEOUT_SECONDS)
