"""What every pod of the platform's own workloads has in common, as plain data."""

from typing import Any, Final

USER_ID: Final = 10001
"""User and group of the processes: above 10000, so that it is no user of the node's."""


def pod_security_context() -> dict[str, Any]:
    """Return a pod's security context that the ``restricted`` standard accepts."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER_ID,
        "runAsGroup": USER_ID,
        "fsGroup": USER_ID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security_context() -> dict[str, Any]:
    """Return a container's security context that the ``restricted`` standard accepts, with a read-only file system."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }


def literals(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return environment variables in the order of their names."""
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def from_label(name: str, label: str) -> dict[str, Any]:
    """Return an environment variable that holds one of the pod's own labels."""
    return {
        "name": name,
        "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{label}']"}},
    }
