"""Evaluations of the committed local environment, as it is and with sections replaced."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mlplatform.graph import Evaluation, EvaluationRequest, Resource, evaluate
from stacks.settings import pulumi_config

STACKS = Path(__file__).parents[2] / "stacks"


@cache
def local() -> Evaluation:
    """Evaluate the local environment as it is committed."""
    return changed({})


def section(name: str) -> Any:
    """Return one section of the committed local environment, to change."""
    return json.loads(pulumi_config(STACKS / "Pulumi.local.yaml")[f"mlplatform:{name}"])


def changed(sections: Mapping[str, Any], environment: str = "local") -> Evaluation:
    """Evaluate the local environment with ``sections`` in place of its own."""
    config = pulumi_config(STACKS / "Pulumi.local.yaml")
    for name, value in sections.items():
        config[f"mlplatform:{name}"] = value if isinstance(value, str) else json.dumps(value)
    return evaluate(EvaluationRequest(environment, config, STACKS))


def of_type(evaluation: Evaluation, suffix: str) -> dict[str, Resource]:
    """Return the filled graph's resources whose type ends with ``suffix``, by name."""
    return {each.name: each for each in evaluation.filled.resources if each.type.endswith(suffix)}


def kubernetes_objects(evaluation: Evaluation) -> dict[str, Resource]:
    """Return the filled graph's Kubernetes objects by URN."""
    return {each.urn: each for each in evaluation.filled.resources if each.type.startswith("kubernetes:")}
