"""What is never deleted: marked objects, and namespaces that hold something which the graph cannot make again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mlplatform.local.deploy.applyset import PART_OF
from mlplatform.local.deploy.kubectl import Key, Kubectl, in_namespace, key_of, label_of
from mlplatform.local.deploy.target import Target

RETAIN: Final = "mlplatform/retain"
"""Annotation of live objects that are kept when they leave the graph."""

KEPT: Final = "mlplatform/kept"
"""Label of objects that left the graph and were kept."""

_PRECIOUS: Final = ("configmaps", "persistentvolumeclaims", "secrets")
"""Kinds of objects that people put into a namespace and nothing else can bring back."""

_MADE_BY_KUBERNETES: Final = frozenset({"kube-root-ca.crt", "istio-ca-root-cert"})


@dataclass(frozen=True)
class Kept:
    """An object that left the graph and stays, and why."""

    key: Key
    reason: str

    def describe(self, target: Target, resource: str) -> str:
        """Say what is kept and how to delete it."""
        namespace = ["--namespace", self.key[2]] if self.key[2] else []
        command = target.command("delete", resource, self.key[3], *namespace)
        return f"kept: {label_of(self.key)} ({self.reason}); to delete it: {command}"


def marked(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a live object is marked to be kept."""
    return bool(manifest.get("metadata", {}).get("annotations", {}).get(RETAIN) == "true")


def keep(kubectl: Kubectl, leaving: Mapping[Key, Mapping[str, Any]]) -> list[Kept]:
    """Take objects that must not be deleted out of the set that kubectl prunes; return them.

    ``leaving`` are the live members of the set that the graph no longer has.
    """
    keeping = [Kept(key, "it is protected") for key, live in sorted(leaving.items()) if marked(live)]
    protected = {each.key for each in keeping}
    for key in sorted(leaving):
        if key[:2] == ("", "Namespace") and key not in protected:
            held = _held(kubectl, key[3], leaving.keys() - protected)
            held += [label_of(each) for each in sorted(protected) if each[2] == key[3]]
            if held:
                keeping.append(Kept(key, f"it holds {', '.join(held)}"))
    for each in keeping:
        _relabel(kubectl, each.key, f"{PART_OF}-", f"{KEPT}=true")
    return keeping


def take_back(kubectl: Kubectl, live: Mapping[Key, Mapping[str, Any]]) -> None:
    """Remove the mark of kept objects that are in the graph again."""
    for key, each in sorted(live.items()):
        if KEPT in each.get("metadata", {}).get("labels", {}):
            _relabel(kubectl, key, f"{KEPT}-")


def kept(kubectl: Kubectl) -> list[Key]:
    """Return every object that was kept so far and still exists."""
    resources = sorted(kind.resource for kind in kubectl.kinds.values())
    return sorted(key_of(each) for each in kubectl.items(resources, selector=f"{KEPT}=true"))


def _held(kubectl: Kubectl, namespace: str, pruned: Collection[Key]) -> list[str]:
    found = []
    kinds = sorted(kind.resource for kind in kubectl.kinds.values() if kind.namespaced)
    for each in kubectl.items(_PRECIOUS, namespace=namespace) + kubectl.items(
        kinds, selector=f"{KEPT}=true", namespace=namespace
    ):
        key, metadata = key_of(each), each["metadata"]
        ours = key in pruned or metadata.get("ownerReferences") or each.get("type") == "helm.sh/release.v1"
        if not ours and metadata["name"] not in _MADE_BY_KUBERNETES:
            found.append(label_of(key))
    return sorted(set(found))


def _relabel(kubectl: Kubectl, key: Key, *labels: str) -> None:
    namespace = in_namespace(key[2])
    kubectl.output(["label", kubectl.resource(key), key[3], *namespace, "--overwrite", *labels])
