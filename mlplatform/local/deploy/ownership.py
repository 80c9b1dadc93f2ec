"""Which engine deploys a cluster. Each refuses one that the other owns."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from mlplatform.errors import UserError
from mlplatform.local.deploy.applyset import ApplySet
from mlplatform.local.deploy.kubectl import Kubectl, KubectlError, Manifest, label_of, stream

MARKER: Final = "mlplatform-environment"
"""ConfigMap in ``kube-system`` that names the engine and the environment."""

_NAMESPACE: Final = "kube-system"
_PULUMI_MANAGER: Final = "pulumi-kubernetes"


class Engine(StrEnum):
    """What deploys a cluster."""

    KUBECTL = "kubectl"
    """kubectl's server-side apply, and helm."""
    PULUMI = "pulumi"
    """The Pulumi CLI."""


def owner(kubectl: Kubectl) -> Engine | None:
    """Return the engine that the cluster's marker names, or None without one."""
    marker = kubectl.get("configmap", MARKER, _NAMESPACE)
    if marker is None:
        return None
    engine = marker.get("data", {}).get("engine")
    if engine not in set(Engine):
        raise _owned_by(kubectl, str(engine), "its marker says so")
    return Engine(engine)


def claim(kubectl: Kubectl, engine: Engine, manifests: Iterable[Manifest] = ()) -> None:
    """Mark the cluster as the engine's own, before its first change.

    ``manifests`` are what is about to be deployed: where the marker is missing, live ones that the other engine manages
    give it away. Raises ``UserError`` that names the owner and the ways out.
    """
    environment = kubectl.target.environment
    marker = kubectl.get("configmap", MARKER, _NAMESPACE)
    if marker is None:
        _refuse_evidence(kubectl, engine, manifests)
        try:
            kubectl.output(["create", "--filename=-"], stream([_marker(engine, environment)]))
        except KubectlError as error:
            if "AlreadyExists" not in error.stderr:
                raise
            claim(kubectl, engine)
        return
    data = marker.get("data", {})
    if data.get("environment") != environment:
        raise UserError(
            f"cluster {kubectl.target.context} belongs to environment {data.get('environment')!r}, not {environment!r}",
            "name the environment that it belongs to, or use another cluster",
        )
    if data.get("engine") != engine:
        raise _owned_by(kubectl, str(data.get("engine")), "its marker says so")


def _marker(engine: Engine, environment: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": MARKER,
            "namespace": _NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": "mlplatform", "app.kubernetes.io/managed-by": "mlplatform"},
        },
        "data": {"engine": str(engine), "environment": environment},
    }


def _refuse_evidence(kubectl: Kubectl, engine: Engine, manifests: Iterable[Manifest]) -> None:
    if engine is Engine.PULUMI:
        if ApplySet(kubectl.target.environment).exists(kubectl):
            raise _owned_by(kubectl, Engine.KUBECTL, "it holds an ApplySet of this environment")
        return
    served = [manifest for manifest in manifests if kubectl.serves(manifest)]
    for key, live in sorted(kubectl.live(served, managers=True).items()):
        if "deletionTimestamp" in live["metadata"]:
            continue
        for entry in live["metadata"].get("managedFields", []):
            if str(entry.get("manager", "")).startswith(_PULUMI_MANAGER):
                raise _owned_by(kubectl, Engine.PULUMI, f"{label_of(key)} is managed by {entry['manager']}")


def _owned_by(kubectl: Kubectl, engine: str, evidence: str) -> UserError:
    environment = kubectl.target.environment
    ways = {
        Engine.PULUMI: "install the pulumi CLI and run it again",
        Engine.KUBECTL: "take pulumi off PATH, or set MLPLATFORM_ENGINE=kubectl",
    }
    way = f"{ways[Engine(engine)]}, or " if engine in set(Engine) else ""
    return UserError(
        f"cluster {kubectl.target.context} was deployed with {engine} ({evidence})",
        f"{way}start anew with: mlplatform down {environment} && mlplatform up {environment}",
    )
