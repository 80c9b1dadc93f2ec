"""Whether live objects have become what they were asked to be.

The rules are those that kubectl's ``rollout status`` and ``wait`` apply to each kind; a custom resource tells by its
conditions.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from mlplatform.local.deploy.kubectl import Key, Kubectl, Manifest, key_of, label_of

_POLL_SECONDS: Final = 1.0
_SKIP: Final = "pulumi.com/skipAwait"


class State(StrEnum):
    """How an object fares, from best to worst."""

    HEALTHY = "healthy"
    """It is what it was asked to be."""
    SIMULATED = "simulated"
    """It is left out, as no process would stand behind it."""
    PROGRESSING = "progressing"
    """It is on its way."""
    DRIFTED = "drifted"
    """Someone changed it since it was applied."""
    FAILED = "failed"
    """It will not get there by itself."""
    MISSING = "missing"
    """It does not exist."""

    @property
    def severity(self) -> int:
        """Place in the order from best to worst."""
        return list(State).index(self)


@dataclass(frozen=True)
class Health:
    """The state of one object; ``detail`` is empty where it is healthy."""

    label: str
    state: State
    detail: str = ""


Verdict = tuple[State, str]
_HEALTHY: Final[Verdict] = (State.HEALTHY, "")


def health(live: Mapping[str, Any]) -> Health:
    """Judge a live object."""
    key = key_of(live)
    if "deletionTimestamp" in live["metadata"]:
        return Health(label_of(key), State.PROGRESSING, "is being deleted")
    if live["metadata"].get("annotations", {}).get(_SKIP) == "true":
        return Health(label_of(key), State.HEALTHY)
    judge = _JUDGES.get(key[:2], _by_conditions)
    observed = live.get("status", {}).get("observedGeneration")
    if observed is not None and observed < live["metadata"].get("generation", 0):
        return Health(label_of(key), State.PROGRESSING, "its last change has not been seen yet")
    state, detail = judge(live)
    return Health(label_of(key), state, detail)


def wait(
    kubectl: Kubectl, manifests: Sequence[Manifest], report: Callable[[str], None], seconds: float
) -> dict[Key, Health]:
    """Wait until every object is healthy or has failed, at most so many seconds; return what became of each."""
    end = time.monotonic() + seconds
    last = ""
    while True:
        live = kubectl.live(manifests)
        found = {
            key: health(live[key]) if key in live else Health(label_of(key), State.MISSING, "does not exist")
            for key in map(key_of, manifests)
        }
        waiting = sorted(each.label for each in found.values() if each.state is State.PROGRESSING)
        if not waiting or time.monotonic() >= end:
            return found
        text = f"waiting for {len(waiting)} objects, first {waiting[0]}"
        if text != last:
            report(text)
            last = text
        time.sleep(_POLL_SECONDS)


def _deployment(live: Mapping[str, Any]) -> Verdict:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    progressing = _condition(live, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return State.FAILED, str(progressing.get("message", "made no progress within its deadline"))
    if "observedGeneration" not in status:
        return State.PROGRESSING, "has not been seen yet"
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    if updated < wanted or total > updated or available < wanted:
        return State.PROGRESSING, f"{available} of {wanted} pods are available, {updated} of them updated"
    return _HEALTHY


def _stateful_set(live: Mapping[str, Any]) -> Verdict:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    on_delete = live["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
    if ready < wanted or (not on_delete and updated < wanted):
        return State.PROGRESSING, f"{ready} of {wanted} pods are ready, {updated} of them updated"
    return _HEALTHY


def _daemon_set(live: Mapping[str, Any]) -> Verdict:
    status = live.get("status", {})
    if "desiredNumberScheduled" not in status:
        return State.PROGRESSING, "has not been seen yet"
    wanted, available = status["desiredNumberScheduled"], status.get("numberAvailable", 0)
    if available < wanted or status.get("updatedNumberScheduled", 0) < wanted:
        return State.PROGRESSING, f"{available} of {wanted} pods are available"
    return _HEALTHY


def _job(live: Mapping[str, Any]) -> Verdict:
    failed = _condition(live, "Failed")
    if failed.get("status") == "True":
        return State.FAILED, str(failed.get("message", "failed"))
    if live["spec"].get("suspend") or _condition(live, "Complete").get("status") == "True":
        return _HEALTHY
    return State.PROGRESSING, "has not completed"


def _namespace(live: Mapping[str, Any]) -> Verdict:
    phase = live.get("status", {}).get("phase")
    return _HEALTHY if phase == "Active" else (State.PROGRESSING, f"is {phase}")


def _claim(live: Mapping[str, Any]) -> Verdict:
    if live.get("status", {}).get("phase") == "Lost":
        return State.FAILED, "its volume is lost"
    # A claim waits for its first pod by design, so that an unbound one is no reason to wait.
    return _HEALTHY


def _pod(live: Mapping[str, Any]) -> Verdict:
    phase = live.get("status", {}).get("phase")
    if phase == "Failed":
        return State.FAILED, str(live["status"].get("message", "failed"))
    if phase == "Succeeded" or _condition(live, "Ready").get("status") == "True":
        return _HEALTHY
    return State.PROGRESSING, f"is {phase}"


def _definition(live: Mapping[str, Any]) -> Verdict:
    refused = _condition(live, "NamesAccepted")
    if refused.get("status") == "False":
        return State.FAILED, str(refused.get("message", "its names are taken"))
    established = _condition(live, "Established").get("status") == "True"
    return _HEALTHY if established else (State.PROGRESSING, "is not served yet")


def _api_service(live: Mapping[str, Any]) -> Verdict:
    available = _condition(live, "Available")
    if available.get("status") == "True":
        return _HEALTHY
    return State.PROGRESSING, str(available.get("message", "is not available yet"))


def _by_conditions(live: Mapping[str, Any]) -> Verdict:
    for kind in ("Failed", "Stalled"):
        bad = _condition(live, kind)
        if bad.get("status") == "True":
            return State.FAILED, str(bad.get("message") or bad.get("reason") or kind)
    ready = _condition(live, "Ready")
    if ready and ready.get("status") != "True":
        return State.PROGRESSING, str(ready.get("message") or ready.get("reason") or "is not ready")
    return _HEALTHY


def _condition(live: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    status = live.get("status")
    conditions = status.get("conditions") if isinstance(status, Mapping) else None
    for condition in conditions or ():
        if isinstance(condition, Mapping) and condition.get("type") == kind:
            return condition
    return {}


_JUDGES: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Verdict]]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
}
