"""Every policy document of every environment of the project."""

import pytest

from mlplatform.environments import PROGRAM, load
from mlplatform.graph import evaluate
from stacks.settings import CloudKind, environments
from tests.support.iam import documents, faults


@pytest.mark.parametrize("name", environments(PROGRAM))
def test_policies_allow_nothing_broad(name: str) -> None:
    (environment,) = load(PROGRAM, [name])
    graph = evaluate(environment.request()).filled
    found = documents(graph)
    if environment.settings.cloud is not CloudKind.AWS:
        assert found == []
        return
    assert len(found) >= 20
    pods = [each for each in graph.resources if each.short_type == "Role" and "-pod-" in str(each.inputs.get("name"))]
    assert pods
    assert [each.name for each in pods if not each.inputs.get("permissionsBoundary")] == []
    assert faults(graph) == []
