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
        arguments.pop("program_path", PROGRAMS / program),
        schemas=arguments.pop("schemas", SCHEMAS),
        **arguments,
    )


@pytest.fixture(scope="session")
def make_request() -> Callable[..., EvaluationRequest]:
    return request_for


@pytest.fixture(scope="session")
def line_of() -> Callable[[str, str], int]:
    """Find the number of the one line of a program that holds a text."""

    def find(program: str, text: str) -> int:
        lines = (PROGRAMS / program / "__main__.py").read_text().splitlines()
        (found,) = (number for number, line in enumerate(lines, 1) if text in line)
        return found

    return find


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
