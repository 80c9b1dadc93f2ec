"""Resource options as the engine would receive them."""

import pytest

from mlplatform.graph import Options, evaluate

BASE = "urn:pulumi:test::mlplatform::"
CONFIG_MAP = f"{BASE}kubernetes:core/v1:ConfigMap::"
GROUP = f"{BASE}mlplatform:index:Group::group"
MEMBER = f"{BASE}mlplatform:index:Group$kubernetes:core/v1:ConfigMap::group-member"
PROVIDER = f"{BASE}pulumi:providers:kubernetes::cluster"


@pytest.fixture(scope="module")
def graph(make_request):
    return evaluate(make_request("options")).filled


def test_every_option_is_captured(graph):
    assert graph.by_urn[f"{CONFIG_MAP}second"].options == Options(
        protect=True,
        retain_on_delete=True,
        delete_before_replace=False,
        aliases=(
            f"{CONFIG_MAP}by-urn",
            f"{CONFIG_MAP}renamed",
            f"{BASE}mlplatform:index:Group$kubernetes:core/v1:ConfigMap::second",
            "urn:pulumi:old::other::kubernetes:core/v1:Old::second",
        ),
        ignore_changes=("data", "metadata.labels"),
        replace_on_changes=("immutable",),
        hide_diffs=("data",),
        additional_secret_outputs=("immutable",),
        custom_timeouts={"create": "10m", "delete": "1h"},
        version="4.30.0",
        deleted_with=f"{CONFIG_MAP}first",
    )


def test_a_component_stands_for_its_members_in_dependencies(graph):
    assert graph.by_urn[f"{CONFIG_MAP}second"].dependencies == (f"{CONFIG_MAP}first", MEMBER)


def test_providers_are_named_by_urn(graph):
    assert graph.by_urn[f"{CONFIG_MAP}second"].provider == PROVIDER
    assert graph.by_urn[MEMBER].provider == PROVIDER
    assert graph.by_urn[f"{CONFIG_MAP}first"].provider is None
    assert graph.by_urn[GROUP].options.providers == {"kubernetes": PROVIDER}


def test_children_inherit_the_former_names_of_their_parent(graph):
    assert graph.by_urn[GROUP].options.aliases == (f"{BASE}mlplatform:index:Group::crowd",)
    assert graph.by_urn[MEMBER].options.aliases == (
        f"{BASE}mlplatform:index:Group$kubernetes:core/v1:ConfigMap::crowd-member",
    )


def test_imported_and_read_resources_are_marked(graph):
    assert graph.by_urn[f"{CONFIG_MAP}imported"].options.import_id == "default/imported"
    assert graph.by_urn[f"{CONFIG_MAP}found"].options.read == "kube-system/found"


def test_a_component_hands_its_members_on_as_urns(graph):
    assert graph.by_urn[GROUP].outputs == {"member": MEMBER}


def test_resources_come_after_what_they_depend_on(graph):
    seen = set()
    for resource in graph.resources:
        assert {resource.parent, resource.provider, *resource.dependencies} - {None} <= seen
        seen.add(resource.urn)


def test_options_survive_json():
    options = Options(
        protect=True, delete_before_replace=False, aliases=("a",), hooks={"on_error": ("h",)}, component=True
    )
    assert Options.from_dict(options.to_dict()) == options
    assert Options().to_dict() == {}
