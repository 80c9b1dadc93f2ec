"""Every environment file below tests/config says in its header what is wrong with it, line by line."""

import re
import shutil
from pathlib import Path

import pytest

from stacks.settings import Settings, SettingsError, load_file

CONFIG = Path(__file__).resolve().parents[1] / "config"
BROKEN = sorted(CONFIG.glob("*.error.*.yaml"))
VALID = sorted(CONFIG.glob("*.ok.*.yaml"))


def header(fixture: Path, key: str) -> list[str]:
    return re.findall(rf"^# {key}: (.*)$", fixture.read_text(encoding="utf-8"), re.MULTILINE)


def as_environment(fixture: Path, directory: Path) -> Path:
    name = (header(fixture, "environment") or ["test"])[0]
    return Path(shutil.copy(fixture, directory / f"Pulumi.{name}.yaml"))


def test_there_are_fixtures_of_both_kinds():
    assert len(BROKEN) >= 150
    assert len(VALID) >= 8
    assert set(CONFIG.glob("*")) == {*BROKEN, *VALID}


@pytest.mark.parametrize("fixture", BROKEN, ids=lambda path: path.stem)
def test_all_problems_are_listed_and_no_others(fixture: Path, tmp_path: Path):
    path = as_environment(fixture, tmp_path)
    with pytest.raises(SettingsError) as raised:
        load_file(path)
    lines = [line.removeprefix(f"{path}:").strip() for line in str(raised.value).splitlines()]
    assert lines == header(fixture, "expect")


@pytest.mark.parametrize("fixture", BROKEN, ids=lambda path: path.stem)
def test_the_line_of_a_problem_holds_its_key(fixture: Path, tmp_path: Path):
    path = as_environment(fixture, tmp_path)
    written = path.read_text(encoding="utf-8").splitlines()
    with pytest.raises(SettingsError) as raised:
        load_file(path)
    for problem in raised.value.problems:
        if problem.line is None or not problem.key or problem.message.startswith("missing"):
            continue
        last = re.split(r"[.\[\"]", re.sub(r'(\[\d+\])+$|"\]$', "", problem.key))[-1]
        assert last in written[problem.line - 1], problem


@pytest.mark.parametrize("fixture", VALID, ids=lambda path: path.stem)
def test_valid_files_are_read(fixture: Path, tmp_path: Path):
    settings = load_file(as_environment(fixture, tmp_path))
    assert isinstance(settings, Settings)
    assert settings.environment == "test"


def test_every_value_of_the_fullest_file_arrives(tmp_path: Path):
    settings = load_file(as_environment(CONFIG / "local.ok.every-key.yaml", tmp_path))
    pool = settings.node_pools["scoring"]
    assert (pool.min, pool.max, pool.disk_gib, pool.idle_seconds) == (1, 10, 200, 0)
    assert pool.purpose == "scoring"
    assert pool.capacity == "spot-with-fallback"
    assert pool.labels == {"example.com/tier": "batch"}
    assert [(taint.key, taint.value, taint.effect) for taint in pool.taints] == [
        ("example.com/batch", "only", "NoSchedule"),
        ("nvidia.com/gpu", "", "NoSchedule"),
    ]
    assert pool.gpu is not None
    assert (pool.gpu.model, pool.gpu.count) == ("nvidia-l4", 2)
    template = settings.scoring["daily"]
    assert (template.cpu, template.memory_gib, template.retries_per_shard) == (0.5, 1.5, 0)
    assert template.schedule == "*/15 6-18 1,15 jan-jun mon-fri/2"
    assert template.env == {"EMPTY": "", "THREADS": "4"}
    assert settings.databases["hub"].owner == "jupyter_hub"
    assert settings.charts.mirror == "./mirror/charts"
    assert settings.services.queueing.enabled
    assert settings.teams["churn"].people.viewers == ("oidc:analysts",)
