"""Any key of an environment's file, misspelled by one letter, is reported with the right suggestion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings import SettingsError, load_file
from stacks.settings.load import STACKS
from stacks.settings.problems import in_file, key_path
from stacks.settings.schema import schema_at

ENVIRONMENTS = ("local", "aws-prod", "gcp-prod")
START = "mlplatform:"
TOO_SHORT = {"to"}
"""Keys of which one wrong letter leaves too little to be told."""


def sections(environment: str = "local") -> dict[str, Any]:
    text = (STACKS / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)["config"]
    return {key.removeprefix(START): value for key, value in config.items()}


def keys(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of the keys that the settings define, and not of the names that the file gives."""
    if isinstance(value, dict):
        known = (schema_at(path) or {}).get("properties", {})
        for key, child in value.items():
            if key in known:
                yield (*path, key)
            yield from keys(child, (*path, key))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from keys(child, (*path, position))


def misspelled(key: str) -> list[str]:
    middle = len(key) // 2
    return [
        key[:middle] + key[middle + 1 :],
        key[:middle] + "q" + key[middle:],
        key[:middle] + "q" + key[middle + 1 :],
        key + key[-1],
    ]


def every_key() -> dict[tuple[str | int, ...], str]:
    """Paths of the keys, each with the first environment that has it."""
    found: dict[tuple[str | int, ...], str] = {}
    for environment in ENVIRONMENTS:
        for path in sorted(set(keys(sections(environment))), key=str):
            if path[-1] not in TOO_SHORT:
                found.setdefault(path, environment)
    return found


KEYS = every_key()


def test_the_keys_are_found():
    assert KEYS["scoring", "churn-daily", "input", "store"] == "local"
    assert KEYS["nodePools", "system", "shapes", 0, "cpu"] == "local"
    assert KEYS["aws", "fargateNamespaces"] == "aws-prod"
    assert KEYS["cluster", "maintenance", "exclusions", 0, "from"] == "gcp-prod"
    assert KEYS["gcp", "billingAccount"] == "gcp-prod"
    assert ("nodePools", "system") not in KEYS
    assert len(KEYS) > 130


@pytest.mark.parametrize("path", KEYS, ids=lambda path: key_path(in_file(path)))
def test_a_misspelled_key_is_reported_with_the_right_one(path: tuple[str | int, ...], tmp_path: Path):
    right = str(path[-1])
    for wrong in misspelled(right):
        changed = sections(KEYS[path])
        around: Any = changed
        for part in path[:-1]:
            around = around[part]
        around[wrong] = around.pop(right)
        file = tmp_path / "Pulumi.test.yaml"
        file.write_text(yaml.safe_dump({"config": {f"{START}{key}": value for key, value in changed.items()}}))
        with pytest.raises(SettingsError) as raised:
            load_file(file)
        key = key_path(in_file((*path[:-1], wrong)))
        found = [problem for problem in raised.value.problems if problem.key == key]
        assert len(found) == 1, str(raised.value)
        assert found[0].message.startswith("unknown key; allowed: ")
        assert found[0].message.endswith(f'(did you mean "{right}"?)'), wrong
        missing = key_path(in_file(path))
        assert not any(problem.key == missing for problem in raised.value.problems), "reported as missing too"


@pytest.mark.parametrize("tag", ["owner", "costCenter"])
def test_a_misspelled_tag_is_missing_and_the_near_one_named(tag: str, tmp_path: Path):
    for wrong in misspelled(tag):
        changed = sections()
        changed["tags"][wrong] = changed["tags"].pop(tag)
        file = tmp_path / "Pulumi.test.yaml"
        file.write_text(yaml.safe_dump({"config": {f"{START}{key}": value for key, value in changed.items()}}))
        with pytest.raises(SettingsError) as raised:
            load_file(file)
        (problem,) = raised.value.problems
        assert problem.key == f"mlplatform:tags.{tag}"
        assert problem.message.endswith(f'(is "{wrong}" meant to be it?)')
