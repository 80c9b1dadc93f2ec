"""YAML is read as the engine reads it."""

import json
import math
from pathlib import Path

import pytest

from stacks.settings import pulumi_config
from stacks.settings.yaml_values import MOST_VALUES, Unreadable, read


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("10", 10),
        ("+1", 1),
        ("-0", 0),
        ("010", 8),
        ("-010", -8),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("_1", "_1"),
        ("08", 8.0),
        ("1:30", "1:30"),
        ("1.10", 1.1),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1_0.5", 10.5),
        ("1e400", "1e400"),
        ("1.0.0", "1.0.0"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ('"1"', "1"),
        ("'true'", "true"),
        ("2026-01-31", "2026-01-31"),
        ("0xg", "0xg"),
        ("!!str 4", "4"),
    ],
)
def test_scalars_mean_what_they_mean_to_the_engine(written: str, value: object):
    found = read(f"key: {written}\n").root["key"]
    assert (found, type(found)) == (value, type(value))


def test_lines_are_those_of_the_keys_and_of_the_items():
    values = read("a:\n  b:\n    - 1\n    -\n      c: 2\n  d: {e: 3,\n      f: 4}\n")
    assert values.lines[("a",)] == 1
    assert values.lines[("a", "b")] == 2
    assert values.lines[("a", "b", 0)] == 3
    assert values.lines[("a", "b", 1, "c")] == 5
    assert values.lines[("a", "d", "e")] == 6
    assert values.lines[("a", "d", "f")] == 7


def test_the_first_of_two_equal_keys_counts():
    values = read("a: 1\na: 2\n")
    assert values.root == {"a": 1}
    assert [finding.path for finding in values.findings] == [("a",)]


def test_aliases_cannot_fill_the_memory():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(Unreadable, match=str(MOST_VALUES)):
        read("\n".join(levels))


def test_deep_nesting_is_refused():
    with pytest.raises(Unreadable, match="nested too deeply"):
        read("[" * 5000 + "]" * 5000)


def test_control_characters_are_refused():
    with pytest.raises(Unreadable, match="special characters are not allowed"):
        read("a: \x07\n")


def test_the_engine_gets_scalars_as_they_are_written_and_the_rest_as_json(tmp_path: Path):
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(
        "config:\n"
        "  mlplatform:b: {y: [1, 2.0, true, '3'], x: ~, é: \"1.10\"}\n"
        "  mlplatform:a: 1.10\n"
        "  aws:allowedAccountIds: ['123']\n"
        "  aws:region: eu-west-1\n"
        "  gcp:on: yes\n"
        "  gcp:nothing:\n"
        "  kubernetes:flag: TRUE\n"
    )
    config = pulumi_config(file)
    assert list(config) == sorted(config)
    assert config == {
        "aws:allowedAccountIds": '["123"]',
        "aws:region": "eu-west-1",
        "gcp:nothing": "",
        "gcp:on": "yes",
        "kubernetes:flag": "TRUE",
        "mlplatform:a": "1.10",
        "mlplatform:b": '{"x":null,"y":[1,2,true,"3"],"é":"1.10"}',
    }
    assert json.loads(config["mlplatform:b"])["y"] == [1, 2, True, "3"]
