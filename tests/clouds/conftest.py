"""All committed environments, evaluated once for the tests of this directory."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mlplatform.environments import Environment, load
from mlplatform.graph import Evaluation, evaluate_all

STACKS = Path(__file__).parents[2] / "stacks"


@pytest.fixture(scope="session")
def environments() -> Mapping[str, Environment]:
    return {each.name: each for each in load(STACKS)}


@pytest.fixture(scope="session")
def evaluations(environments) -> Mapping[str, Evaluation]:
    return evaluate_all([each.request() for each in environments.values()])
