"""Which versions of EKS add-ons belong to which minor version of Kubernetes."""

from collections.abc import Mapping
from typing import Final

from components import versions

KUBE_PROXY: Final[Mapping[str, str]] = {
    "1.34": versions.EKS_KUBE_PROXY_1_34,
    "1.35": versions.EKS_KUBE_PROXY_1_35,
    "1.36": versions.EKS_KUBE_PROXY_1_36,
}
"""Versions of kube-proxy by minor version of Kubernetes, which it has to follow."""

COREDNS: Final[Mapping[str, str]] = {
    "1.34": versions.EKS_COREDNS_1_34,
    "1.35": versions.EKS_COREDNS_1_35,
    "1.36": versions.EKS_COREDNS_1_36,
}
"""Versions of CoreDNS by minor version of Kubernetes."""

KUBERNETES_VERSIONS: Final = tuple(sorted(KUBE_PROXY))
"""Minor versions of Kubernetes that clusters can have."""
