"""Provider functions that have an answer."""

CONFIG_MAP = "urn:pulumi:test::mlplatform::kubernetes:yaml:ConfigGroup$kubernetes:core/v1:ConfigMap::from-yaml"


def test_a_request_can_bring_answers(run):
    answers = {"test:index:add": lambda arguments: {"sum": arguments["left"] + arguments["right"]}}
    assert run("invokes", config={"case": "listed"}, invokes=answers).outputs == {"sum": 5}


def test_manifests_are_parsed_in_process(run):
    graph = run("invokes", config={"case": "yaml"}).filled
    assert graph.by_urn[CONFIG_MAP].inputs == {
        "apiVersion": "v1",
        "data": {"a": "b"},
        "kind": "ConfigMap",
        "metadata": {"name": "from-yaml"},
    }


def test_a_stack_reference_has_the_outputs_that_are_known(run):
    urn = "urn:pulumi:test::mlplatform::pulumi:pulumi:StackReference::acme/network/prod"
    known = {urn: {"outputs": {"vpc": "vpc-1"}, "secretOutputNames": []}}
    assert run("invokes", config={"case": "stack-reference"}, known_outputs=known).outputs == {"vpc": "vpc-1"}
