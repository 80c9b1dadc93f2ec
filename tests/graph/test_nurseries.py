"""Passes whose programs load different modules, side by side."""

import importlib
import os
import sys
import types
from functools import partial

import pytest

from mlplatform.graph import EvaluationError, EvaluationRequest, evaluate_each

PROGRAM = """
import sys

import pulumi

pulumi.export("loaded", sorted(name for name in sys.modules if name.startswith("kind_of_")))
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def loading(module):
    """Return what loads a module that nobody else does."""
    return partial(sys.modules.setdefault, module, types.ModuleType(module))


@pytest.mark.parametrize("workers", [2, 8])
def test_each_kind_is_loaded_once_and_seen_by_no_other(program, workers):
    first, second = loading("kind_of_one"), loading("kind_of_other")
    requests = [
        EvaluationRequest("a", {}, program, preload=first),
        EvaluationRequest("b", {}, program, preload=second),
        EvaluationRequest("c", {}, program, preload=first),
        EvaluationRequest("d", {}, program),
    ]
    results = evaluate_each(requests, workers=workers)
    assert list(results) == ["a", "b", "c", "d"]
    assert [result.outputs["loaded"] for result in results.values()] == [
        ["kind_of_one"],
        ["kind_of_other"],
        ["kind_of_one"],
        [],
    ]
    assert "kind_of_other" not in sys.modules, "nothing of it is loaded here"


def test_a_process_that_dies_fails_its_own_environments_only(program):
    requests = [
        EvaluationRequest("dies", {}, program, preload=partial(os._exit, 3)),
        EvaluationRequest("lives", {}, program, preload=loading("kind_of_one")),
    ]
    results = evaluate_each(requests, workers=2)
    assert isinstance(results["dies"], EvaluationError)
    assert "ended its process with status 3" in str(results["dies"])
    assert results["lives"].outputs["loaded"] == ["kind_of_one"]


def test_what_cannot_be_loaded_is_said_by_the_program_that_needs_it(tmp_path):
    (tmp_path / "__main__.py").write_text("import not_there\n", encoding="utf-8")
    (result,) = evaluate_each(
        [EvaluationRequest("a", {}, tmp_path, preload=partial(importlib.import_module, "not_there"))]
    ).values()
    assert isinstance(result, EvaluationError)
    assert "No module named 'not_there'" in str(result)
