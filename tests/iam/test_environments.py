"""Every policy document of every environment of the project."""

import pytest

from components.aws.delivery_policies import PASSED_TO
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
    trusted = {
        service
        for each in found
        if each.path == "assumeRolePolicy"
        for statement in each.statements
        for service in [statement["Principal"].get("Service")]
        if isinstance(service, str)
    }
    # The runner is made by people, as are the roles of CI.
    assert trusted - {"codebuild.amazonaws.com"} <= set(PASSED_TO)
