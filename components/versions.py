"""Every version that the platform pins: one place, each with the marker that the update bot reads.

A pin is a string with a leading ``v``, as its project tags its releases. The line above each one tells the bot where
to look for a newer one.
"""

from typing import Final

# renovate: datasource=github-releases depName=kubernetes/kubernetes
KUBERNETES: Final = "v1.36.3"

# renovate: datasource=github-releases depName=etcd-io/etcd
ETCD: Final = "v3.6.16"

# renovate: datasource=github-releases depName=kubernetes-sigs/kwok
KWOK: Final = "v0.8.0"

# renovate: datasource=github-releases depName=kubernetes-sigs/karpenter
KARPENTER: Final = "v1.14.1"

# renovate: datasource=github-releases depName=helm/helm
HELM: Final = "v3.22.0"
