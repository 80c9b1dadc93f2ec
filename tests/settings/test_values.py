"""Single values at their limits."""

import pytest
from pydantic import TypeAdapter, ValidationError

from stacks.settings import SettingsError, load_file
from stacks.settings.load import STACKS
from stacks.settings.pools import ShapeSettings
from stacks.settings.problems import Problem, nearest
from stacks.settings.rules.scoring import usable_cpu, usable_memory_gib
from stacks.settings.values import ChartMirror, ChartSource, Cidr, LabelKey, Prefix, RepositoryName, Schedule, TeamName


def accepts(annotation: object, value: object) -> bool:
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("schedule", "valid"),
    [
        ("* * * * *", True),
        ("*/5 0-23/2 1,15 JAN-dec Sun", True),
        ("0 3 ? * 6", True),
        ("59 23 31 12 0", True),
        ("@daily", True),
        ("  0 3  * * *", True),
        ("", False),
        ("* * * *", False),
        ("* * * * * *", False),
        ("60 * * * *", False),
        ("* 24 * * *", False),
        ("* * 0 * *", False),
        ("* * * 13 *", False),
        ("* * * * 7", False),
        ("*/0 * * * *", False),
        ("5-1 * * * *", False),
        ("1,,2 * * * *", False),
        ("mon * * * *", False),
        ("* * * * monday", False),
        ("-1 * * * *", False),
        ("@every 1h", False),
        ("@reboot", False),
        ("CRON_TZ=UTC 0 3 * * *", False),
    ],
)
def test_schedules(schedule: str, valid: bool):
    assert accepts(Schedule, schedule) is valid


@pytest.mark.parametrize(
    ("cidr", "valid"),
    [
        ("10.0.0.0/8", True),
        ("10.0.0.0/33", False),
        ("10.0.0.0/255.0.0.0", False),
        ("10.0.0.0", False),
        ("fd00::/8", False),
        ("10.0.0.1/24", False),
        ("10.0.0.0/16\n", False),
        (" 10.0.0.0/16", False),
    ],
)
def test_networks(cidr: str, valid: bool):
    assert accepts(Cidr, cidr) is valid


@pytest.mark.parametrize(
    ("name", "valid"),
    [("a", True), ("a" * 58, True), ("a" * 59, False), ("a-b", True), ("a-", False), ("-a", False), ("1a", False)],
)
def test_names(name: str, valid: bool):
    assert accepts(TeamName, name) is valid


@pytest.mark.parametrize(
    ("annotation", "value", "valid"),
    [
        (Prefix, "", True),
        (Prefix, "a/b=1/c.d", True),
        (Prefix, "a//b", False),
        (Prefix, "a/", False),
        (Prefix, "a/../b", False),
        (Prefix, "a b", False),
        (RepositoryName, "a/b-c_d.e", True),
        (RepositoryName, "a--b", False),
        (RepositoryName, "a" * 101, False),
        (LabelKey, "example.com/name", True),
        (LabelKey, "a/b/c", False),
        (LabelKey, "/name", False),
        (LabelKey, "a..b/name", False),
        (LabelKey, "Example.com/name", False),
        (LabelKey, "-name", False),
        (ChartSource, "oci://registry.example.com/charts", True),
        (ChartSource, "https://", False),
        (ChartSource, "http://charts.example.com", False),
        (ChartMirror, "mirror", True),
        (ChartMirror, "../mirror/charts", True),
        (ChartMirror, "/srv/charts", True),
        (ChartMirror, "oci://registry.example.com:5000/charts", True),
        (ChartMirror, "s3://bucket/charts", False),
        (ChartMirror, "file:///srv/charts", False),
        (ChartMirror, "with space", False),
    ],
)
def test_texts(annotation: object, value: str, valid: bool):
    assert accepts(annotation, value) is valid


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"), [(4, 8, (3.5, 7.0)), (32, 128, (31.5, 115.2)), (1, 1, (0.5, 0))]
)
def test_what_a_machine_has_for_pods(cpu: int, memory: int, expected: tuple[float, float]):
    shape = ShapeSettings.model_validate({"cpu": cpu, "memoryGib": memory})
    assert (usable_cpu(shape), usable_memory_gib(shape)) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("maxNode", None), ("mux", "max"), ("disk_gib", "diskGib"), ("DISKGIB", "diskGib"), ("x", None), (3, None)],
)
def test_nearest_words(word: object, expected: str | None):
    assert nearest(word, ["max", "min", "diskGib"]) == expected


def test_a_problem_is_one_line_of_file_line_key_and_message():
    assert str(Problem("got 1; allowed: 2", "mlplatform:a.b", "Pulumi.x.yaml", 3)) == (
        "Pulumi.x.yaml:3: mlplatform:a.b: got 1; allowed: 2"
    )
    assert str(Problem("got 1", file="Pulumi.x.yaml")) == "Pulumi.x.yaml: got 1"
    assert str(SettingsError([Problem("one"), Problem("two")])) == "one\ntwo"


def test_settings_cannot_be_changed():
    settings = load_file(STACKS / "Pulumi.local.yaml")
    with pytest.raises(ValidationError, match="frozen"):
        settings.node_pools["scoring"].max = 1
