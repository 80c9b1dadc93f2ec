"""What a machine is told when it starts, for the programs of Amazon Linux 2023 that make a node of it."""

import json
from typing import Any, Final

BOUNDARY: Final = "MLPLATFORM"

NODE_CONFIG_API: Final = "node.eks.aws/v1alpha1"

FEATURES: Final = {"FastImagePull": True}
"""Layers of an image are fetched and unpacked side by side. Machines that are too small for it ignore this."""


def node_config(*, pods: int | None = None) -> str:
    """Return a node's configuration, beside what EKS and Karpenter add, as JSON, which is YAML too.

    ``pods`` is the most that the node takes.
    """
    spec: dict[str, Any] = {"featureGates": dict(FEATURES)}
    if pods is not None:
        spec["kubelet"] = {"config": {"maxPods": pods}}
    return json.dumps({"apiVersion": NODE_CONFIG_API, "kind": "NodeConfig", "spec": spec}, sort_keys=True)


def multipart(config: str) -> str:
    """Return the configuration as the MIME archive that managed node groups merge their own part into."""
    return "\n".join(
        [
            "MIME-Version: 1.0",
            f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"',
            "",
            f"--{BOUNDARY}",
            "Content-Type: application/node.eks.aws",
            "",
            config,
            "",
            f"--{BOUNDARY}--",
            "",
        ]
    )
