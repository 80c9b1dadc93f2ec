"""Evaluate the small programs beside these tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlplatform.graph import Evaluation, EvaluationError, EvaluationRequest, evaluate

PROGRAMS = Path(__file__).parent / "programs"
SCHEMAS = Path(__file__).parent / "schemas"


def request_for(program: str, environment: str = "test", **arguments) -> EvaluationRequest:
    config = arguments.pop("config", {})
    return EvaluationRequest(
        environment,
        {f"mlplatform:{key}": value for key, value in config.items()},
        PROGRAMS / program,
        schemas=arguments.pop("schemas", SCHEMAS),
        **arguments,
    )


@pytest.fixture
def make_request() -> Callable[..., EvaluationRequest]:
    return request_for


@pytest.fixture
def run() -> Callable[..., Evaluation]:
    return lambda program, **arguments: evaluate(request_for(program, **arguments))


@pytest.fixture
def fail() -> Callable[..., EvaluationError]:
    def expect_failure(program: str, **arguments) -> EvaluationError:
        with pytest.raises(EvaluationError) as caught:
            evaluate(request_for(program, **arguments))
        return caught.value

    return expect_failure
