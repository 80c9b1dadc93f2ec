"""Leaves out what would call a server that runs in a simulated pod, and so would block the API server.

Nothing runs in the pods of the local environment: a webhook or an aggregated API behind a Service never answers. One
that points at a URL may well have a process behind it and stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_WEBHOOKS: Final = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Simulated:
    """Something that is left out, wholly or in part, and why."""

    label: str
    """``ValidatingWebhookConfiguration queue``, with its origin where that is a chart."""
    reason: str


def without_servers(manifest: Manifest) -> tuple[dict[str, Any] | None, str]:
    """Return what of an object can work without pods, None for nothing, and what was left out; empty for nothing."""
    kind = manifest.get("kind")
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    if kind in _WEBHOOKS and group == "admissionregistration.k8s.io":
        return _without_webhooks(manifest)
    if kind == "APIService" and group == "apiregistration.k8s.io" and manifest.get("spec", {}).get("service"):
        return None, f"its API is served by {_service(manifest['spec']['service'])}, which no process runs"
    if kind == "CustomResourceDefinition" and group == "apiextensions.k8s.io":
        return _without_conversion(manifest)
    return dict(manifest), ""


def _without_webhooks(manifest: Manifest) -> tuple[dict[str, Any] | None, str]:
    webhooks = manifest.get("webhooks") or []
    dead = [each for each in webhooks if each.get("clientConfig", {}).get("service")]
    if not dead:
        return dict(manifest), ""
    services = sorted({_service(each["clientConfig"]["service"]) for each in dead})
    reason = f"{len(dead)} of its {len(webhooks)} webhooks call {', '.join(services)}, which no process runs"
    alive = [each for each in webhooks if each not in dead]
    return ({**manifest, "webhooks": alive} if alive else None), reason


def _without_conversion(manifest: Manifest) -> tuple[dict[str, Any], str]:
    spec = manifest.get("spec", {})
    client = spec.get("conversion", {}).get("webhook", {}).get("clientConfig", {})
    if not client.get("service"):
        return dict(manifest), ""
    reason = f"its versions are converted by {_service(client['service'])}, which no process runs"
    return {**manifest, "spec": {**spec, "conversion": {"strategy": "None"}}}, reason


def _service(reference: Mapping[str, Any]) -> str:
    return f"service {reference.get('namespace')}/{reference.get('name')}"
