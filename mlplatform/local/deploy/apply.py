"""Applies objects with kubectl's server-side apply and prunes what left the set."""

import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mlplatform.errors import UserError
from mlplatform.local.deploy.applyset import ApplySet, labelled
from mlplatform.local.deploy.kubectl import Key, Kubectl, in_namespace, key_of, label_of, stream
from mlplatform.local.deploy.retention import Kept, keep, marked, take_back
from mlplatform.local.deploy.target import FIELD_MANAGER

_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 1.0
_REPLACED: Final = frozenset({
    "ClusterRoleBinding", "ConfigMap", "DaemonSet", "Deployment", "Job", "PriorityClass", "ReplicaSet", "RoleBinding",
    "Secret", "StatefulSet", "StorageClass",
})  # fmt: skip
"""Kinds that are deleted and made anew when a field that cannot change has to: none of them holds data of its own."""

_SERVERS_OWN: Final = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"})
_FIXED_FIELD: Final = re.compile(
    r"immutable|cannot change roleRef|may not be changed in an update|updates to .* are forbidden"
)


@dataclass(frozen=True)
class Applied:
    """What applying did, by object."""

    created: tuple[Key, ...] = ()
    changed: tuple[Key, ...] = ()
    unchanged: tuple[Key, ...] = ()
    pruned: tuple[Key, ...] = ()
    kept: tuple[Kept, ...] = field(default=())

    @property
    def changes(self) -> int:
        """Number of objects that were created, changed or deleted."""
        return len(self.created) + len(self.changed) + len(self.pruned)


class ApplyError(UserError):
    """Objects that the API server did not take, each with its reason."""

    def __init__(self, reasons: Mapping[Key, str], hint: str | None = None) -> None:
        lines = [f"{label_of(key)}: {reason}" for key, reason in sorted(reasons.items())]
        super().__init__("the API server refused:\n" + "\n".join(f"  {line}" for line in lines), hint)
        self.reasons = dict(reasons)


def with_namespaces(kubectl: Kubectl, manifests: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write out the namespace ``default`` where the API server would fill it in."""
    placed = []
    for manifest in manifests:
        kind = kubectl.kinds.get(key_of(manifest)[:2])
        metadata = dict(manifest["metadata"])
        if kind is not None and kind.namespaced:
            metadata.setdefault("namespace", "default")
        placed.append({**manifest, "metadata": metadata})
    return placed


def apply_definitions(kubectl: Kubectl, definitions: Sequence[Mapping[str, Any]]) -> Applied:
    """Apply CustomResourceDefinitions and wait until they are served.

    They are no members of the set: to prune a definition deletes every object of its kind.
    """
    if not definitions:
        return Applied()
    before = kubectl.live(definitions)
    _apply(kubectl, definitions, [], force=False)
    names = [f"crd/{each['metadata']['name']}" for each in definitions]
    kubectl.output(["wait", "--for=condition=Established", "--timeout=60s", *names])
    kubectl.forget_kinds()
    return compare(before, kubectl.live(definitions))


def apply_first(kubectl: Kubectl, applyset: ApplySet, manifests: Sequence[Mapping[str, Any]], *, force: bool) -> None:
    """Apply some of the set's objects ahead of the others, deleting nothing."""
    if manifests:
        _wait_for_deletion(kubectl, kubectl.live(manifests))
        _apply_members(kubectl, applyset, manifests, force=force)


def apply_set(
    kubectl: Kubectl, applyset: ApplySet, manifests: Sequence[Mapping[str, Any]], *, force: bool = False
) -> Applied:
    """Make the set be exactly these objects: apply them in order, then delete the members that are not among them.

    What is marked to be kept leaves the set instead of being deleted. ``force`` takes over fields that other programs
    or people have changed; without it such a field is an ``ApplyError``.
    """
    before = kubectl.live(manifests)
    if _wait_for_deletion(kubectl, before):
        before = kubectl.live(manifests)
    take_back(kubectl, before)
    wanted = {key_of(manifest) for manifest in manifests}
    leaving = _leaving(applyset.members(kubectl), wanted)
    kept = keep(kubectl, leaving)
    pruned = sorted(leaving.keys() - {each.key for each in kept})
    if not manifests and pruned:
        raise UserError(
            f"the program has no Kubernetes objects left, but {len(pruned)} are deployed; nothing was deleted",
            f"to remove the environment: mlplatform down {kubectl.target.environment}",
        )
    if pruned:
        _apply(kubectl, manifests, ["--prune", f"--applyset={applyset.reference}"], force=force)
    else:
        # To look for what to prune, kubectl lists each kind in each namespace at five requests a second.
        _apply_members(kubectl, applyset, manifests, force=force)
    compared = compare(before, kubectl.live(manifests))
    return Applied(compared.created, compared.changed, compared.unchanged, tuple(pruned), tuple(kept))


def compare(before: Mapping[Key, Mapping[str, Any]], after: Mapping[Key, Mapping[str, Any]]) -> Applied:
    """Tell which objects were created, changed or left alone.

    Versions alone do not tell: controllers report into the status of objects all the time.
    """
    created, changed, unchanged = [], [], []
    for key, live in sorted(after.items()):
        if key not in before or before[key]["metadata"]["uid"] != live["metadata"]["uid"]:
            created.append(key)
        elif asked_for(before[key]) != asked_for(live):
            changed.append(key)
        else:
            unchanged.append(key)
    return Applied(tuple(created), tuple(changed), tuple(unchanged))


def asked_for(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a live object is asked for, as opposed to what the API server and controllers report."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVERS_OWN}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def _apply_members(
    kubectl: Kubectl, applyset: ApplySet, manifests: Sequence[Mapping[str, Any]], *, force: bool
) -> None:
    """Apply objects with the set's label, exactly as kubectl labels them when it prunes."""
    if not manifests:
        return
    applyset.widen(kubectl, manifests)
    _apply(kubectl, [labelled(manifest, applyset.label) for manifest in manifests], [], force=force)


def _leaving(members: Mapping[Key, Mapping[str, Any]], wanted: Collection[Key]) -> dict[Key, Mapping[str, Any]]:
    """Return the members that are not wanted, except those that are being deleted, alone or with their namespace."""
    ending = {key for key, live in members.items() if "deletionTimestamp" in live["metadata"]}
    namespaces = {key[3] for key in ending if key[:2] == ("", "Namespace")}
    return {
        key: live
        for key, live in members.items()
        if key not in wanted and key not in ending and key[2] not in namespaces
    }


def _wait_for_deletion(kubectl: Kubectl, live: Mapping[Key, Mapping[str, Any]]) -> bool:
    """Wait until objects that are being deleted are gone, as applying to them is lost; tell whether there were any."""
    leaving = {key: each for key, each in sorted(live.items()) if "deletionTimestamp" in each["metadata"]}
    for key, each in leaving.items():
        namespace = in_namespace(key[2])
        resource = f"{kubectl.resource(key)}/{key[3]}"
        if kubectl.run(["wait", "--for=delete", resource, *namespace, "--timeout=120s"]).code != 0:
            finalizers = ", ".join(each["metadata"].get("finalizers", [])) or "none"
            raise UserError(
                f"{label_of(key)}: is being deleted, and was not gone after 120 s (finalizers: {finalizers})",
                "see what holds it with: " + kubectl.target.command("describe", resource, *namespace),
            )
    return bool(leaving)


def _apply(kubectl: Kubectl, manifests: Sequence[Mapping[str, Any]], extra: Sequence[str], *, force: bool) -> None:
    args = ["apply", "--server-side", f"--field-manager={FIELD_MANAGER}", "--filename=-", *extra]
    if force:
        args.append("--force-conflicts")
    for attempt in range(_ATTEMPTS):
        done = kubectl.run(args, stream(manifests), {"KUBECTL_APPLYSET": "true"})
        if done.code == 0:
            return
        reasons = _reasons(kubectl, args, manifests, done.stdout)
        if not reasons:
            # What kubectl listed to be pruned may be gone before it gets there, with its namespace.
            if "not found" in done.stderr or "is being terminated" in done.stderr:
                # Controllers are still at it: asked again at once, kubectl would meet the same.
                time.sleep(_PAUSE_SECONDS * (attempt + 1))
                continue
            raise kubectl.error(args, done)
        retained = {key_of(manifest) for manifest in manifests if marked(manifest)}
        fixed = {
            key
            for key, reason in reasons.items()
            if _FIXED_FIELD.search(reason) and key[1] in _REPLACED and key not in retained
        }
        if fixed != reasons.keys():
            raise ApplyError(reasons, _hint(kubectl, reasons))
        _delete(kubectl, fixed)
    raise kubectl.error(args, done)


def _reasons(
    kubectl: Kubectl, args: Sequence[str], manifests: Sequence[Mapping[str, Any]], printed: str
) -> dict[Key, str]:
    """Find out which objects were refused and why: kubectl's own messages do not name the object of a conflict."""
    applied = Counter(line.split(" ")[0] for line in printed.splitlines())
    asked = Counter(_printed_as(manifest) for manifest in manifests)
    single = [arg for arg in args if not arg.startswith(("--prune", "--applyset"))]
    reasons = {}
    for manifest in manifests:
        if applied[_printed_as(manifest)] < asked[_printed_as(manifest)]:
            done = kubectl.run([*single, "--dry-run=server"], stream([manifest]))
            if done.code != 0:
                reasons[key_of(manifest)] = _readable(str(kubectl.error(args, done)))
    return reasons


def _printed_as(manifest: Mapping[str, Any]) -> str:
    group, kind, _, name = key_of(manifest)
    return f"{kind.lower()}.{group}/{name}" if group else f"{kind.lower()}/{name}"


def _readable(message: str) -> str:
    if "Apply failed with" not in message:
        return message.removeprefix("kubectl apply failed: ").removeprefix("Error from server: ")
    text = message.partition("Please review the fields above")[0]
    managers = sorted(set(re.findall(r'conflicts? with "([^"]+)"', text)))
    fields = sorted(set(re.findall(r"(?<=[\s:])\.[^\s,]+", text)))
    return f"{', '.join(fields)} is managed by {', '.join(managers)}"


def _hint(kubectl: Kubectl, reasons: Mapping[Key, str]) -> str | None:
    if any(" is managed by " in reason for reason in reasons.values()):
        command = f"mlplatform up {kubectl.target.environment} --force"
        return f"undo the change there, or take the fields over with: {command}"
    fixed = [key for key, reason in sorted(reasons.items()) if _FIXED_FIELD.search(reason)]
    if fixed:
        group, kind, namespace, name = fixed[0]
        resource = kubectl.resource((group, kind, namespace, name))
        where = ["--namespace", namespace] if namespace else []
        return (
            "a field cannot be changed in place and the object may hold data; save the data, then "
            + kubectl.target.command("delete", resource, name, *where)
        )
    return None


def _delete(kubectl: Kubectl, keys: Collection[Key]) -> None:
    for key in sorted(keys):
        namespace = in_namespace(key[2])
        kubectl.output(["delete", kubectl.resource(key), key[3], *namespace, "--ignore-not-found", "--wait"])
