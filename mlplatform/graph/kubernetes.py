"""What is true of Kubernetes objects and is told by no annotation."""

from collections.abc import Mapping

from mlplatform.graph import urns
from mlplatform.graph.markers import Plain

TOKEN_PREFIX = "kubernetes:"  # noqa: S105 a type token

CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "ComponentStatus",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersion",
        "StorageVersionMigration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    }
)
"""Built-in kinds that have no namespace."""

NOT_OBJECTS = ("helm.sh/", "kustomize", "yaml", "apiextensions.k8s.io/v1:CustomResourcePatch")
"""Modules of the Kubernetes SDK whose types are not one object of the API."""


def is_object(token: str) -> bool:
    """Tell whether a type token stands for one object of the Kubernetes API."""
    return token.startswith(TOKEN_PREFIX) and not token.removeprefix(TOKEN_PREFIX).startswith(NOT_OBJECTS)


def is_release(token: str) -> bool:
    """Tell whether a type token stands for a Helm release."""
    return token == "kubernetes:helm.sh/v3:Release"  # noqa: S105


def kind_of(token: str) -> str:
    """Give the kind of a type token, also of one that patches an object that exists already."""
    return token.rpartition(":")[2].removesuffix("Patch")


def object_id(metadata: Mapping[str, Plain]) -> str:
    """Give the ID that the provider gives to an object: its name, preceded by its namespace if it has one.

    Empty where they are not known.
    """
    name, namespace = metadata.get("name"), metadata.get("namespace", "")
    if not isinstance(name, str) or not isinstance(namespace, str):
        return ""
    return f"{namespace}/{name}" if namespace else name


def is_provider(token: str) -> bool:
    """Tell whether a type token stands for a provider."""
    return token.startswith(urns.PROVIDER_PREFIX)
