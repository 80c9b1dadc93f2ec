"""Which images a cluster runs, as plain data."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components.gcp.facts import GcpEnvironment
from components.gcp.names import registry_prefix

GOOGLES_OWN: Final = ("gcr.io/gke-release/**", "gke.gcr.io/**")
"""Where the images of GKE's own add-ons are, beside those that Google's system policy names."""


def allowed_images(environment: GcpEnvironment, further: Sequence[pulumi.Input[str]]) -> list[pulumi.Input[str]]:
    """Return patterns of the images that run: GKE's, those in registries of the environment's project, ``further``."""
    own = f"{registry_prefix(environment['region'], environment['project'])}/**"
    regional = f"{environment['region']}-artifactregistry.gcr.io/gke-release/**"
    return [*GOOGLES_OWN, regional, own, *further]


def image_policy(environment: GcpEnvironment, further: Sequence[pulumi.Input[str]]) -> dict[str, Any]:
    """Return the arguments of the project's Binary Authorization policy: what is not on the list does not run.

    A project has one such policy, which holds for each of its clusters.
    """
    return {
        "project": environment["project"],
        "description": f"Images that {environment['name']} may run",
        "global_policy_evaluation_mode": "ENABLE",
        "default_admission_rule": {
            "evaluation_mode": "ALWAYS_DENY",
            "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG",
        },
        "admission_whitelist_patterns": [{"name_pattern": pattern} for pattern in allowed_images(environment, further)],
    }
