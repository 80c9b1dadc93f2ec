"""The graph's JSON, its order and its markers."""

import itertools
import json
import subprocess
import sys

import pytest

from mlplatform.graph import UNKNOWN, Options, Resource, ResourceGraph, Secret, Source, Unknown, mask, reveal
from mlplatform.graph.markers import holds_secret, holds_unknown, make_secret
from mlplatform.graph.order import canonical

RESOURCE = Resource(
    urn="urn:pulumi:s::p::a:b:C::it",
    type="a:b:C",
    name="it",
    parent=None,
    inputs={"b": Secret({"x": 1}), "a": [UNKNOWN, "é", 1.5, None]},
    dependencies=("urn:1", "urn:2"),
    property_dependencies={"a": ("urn:1",)},
    provider="urn:provider",
    options=Options(protect=True, custom_timeouts={"create": "1m"}),
    source=Source("stacks/platform.py", 7),
    outputs={"b": 1},
)


def test_json_has_the_agreed_form():
    assert json.loads(ResourceGraph("dev", (RESOURCE,)).to_json()) == {
        "environment": "dev",
        "resources": [
            {
                "urn": "urn:pulumi:s::p::a:b:C::it",
                "type": "a:b:C",
                "name": "it",
                "parent": None,
                "inputs": {"a": ["[unknown]", "é", 1.5, None], "b": "[secret]"},
                "dependencies": ["urn:1", "urn:2"],
                "propertyDependencies": {"a": ["urn:1"]},
                "provider": "urn:provider",
                "options": {"customTimeouts": {"create": "1m"}, "protect": True},
                "source": {"file": "stacks/platform.py", "line": 7},
            }
        ],
    }


def test_json_reads_back():
    text = ResourceGraph("dev", (RESOURCE,)).to_json()
    again = ResourceGraph.from_json(text)
    assert again.to_json() == text
    assert again.environment == "dev"
    (resource,) = again.resources
    assert resource.inputs == {"a": [UNKNOWN, "é", 1.5, None], "b": Secret("[secret]")}
    assert resource.options == RESOURCE.options
    assert resource.source == RESOURCE.source
    assert resource.property_dependencies == RESOURCE.property_dependencies


def test_reading_a_graph_does_not_load_the_sdk():
    script = "import sys, mlplatform.graph; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_what_is_no_json_is_refused():
    resource = Resource("urn:x", "a:b:C", "it", None, {"a": {1}})
    with pytest.raises(TypeError, match="cannot hold a set"):
        ResourceGraph("dev", (resource,)).to_json()


def test_every_order_of_registration_gives_one_order():
    def resource(name, parent=None, dependencies=(), provider=None):
        return Resource(name, "a:b:C", name, parent, {}, dependencies=dependencies, provider=provider)

    provider, stack = resource("z-provider", "y-stack"), resource("y-stack")
    middle = resource("m", "y-stack", ("z-provider",), "z-provider")
    last = resource("a", "m")
    free = [resource(name, "y-stack") for name in ("k", "c", "x")]
    possible = 0
    for order in itertools.permutations([provider, middle, last, *free]):
        places = [order.index(item) for item in (provider, middle, last)]
        if places == sorted(places):
            possible += 1
            assert [item.urn for item in canonical([stack, *order])] == [
                "y-stack",
                "c",
                "k",
                "x",
                "z-provider",
                "m",
                "a",
            ]
    assert possible == 120


def test_markers():
    value = {"a": [Secret("s"), UNKNOWN], "b": Secret({"c": Secret("d")})}
    assert mask(value) == {"a": ["[secret]", "[unknown]"], "b": "[secret]"}
    assert reveal(value) == {"a": ["s", UNKNOWN], "b": {"c": "d"}}
    assert holds_secret([{"a": Secret(1)}])
    assert not holds_secret([{"a": UNKNOWN}])
    assert holds_unknown(Secret([UNKNOWN]))
    assert not holds_unknown({"a": [Secret("x")]})
    assert Unknown() == UNKNOWN
    assert make_secret({"a": ["x", None, UNKNOWN]}) == {"a": [Secret("x"), None, UNKNOWN]}
