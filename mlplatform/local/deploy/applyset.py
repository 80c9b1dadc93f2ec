"""The environment's ApplySet: what kubectl remembers of what was applied, so that it can prune.

Its parent is a cluster-scoped custom resource: kubectl takes objects of several namespaces at once only when it is
given no namespace, and a Secret or a ConfigMap as parent needs one.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from mlplatform.local.deploy.kubectl import Key, Kubectl, Manifest, key_of, stream
from mlplatform.local.deploy.target import FIELD_MANAGER

PART_OF: Final = "applyset.kubernetes.io/part-of"
"""Label of the members."""

_GROUP: Final = "mlplatform.internal"
_KIND: Final = "Environment"
_RESOURCE: Final = f"environments.{_GROUP}"
_ID: Final = "applyset.kubernetes.io/id"
_TOOLING: Final = "applyset.kubernetes.io/tooling"
_KINDS: Final = "applyset.kubernetes.io/contains-group-kinds"
_NAMESPACES: Final = "applyset.kubernetes.io/additional-namespaces"
_PARENT_MANAGER: Final = "kubectl-applyset"
"""The field manager under which kubectl itself keeps the parent."""

_DEFINITION: Final[Manifest] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": _RESOURCE, "labels": {"applyset.kubernetes.io/is-parent-type": "true"}},
    "spec": {
        "group": _GROUP,
        "scope": "Cluster",
        "names": {"kind": _KIND, "plural": "environments", "singular": "environment", "listKind": "EnvironmentList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "description": "What mlplatform deployed with kubectl; its annotations are kubectl's.",
                    }
                },
            }
        ],
    },
}


@dataclass(frozen=True)
class ApplySet:
    """The ApplySet of one environment."""

    environment: str

    @property
    def reference(self) -> str:
        """What kubectl's ``--applyset`` takes."""
        return f"{_RESOURCE}/{self.environment}"

    @property
    def label(self) -> str:
        """Value of the members' label, as the ApplySet specification defines it."""
        digest = sha256(f"{self.environment}..{_KIND}.{_GROUP}".encode()).digest()
        return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"

    def exists(self, kubectl: Kubectl) -> bool:
        """Tell whether anything was ever applied with it."""
        return (_GROUP, _KIND) in kubectl.kinds and kubectl.get(_RESOURCE, self.environment) is not None

    def prepare(self, kubectl: Kubectl) -> None:
        """Create the parent, or repair one that names kinds which are no longer served and so blocks kubectl."""
        if (_GROUP, _KIND) not in kubectl.kinds:
            kubectl.output(["apply", "--server-side", f"--field-manager={FIELD_MANAGER}", "--filename=-"],
                           stream([_DEFINITION]))  # fmt: skip
            kubectl.output(["wait", "--for=condition=Established", f"crd/{_RESOURCE}", "--timeout=30s"])
            kubectl.forget_kinds()
        parent = kubectl.get(_RESOURCE, self.environment)
        if parent is None:
            self._write(kubectl, kinds="", namespaces="", tooling="kubectl/v1.27")
            return
        kinds = _split(parent, _KINDS)
        served = [kind for kind in kinds if (kind.partition(".")[2], kind.partition(".")[0]) in kubectl.kinds]
        if served != kinds:
            self._write(kubectl, ",".join(served), ",".join(_split(parent, _NAMESPACES)), _annotation(parent, _TOOLING))

    def widen(self, kubectl: Kubectl, manifests: Iterable[Manifest]) -> None:
        """Record kinds and namespaces before objects of them are applied, so that none is lost track of."""
        parent = kubectl.get(_RESOURCE, self.environment) or {}
        kinds, namespaces = set(_split(parent, _KINDS)), set(_split(parent, _NAMESPACES))
        wider_kinds, wider_namespaces = set(kinds), set(namespaces)
        for group, kind, namespace, _ in map(key_of, manifests):
            wider_kinds.add(f"{kind}.{group}" if group else kind)
            wider_namespaces |= {namespace} if namespace else set()
        if (wider_kinds, wider_namespaces) != (kinds, namespaces):
            tooling = _annotation(parent, _TOOLING)
            self._write(kubectl, ",".join(sorted(wider_kinds)), ",".join(sorted(wider_namespaces)), tooling)

    def members(self, kubectl: Kubectl) -> dict[Key, dict[str, Any]]:
        """Return the live members."""
        if (_GROUP, _KIND) not in kubectl.kinds:
            return {}
        parent = kubectl.get(_RESOURCE, self.environment)
        if parent is None:
            return {}
        kinds = [(kind.partition(".")[2], kind.partition(".")[0]) for kind in _split(parent, _KINDS)]
        resources = sorted(kubectl.kinds[kind].resource for kind in kinds if kind in kubectl.kinds)
        return {key_of(each): each for each in kubectl.items(resources, selector=f"{PART_OF}={self.label}")}

    def _write(self, kubectl: Kubectl, kinds: str, namespaces: str, tooling: str) -> None:
        parent = {
            "apiVersion": f"{_GROUP}/v1",
            "kind": _KIND,
            "metadata": {
                "name": self.environment,
                "labels": {_ID: self.label},
                "annotations": {_TOOLING: tooling, _KINDS: kinds, _NAMESPACES: namespaces},
            },
        }
        args = ["apply", "--server-side", f"--field-manager={_PARENT_MANAGER}", "--force-conflicts", "--filename=-"]
        kubectl.output(args, stream([parent]))


def labelled(manifest: Manifest, label: str) -> dict[str, Any]:
    """Return an object with the label of the set's members."""
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), PART_OF: label}}}


def _annotation(parent: Manifest, name: str) -> str:
    return str(parent.get("metadata", {}).get("annotations", {}).get(name, ""))


def _split(parent: Manifest, name: str) -> list[str]:
    return [part for part in _annotation(parent, name).split(",") if part]
