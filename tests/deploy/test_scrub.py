import base64

from mlplatform.graph import Secret
from mlplatform.local.deploy.plan import Plan, Planned
from mlplatform.local.deploy.scrub import Scrubber, secret_values
from mlplatform.render import render
from tests.support.graphs import Program


def test_secrets_are_removed_plain_and_encoded_and_the_longest_first():
    scrub = Scrubber(["hunter2", "hunter2-more"])
    encoded = base64.b64encode(b"hunter2").decode()
    text = f'Invalid value: "hunter2-more", {encoded}, hunter2'
    assert scrub(text) == 'Invalid value: "[secret]", [secret], [secret]'
    assert "hunter2" not in repr(scrub)


def test_short_values_are_left_alone():
    assert Scrubber(["a", ""])("a bad name") == "a bad name"


def test_what_a_masked_copy_hides_is_secret_whatever_its_shape():
    plain = {"a": {"b": ["open", "hidden-1"]}, "c": {"d": "hidden-2", "e": [{"f": "hidden-3"}]}, "g": 5}
    masked = {"a": {"b": ["open", "[secret]"]}, "c": "[secret]", "g": 0}
    assert sorted(secret_values(plain, masked)) == ["hidden-1", "hidden-2", "hidden-3"]


def test_a_plan_knows_every_secret_of_its_objects_and_releases():
    program = Program()
    program.secret("s", "n", {"unmarked": "hunter-one"})
    program.config_map("c", "n", {"dsn": Secret("hunter-two"), "open": "visible"})
    program.release("r", {"chart": "c", "values": {"token": Secret("hunter-three")}})
    rendered = render(program.graph())
    plan = Plan(tuple(Planned(each, each.manifest) for each in rendered.objects), rendered.releases, ())
    text = plan.scrubber()("hunter-one hunter-two hunter-three visible")
    assert text == "[secret] [secret] [secret] visible"
