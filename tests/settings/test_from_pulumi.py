"""Settings inside a program: values from pulumi.Config, places from the stack's file."""

import contextvars
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import set_all_config

from stacks.settings import Settings, SettingsError, from_pulumi, load_file, pulumi_config
from stacks.settings.load import STACKS

CONFIG = Path(__file__).resolve().parents[1] / "config"

Read = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Read settings as a program of the stack ``test`` would, with files in the test's own directory."""
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    for name in [name for name in os.environ if name.startswith("PULUMI_CONFIG")]:
        monkeypatch.delenv(name)

    def run(config: Mapping[str, str], secret: list[str] | None = None) -> Settings:
        def program() -> Settings:
            set_all_config(dict(config), secret or [])
            return from_pulumi(tmp_path)

        return contextvars.copy_context().run(program)

    return run


def handed_over(name: str, directory: Path) -> dict[str, str]:
    file = directory / "Pulumi.test.yaml"
    file.write_text((CONFIG / name).read_text(encoding="utf-8"), encoding="utf-8")
    return pulumi_config(file)


@pytest.mark.parametrize("fixture", sorted(CONFIG.glob("*.ok.*.yaml")), ids=lambda path: path.stem)
def test_a_program_gets_what_the_file_says(fixture: Path, read: Read, tmp_path: Path):
    config = handed_over(fixture.name, tmp_path)
    expected = load_file(tmp_path / "Pulumi.test.yaml")
    found = read(config)
    assert found == expected
    assert found.model_dump_json() == expected.model_dump_json(), "same order too"


def test_problems_have_the_files_lines(read: Read, tmp_path: Path):
    config = handed_over("nodePools.error.negative.yaml", tmp_path)
    with pytest.raises(SettingsError) as raised:
        read(config)
    (problem,) = raised.value.problems
    assert problem.line == 13
    assert str(problem).endswith(
        "Pulumi.test.yaml:13: mlplatform:nodePools.batch.min: got -1; allowed: a whole number from 0 to 1000"
    )


def test_a_value_that_is_not_the_files_has_no_line(read: Read, tmp_path: Path):
    config = handed_over("local.ok.smallest.yaml", tmp_path)
    with pytest.raises(SettingsError) as raised:
        read({**config, "mlplatform:cloud": "azure"})
    assert str(raised.value) == 'Pulumi.test.yaml: mlplatform:cloud: got "azure"; allowed: one of local, aws, gcp'


def test_without_a_file_the_problems_still_name_it(read: Read):
    with pytest.raises(SettingsError) as raised:
        read({"mlplatform:cloud": "local"})
    assert [str(problem).partition(";")[0] for problem in raised.value.problems] == [
        f"Pulumi.test.yaml: mlplatform:{section}: missing"
        for section in ("names", "tags", "network", "cluster", "nodePools")
    ]


def test_unknown_sections_are_found_although_pulumi_lists_no_keys(read: Read, tmp_path: Path):
    config = handed_over("local.ok.smallest.yaml", tmp_path)
    with pytest.raises(SettingsError, match=r'mlplatform:team: unknown key.*did you mean "teams"'):
        read({**config, "mlplatform:team": "{}"})


def test_other_namespaces_are_not_read(read: Read, tmp_path: Path):
    config = handed_over("local.ok.smallest.yaml", tmp_path)
    assert read({**config, "aws:region": "x", "custom:anything": "not json {"}).cloud == "local"


def test_a_section_that_is_no_json_is_reported(read: Read, tmp_path: Path):
    config = handed_over("local.ok.smallest.yaml", tmp_path)
    with pytest.raises(SettingsError, match='mlplatform:names: got "mlp"; allowed: a mapping with the keys platform'):
        read({**config, "mlplatform:names": "mlp"})


def test_secrets_are_refused_without_showing_them(read: Read, tmp_path: Path):
    config = handed_over("local.ok.smallest.yaml", tmp_path)
    with pytest.raises(SettingsError) as raised:
        read({**config, "mlplatform:names": '{"platform": "Hush-Hush"}'}, ["mlplatform:names"])
    (problem,) = raised.value.problems
    assert problem.key == "mlplatform:names"
    assert problem.message.startswith("got a secure value; allowed: plain values only")
    assert "Hush" not in str(raised.value)


@pytest.mark.parametrize("environment", ["local", "aws-prod", "gcp-prod"])
def test_a_real_program_reads_its_configuration_from_the_engine(environment: str):
    """The engine hands configuration over in an environment variable; nothing is patched here."""
    program = (
        "import sys\n"
        "import pulumi.runtime.settings as runtime\n"
        "runtime.configure(runtime.Settings(project='mlplatform', stack=sys.argv[1], dry_run=True))\n"
        "from stacks.settings import from_pulumi\n"
        "print(from_pulumi().model_dump_json())\n"
    )
    file = STACKS / f"Pulumi.{environment}.yaml"
    done = subprocess.run(
        [sys.executable, "-c", program, environment],
        env={**os.environ, "PULUMI_CONFIG": json.dumps(pulumi_config(file))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == load_file(file).model_dump_json()
