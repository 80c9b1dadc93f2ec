import itertools

import pytest

from mlplatform.graph import UNKNOWN, ResourceGraph, Secret
from mlplatform.render import RenderError, objects, render
from tests.support.graphs import Program


def names(program: Program) -> list[str]:
    return [each.label for each in objects(program.graph())]


def test_kinds_come_in_the_order_in_which_they_need_each_other():
    program = Program()
    kinds = [
        ("batch/v1", "CronJob"),
        ("apps/v1", "Deployment"),
        ("karpenter.sh/v1", "NodePool"),
        ("v1", "ConfigMap"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("v1", "ResourceQuota"),
        ("v1", "ServiceAccount"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("v1", "Namespace"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ]
    for version, kind in kinds:
        program.object({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}})
    assert [each.kind for each in objects(program.graph())] == [
        "CustomResourceDefinition",
        "Namespace",
        "PriorityClass",
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ResourceQuota",
        "ConfigMap",
        "NodePool",
        "Deployment",
        "CronJob",
        "ValidatingWebhookConfiguration",
    ]


def test_a_dependency_overrides_the_order_of_kinds():
    program = Program()
    deployment = program.object({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}})
    program.config_map("late", depends_on=[deployment])
    program.config_map("early")
    assert names(program) == ["ConfigMap default/early", "Deployment a", "ConfigMap default/late"]


def test_dependencies_are_followed_through_components_and_other_providers():
    program = Program()
    outer = program.component("outer")
    inner = program.component("inner", parent=outer)
    program.config_map("zz-inside", parent=inner)
    password = program.other("random:index/randomPassword:RandomPassword", "p", {"length": 8}, depends_on=[outer])
    program.config_map("aa-after", depends_on=[password])
    assert names(program) == ["ConfigMap default/zz-inside", "ConfigMap default/aa-after"]


def test_a_namespace_and_a_definition_come_before_what_lives_of_them():
    program = Program()
    quota = program.object({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "a"}})
    program.namespace("late", depends_on=[quota])
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s", "namespace": "late"}}
    program.object(account)
    program.object(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "things.example.org"},
            "spec": {"group": "example.org", "names": {"kind": "Thing"}},
        }
    )
    program.object({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}})
    order = names(program)
    assert order.index("Namespace late") < order.index("ServiceAccount late/s")
    assert order.index("CustomResourceDefinition things.example.org") < order.index("Thing t")


def test_the_order_does_not_depend_on_the_order_of_registration():
    def add(program: Program, which: int) -> None:
        if which == 0:
            program.namespace("a")
        elif which == 1:
            program.config_map("one", "a")
        else:
            program.config_map("two", "a")

    orders = set()
    for permutation in itertools.permutations(range(3)):
        program = Program()
        for which in permutation:
            add(program, which)
        orders.add(tuple((each.label, each.number) for each in objects(program.graph())))
    assert len(orders) == 1


def test_a_circle_is_refused_by_name():
    program = Program()
    one = program.config_map("one", depends_on=["urn:pulumi:local::mlplatform::kubernetes:core/v1:ConfigMap::two"])
    program.config_map("two", registered="two", depends_on=[one])
    with pytest.raises(RenderError, match=r"circle: .*::two"):
        objects(program.graph())


def test_secrets_are_plain_in_the_manifest_and_nowhere_else():
    program = Program()
    password = program.other("random:index/randomPassword:RandomPassword", "p", {"length": 8})
    program.secret(
        "s",
        "a",
        {"password": Secret("hunter2"), "user": "not-marked"},
        property_dependencies={"stringData": (password,)},
    )
    program.config_map("c", data={"dsn": Secret("postgresql://u:hunter2@h")})
    secret, config = sorted(objects(program.graph()), key=lambda each: each.kind, reverse=True)
    assert secret.manifest["stringData"] == {"password": "hunter2", "user": "not-marked"}
    assert secret.masked["stringData"] == {"password": "[secret]", "user": "[secret]"}
    assert secret.secret_paths == ("stringData.password", "stringData.user")
    assert secret.secret_sources == (password,)
    assert config.masked["data"] == {"dsn": "[secret]"}
    assert "hunter2" not in repr(secret) + repr(config) + str(config.masked)


def test_values_are_what_the_api_server_reads():
    program = Program()
    program.object(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d"},
            "spec": {"replicas": 3.0, "paused": None, "template": {"spec": {"containers": [{"cpu": 0.5}]}}},
        }
    )
    (found,) = objects(program.graph())
    assert found.manifest["spec"] == {"replicas": 3, "template": {"spec": {"containers": [{"cpu": 0.5}]}}}
    assert isinstance(found.manifest["spec"]["replicas"], int)


def test_name_and_namespace_come_from_the_state_and_the_provider():
    program = Program()
    provider = program.other("pulumi:providers:kubernetes", "k", {"namespace": "given"})
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}
    program.object(manifest, provider=provider, outputs={"metadata": {"name": "made-up"}})
    program.object({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}, provider=provider)
    assert names(program) == ["Namespace n", "ConfigMap given/made-up"]


def test_everything_that_cannot_be_rendered_is_listed_at_once():
    program = Program()
    program.config_map("u", data={"a": UNKNOWN, "b.c": UNKNOWN})
    program.other("kubernetes:yaml/v2:ConfigGroup", "group", {}, component=True)
    program.other("kubernetes:helm.sh/v4:Chart", "chart", {}, component=True, remote=True)
    program.other("kubernetes:core/v1:ConfigMapPatch", "patch", {"apiVersion": "v1", "kind": "ConfigMap"})
    program.other(
        "kubernetes:core/v1:ConfigMapList", "list", {"apiVersion": "v1", "kind": "ConfigMapList", "items": []}
    )
    program.config_map("twice", registered="one")
    program.config_map("twice", registered="two")
    with pytest.raises(RenderError) as caught:
        render(program.graph())
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 7
    assert "data.a is known only after a deployment" in problems
    assert 'data["b.c"] is known only after a deployment' in problems
    assert "'group' (stacks/composition.py:3): the provider expands it" in problems
    assert "'chart'" in problems
    assert "'patch' (stacks/composition.py:5): a patch of an object" in problems
    assert "'list'" in problems
    assert "ConfigMap default/twice: registered twice" in problems


def test_components_are_the_topmost_parents():
    program = Program()
    outer = program.component("team-churn")
    program.config_map("a", parent=program.component("team-churn-limits", parent=outer))
    program.config_map("b", registered="alone")
    assert [each.component for each in objects(program.graph())] == ["Thing team-churn", "ConfigMap alone"]


def test_what_is_kept_is_what_the_options_or_the_kind_say():
    program = Program()
    program.config_map("protected", protect=True)
    program.config_map("retained", retain_on_delete=True)
    program.config_map("plain")
    program.object({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "home"}})
    kept = {each.name: each.retain for each in objects(program.graph())}
    assert kept == {"protected": True, "retained": True, "plain": False, "home": True}


def test_a_release_and_what_depends_on_it():
    program = Program()
    release = program.release(
        "hub",
        {
            "chart": "jupyterhub",
            "version": "4.4.0",
            "namespace": "hub",
            "repositoryOpts": {"repo": "https://charts.example.org"},
            "values": {"proxy": {"secretToken": Secret("hunter2")}},
        },
        protect=True,
    )
    program.config_map("after", depends_on=[release])
    program.config_map("before")
    rendered = render(program.graph())
    (found,) = rendered.releases
    assert (found.chart, found.version, found.namespace) == ("jupyterhub", "4.4.0", "hub")
    assert found.repository == "https://charts.example.org"
    assert found.values == {"proxy": {"secretToken": "hunter2"}}
    assert "hunter2" not in repr(found) + str(found.masked)
    assert found.retain
    assert {each.name: each.after_release for each in rendered.objects} == {"before": False, "after": True}


def test_an_empty_graph_renders_to_nothing():
    assert objects(ResourceGraph("local", ())) == []
