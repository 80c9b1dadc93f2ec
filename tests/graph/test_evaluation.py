"""What an evaluation captures of a program that is in order."""

import pytest

from mlplatform.graph import UNKNOWN, Secret, Source, evaluate_all, evaluate_each, reveal

NAMESPACE = "urn:pulumi:test::mlplatform::mlplatform:index:Team$kubernetes:core/v1:Namespace::churn-namespace"
SETTINGS = "urn:pulumi:test::mlplatform::kubernetes:core/v1:ConfigMap::settings"
DERIVED = "urn:pulumi:test::mlplatform::kubernetes:core/v1:ConfigMap::derived"
SECRET = "urn:pulumi:test::mlplatform::kubernetes:core/v1:Secret::db"
PASSWORD = "urn:pulumi:test::mlplatform::random:index/randomPassword:RandomPassword::db"
TEAM = "urn:pulumi:test::mlplatform::mlplatform:index:Team::churn"
STACK = "urn:pulumi:test::mlplatform::pulumi:pulumi:Stack::mlplatform-test"


def test_urns_carry_the_types_of_all_ancestors_but_the_stack(run):
    graph = run("basic").filled
    assert [resource.urn for resource in graph.resources] == [
        STACK,
        DERIVED,
        TEAM,
        NAMESPACE,
        SETTINGS,
        PASSWORD,
        SECRET,
    ]
    assert graph.by_urn[NAMESPACE].parent == TEAM
    assert graph.by_urn[TEAM].parent == STACK
    assert graph.by_urn[STACK].parent is None


def test_inputs_are_captured_with_dependencies(run):
    settings = run("basic").filled.by_urn[SETTINGS]
    assert settings.inputs == {
        "apiVersion": "v1",
        "data": {"a": "1"},
        "kind": "ConfigMap",
        "metadata": {"namespace": "team-churn"},
    }
    assert settings.dependencies == (NAMESPACE,)
    assert settings.property_dependencies == {"metadata": (NAMESPACE,)}
    assert settings.custom
    assert not run("basic").filled.by_urn[TEAM].custom


def test_only_the_filled_pass_sees_what_is_made_of_unknowns(run):
    evaluation = run("basic")
    assert DERIVED not in evaluation.preview.by_urn
    name = evaluation.filled.by_urn[SETTINGS].outputs["metadata"]["name"]
    assert evaluation.filled.by_urn[DERIVED].inputs["data"] == {"id": f"team-churn/{name}"}


def test_a_preview_has_unknowns_where_a_provider_would_tell(run):
    preview = run("basic").preview
    assert preview.by_urn[SECRET].inputs["stringData"] == UNKNOWN
    assert "status" not in preview.by_urn[NAMESPACE].outputs


def test_a_preview_knows_what_the_api_servers_dry_run_would_tell(run):
    preview = run("basic").preview
    assert preview.by_urn[SETTINGS].inputs["metadata"] == {"namespace": "team-churn"}
    assert preview.by_urn[NAMESPACE].outputs["metadata"]["name"] == "team-churn"


def test_a_provider_whose_settings_are_unknown_tells_nothing(run):
    evaluation = run("unconfigured")
    inside = "urn:pulumi:test::mlplatform::kubernetes:core/v1:ConfigMap::inside"
    assert evaluation.preview.by_urn[inside].inputs["metadata"] == {"namespace": UNKNOWN}
    assert evaluation.filled.by_urn[inside].inputs["metadata"] == {"namespace": "models"}


def test_sources_are_the_lines_that_ask_for_the_resource(run, line_of):
    graph = run("basic").filled
    program = "tests/graph/programs/basic/__main__.py"
    assert graph.by_urn[TEAM].source == Source(program, line_of("basic", 'Team("churn")'))
    assert graph.by_urn[NAMESPACE].source == Source(program, line_of("basic", "Namespace(f"))
    assert graph.by_urn[DERIVED].source == Source(program, line_of("basic", "derived"))
    assert graph.by_urn[STACK].source is None


def test_exports_come_with_markers(run):
    evaluation = run("basic")
    assert evaluation.outputs == {
        "password": evaluation.filled.by_urn[PASSWORD].outputs["result"],
        "uid": evaluation.filled.by_urn[SETTINGS].outputs["metadata"]["uid"],
    }
    assert isinstance(evaluation.outputs["password"], Secret)


def test_a_random_password_has_the_length_asked_for_and_is_secret(run):
    outputs = run("basic").filled.by_urn[PASSWORD].outputs
    assert isinstance(outputs["result"], Secret)
    assert len(outputs["result"].value) == 20
    assert outputs["length"] == 20
    assert reveal(run("basic").filled.by_urn[SECRET].inputs["stringData"]) == {"password": outputs["result"].value}


def test_components_have_the_outputs_that_they_register(run):
    assert run("basic").filled.by_urn[TEAM].outputs == {"namespace": "team-churn"}


def test_known_outputs_take_the_place_of_stand_ins_in_both_passes(run):
    known = {PASSWORD: {"id": "none", "result": Secret("read-from-the-cluster")}}
    evaluation = run("basic", known_outputs=known)
    for graph in (evaluation.preview, evaluation.filled):
        assert reveal(graph.by_urn[SECRET].inputs["stringData"]) == {"password": "read-from-the-cluster"}
        assert "read-from-the-cluster" not in graph.to_json()
    assert evaluation.outputs["password"] == Secret("read-from-the-cluster")


def test_a_program_in_order_has_no_findings(run):
    assert run("basic").findings == ()


def test_each_run_has_modules_and_configuration_of_its_own(make_request):
    requests = [
        make_request("state", environment, config={"value": environment.upper()}) for environment in ("one", "two")
    ]
    for workers in (1, 2):
        results = evaluate_all(requests, workers=workers)
        assert {name: dict(result.outputs) for name, result in results.items()} == {
            name: {"preview": False, "project": "mlplatform", "runs": 1, "stack": name, "value": name.upper()}
            for name in ("one", "two")
        }


def test_results_come_in_the_order_of_the_requests(make_request):
    requests = [make_request("state", name, config={"value": ""}) for name in ("zeta", "alpha", "mu")]
    assert list(evaluate_each(requests)) == ["zeta", "alpha", "mu"]


def test_an_environment_cannot_be_asked_for_twice(make_request):
    with pytest.raises(ValueError, match="asked for twice"):
        evaluate_each([make_request("state"), make_request("state")])


def test_costs_are_measured_for_each_pass(run):
    costs = run("basic").costs
    assert set(costs) == {"preview", "filled"}
    assert all(cost.wall_seconds > 0 and cost.cpu_seconds > 0 and cost.peak_rss_mib > 1 for cost in costs.values())
