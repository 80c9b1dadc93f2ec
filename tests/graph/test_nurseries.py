"""Passes whose programs load different modules, side by side."""

import importlib
import os
import sys
from functools import partial

import pytest

from mlplatform.graph import EvaluationError, EvaluationRequest, evaluate_each

PROGRAM = """
import sys

import pulumi

pulumi.export("loaded", [name for name in ("colorsys", "tabnanny") if name in sys.modules])
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def loading(module):
    return partial(importlib.import_module, module)


@pytest.mark.parametrize("workers", [2, 8])
def test_each_kind_is_loaded_once_and_seen_by_no_other(program, workers):
    first, second = loading("colorsys"), loading("tabnanny")
    requests = [
        EvaluationRequest("a", {}, program, preload=first),
        EvaluationRequest("b", {}, program, preload=second),
        EvaluationRequest("c", {}, program, preload=first),
        EvaluationRequest("d", {}, program),
    ]
    results = evaluate_each(requests, workers=workers)
    assert list(results) == ["a", "b", "c", "d"]
    assert [result.outputs["loaded"] for result in results.values()] == [["colorsys"], ["tabnanny"], ["colorsys"], []]
    assert "tabnanny" not in sys.modules, "nothing of it is loaded here"


def test_a_process_that_dies_fails_its_own_environments_only(program):
    requests = [
        EvaluationRequest("dies", {}, program, preload=partial(os._exit, 3)),
        EvaluationRequest("lives", {}, program, preload=loading("colorsys")),
    ]
    results = evaluate_each(requests, workers=2)
    assert isinstance(results["dies"], EvaluationError)
    assert "ended its process with status 3" in str(results["dies"])
    assert results["lives"].outputs["loaded"] == ["colorsys"]


def test_what_cannot_be_loaded_is_said_by_the_program_that_needs_it(tmp_path):
    (tmp_path / "__main__.py").write_text("import not_there\n", encoding="utf-8")
    (result,) = evaluate_each([EvaluationRequest("a", {}, tmp_path, preload=loading("not_there"))]).values()
    assert isinstance(result, EvaluationError)
    assert "No module named 'not_there'" in str(result)
