"""The Kubernetes secret that pods read, the same on every cloud."""

import base64

import pulumi
import pulumi_kubernetes as kubernetes

from components.contracts import SecretArgs


def opaque_secret(
    resource_name: str, secret_name: str, secret: SecretArgs, opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.Secret:
    """Register the Kubernetes secret ``secret_name`` with the values of ``secret``, all of them marked as secret."""
    return kubernetes.core.v1.Secret(
        resource_name,
        metadata={"name": secret_name, "namespace": secret["namespace"], "labels": dict(secret["labels"])},
        type="Opaque",
        data={key: pulumi.Output.secret(value).apply(_encode) for key, value in sorted(secret["values"].items())},
        opts=opts,
    )


def _encode(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
