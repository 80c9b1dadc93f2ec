"""How simulated nodes and pods behave: KWOK stages.

A node becomes ready at once and stays so; its capacity is the one that it was created with, or that its annotation
``components.local.machines.CAPACITY_ANNOTATION`` names. A pod becomes ready at once; one of a Job runs for a while and then ends, any
other runs until it is deleted. Two annotations of a
pod change what happens to it.
"""

from typing import Any, Final

from components.local.machines import CAPACITY_ANNOTATION

SIMULATED_SECONDS: Final = "mlplatform/simulated-seconds"
"""Annotation of a Job's pod: for how many seconds it runs; a decimal number such as ``"2.5"``."""

SIMULATED_EXIT_CODE: Final = "mlplatform/simulated-exit-code"
"""Annotation of a Job's pod: the exit code of its containers, ``"0"`` to ``"255"``."""

DEFAULT_SECONDS: Final = 5
"""For how many seconds a Job's pod runs without the annotation."""

_NODE_HEARTBEAT_SECONDS = 600
_KIND = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage"}

_NODE_CONDITIONS = """\
conditions:
{{ $now := Now }}
{{ $since := or .metadata.creationTimestamp $now }}
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $since | Quote }}
{{ end }}
"""

_NODE_READY = (
    _NODE_CONDITIONS
    + """\
phase: Running
{{ $annotations := or .metadata.annotations dict }}
{{ with index $annotations "%s" }}
capacity: {{ . }}
allocatable: {{ . }}
{{ end }}
{{ if not .status.addresses }}
addresses:
{{ with NodeIP }}
- type: InternalIP
  address: {{ . | Quote }}
{{ end }}
{{ with NodeName }}
- type: Hostname
  address: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with NodePort }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ . }}
{{ end }}
{{ $machine := or .status.nodeInfo dict }}
nodeInfo:
  architecture: {{ or $machine.architecture "amd64" | Quote }}
  operatingSystem: {{ or $machine.operatingSystem "linux" | Quote }}
  bootID: {{ or $machine.bootID "" | Quote }}
  machineID: {{ or $machine.machineID "" | Quote }}
  systemUUID: {{ or $machine.systemUUID "" | Quote }}
  osImage: {{ or $machine.osImage "simulated" | Quote }}
  kernelVersion: {{ or $machine.kernelVersion "simulated" | Quote }}
  containerRuntimeVersion: {{ Version | Quote }}
  kubeletVersion: {{ Version | Quote }}
  kubeProxyVersion: ""
"""
    % CAPACITY_ANNOTATION
)

_POD_READY = """\
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
conditions:
{{ range list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- type: {{ . | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
{{ range .spec.readinessGates }}
- type: {{ .conditionType | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: true
  {{ if eq (or .restartPolicy "") "Always" }}
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
  {{ else }}
  started: false
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
  {{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: true
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name .metadata.namespace }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
"""

_POD_ENDED = (
    """\
{{ $now := Now }}
{{ $started := or .status.startTime $now }}
{{ $annotations := or .metadata.annotations dict }}
{{ $code := or (index $annotations "%s") "0" | int }}
{{ $reason := "Completed" }}
{{ if ne $code 0 }}{{ $reason = "Error" }}{{ end }}
phase: {{ if eq $code 0 }}Succeeded{{ else }}Failed{{ end }}
conditions:
{{ range list "PodReadyToStartContainers" "ContainersReady" "Ready" }}
- type: {{ . | Quote }}
  status: "False"
  reason: PodCompleted
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  restartCount: 0
  ready: false
  started: false
  state:
    terminated:
      exitCode: {{ $code }}
      reason: {{ $reason }}
      startedAt: {{ $started | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
"""
    % SIMULATED_EXIT_CODE
)


def stages() -> list[dict[str, Any]]:
    """Return the stages as objects, for kwokctl's configuration."""
    return [
        _stage("node-ready", "Node", [_none('.status.conditions.[] | select(.type == "Ready") | .status', "True")],
               [_status(_NODE_READY)]),
        _stage("node-heartbeat", "Node", [_one('.status.conditions.[] | select(.type == "Ready") | .status', "True")],
               [_status(_NODE_CONDITIONS)], {"durationMilliseconds": _NODE_HEARTBEAT_SECONDS * 1000}),
        _stage("pod-ready", "Pod", [_absent(".metadata.deletionTimestamp"), _one(".status.phase", "Pending")],
               [_status(_POD_READY)]),
        _stage(
            "pod-end", "Pod",
            [_absent(".metadata.deletionTimestamp"), _one(".status.phase", "Running"),
             _one(".metadata.ownerReferences.[].kind", "Job")],
            [_status(_POD_ENDED)],
            {
                "durationMilliseconds": DEFAULT_SECONDS * 1000,
                # Without the annotation this yields nothing, and the duration above holds.
                "durationFrom": {"jq": {"expression": f'.metadata.annotations["{SIMULATED_SECONDS}"] // empty | . + "s"'}},
            },
        ),
        _stage("pod-deleted", "Pod", [_present(".metadata.deletionTimestamp")], [{"delete": True}]),
    ]  # fmt: skip


def _stage(
    name: str,
    kind: str,
    conditions: list[dict[str, Any]],
    steps: list[dict[str, Any]],
    delay: dict[str, Any] | None = None,
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": conditions},
        "steps": steps,
    }
    if delay:
        spec["delay"] = delay
    return {**_KIND, "metadata": {"name": name}, "spec": spec}


def _status(template: str) -> dict[str, Any]:
    return {"patch": {"subresource": "status", "root": "status", "template": template}}


def _one(query: str, value: str) -> dict[str, Any]:
    return {"jq": {"key": query, "operator": "In", "values": [value]}}


def _none(query: str, value: str) -> dict[str, Any]:
    return {"jq": {"key": query, "operator": "NotIn", "values": [value]}}


def _present(query: str) -> dict[str, Any]:
    return {"jq": {"key": query, "operator": "Exists"}}


def _absent(query: str) -> dict[str, Any]:
    return {"jq": {"key": query, "operator": "DoesNotExist"}}
