"""Transforms run in process, in the engine's order."""

import pytest

from mlplatform.graph import evaluate

CONFIG_MAP = "kubernetes:core/v1:ConfigMap::"


@pytest.fixture(scope="module")
def evaluation(make_request):
    echo = {"test:index:echo": lambda arguments: {"text": f"{arguments['text']}!"}}
    return evaluate(make_request("transforms", invokes=echo))


@pytest.mark.parametrize("kind", ["preview", "filled"])
def test_own_then_the_parents_then_the_stacks(evaluation, kind):
    by_name = {resource.name: resource for resource in getattr(evaluation, kind).resources}
    assert by_name["group-inner"].inputs["data"] == {"a": "1", "trace": "own,parent,stack,"}
    assert by_name["outer"].inputs["data"] == {"a": "1", "trace": "stack,"}


def test_a_transform_changes_options_and_leaves_the_others(evaluation):
    options = {resource.name: resource.options for resource in evaluation.filled.resources}
    assert options["group-inner"].protect
    assert options["group-inner"].ignore_changes == ("data",)
    assert not options["outer"].protect


def test_invoke_transforms_change_arguments(evaluation):
    assert evaluation.outputs == {"said": "HELLO!"}
