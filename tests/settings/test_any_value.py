"""Whatever stands at whatever place of the file: settings, or problems in words; never a traceback."""

import contextvars
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from stacks.settings import SettingsError, from_pulumi
from stacks.settings.load import STACKS

CONFIG = Path(__file__).resolve().parents[1] / "config"
FULL = CONFIG / "local.ok.every-key.yaml"
CLOUDS = [CONFIG / f"{cloud}.ok.{name}.yaml" for cloud in ("aws", "gcp") for name in ("every-key", "existing")]
OF_CLOUDS = {
    "alerts",
    "aws",
    "budget",
    "cluster",
    "databases",
    "delivery",
    "gcp",
    "imageCaches",
    "letGo",
    "logs",
    "network",
    "services",
    "stores",
}
ANYTHING = [
    None, True, -1, 0, 10**30, 0.5, "", "x", "é ü", "a" * 300, "2", [], ["x"], [None], [[1]], {}, {"x": 1}, {"": {}},
    {"x": {"y": [{"z": None}]}},
]  # fmt: skip


def sections(file: Path) -> dict[str, Any]:
    config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    return {key.removeprefix("mlplatform:"): value for key, value in config.items()}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield (*path, key)
        yield from places(child, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    around = changed
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = new
    return changed


def read(raw: dict[str, Any]) -> None:
    config = {f"mlplatform:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}

    def program() -> None:
        set_all_config(config, [])
        from_pulumi(STACKS / "nowhere")

    contextvars.copy_context().run(program)


@pytest.mark.parametrize("new", ANYTHING, ids=repr)
@pytest.mark.parametrize("file", [STACKS / "Pulumi.local.yaml", FULL, *CLOUDS], ids=lambda path: path.stem)
def test_a_value_is_taken_or_its_problem_told(file: Path, new: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    original = sections(file)
    read(original)
    refused = 0
    for path in places(original):
        if file in CLOUDS and path[0] not in OF_CLOUDS:
            continue
        try:
            read(replaced(original, path, new))
        except SettingsError as error:
            refused += 1
            for problem in error.problems:
                assert problem.key.startswith("mlplatform:"), problem
                assert "; allowed: " in problem.message, problem
                assert "\n" not in str(problem), problem
    assert refused > (10 if file in CLOUDS else 20)
