"""Files that are not there, or cannot be read, and the names of those that are."""

from pathlib import Path

import pytest

from stacks.settings import SettingsError, environments, load_file, pulumi_config
from stacks.settings.load import STACKS

VALID = (Path(__file__).resolve().parents[1] / "config" / "local.ok.smallest.yaml").read_text(encoding="utf-8")


def problem(path: Path) -> str:
    with pytest.raises(SettingsError) as raised:
        load_file(path)
    return str(raised.value)


def test_environments_are_found_by_their_files_names(tmp_path: Path):
    for name in ("Pulumi.b.yaml", "Pulumi.a-prod.yaml", "Pulumi.yaml", "Pulumi.c.yml", "other.yaml"):
        (tmp_path / name).write_text(VALID)
    (tmp_path / "Pulumi.d.yaml").mkdir()
    assert environments(tmp_path) == ["a-prod", "b"]
    assert environments(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("environment", "cloud", "region"),
    [
        ("aws-dev", "aws", "eu-west-1"),
        ("aws-prod", "aws", "eu-west-1"),
        ("gcp-dev", "gcp", "europe-west1"),
        ("gcp-prod", "gcp", "europe-west1"),
        ("local", "local", ""),
    ],
)
def test_the_projects_environments_are_valid(environment: str, cloud: str, region: str):
    settings = load_file(STACKS / f"Pulumi.{environment}.yaml")
    assert settings.environment == environment
    assert settings.name == f"mlplatform-{environment}"
    assert (settings.cloud, settings.region) == (cloud, region)


def test_the_projects_environments_are_five_with_the_same_work():
    assert environments(STACKS) == ["aws-dev", "aws-prod", "gcp-dev", "gcp-prod", "local"]
    every = [load_file(STACKS / f"Pulumi.{environment}.yaml") for environment in environments(STACKS)]
    local = every[-1]
    for settings in every:
        assert settings.scoring == local.scoring, settings.environment
        assert list(settings.teams) == list(local.teams), settings.environment
        assert set(settings.stores) >= set(local.stores), settings.environment
        assert list(settings.databases) == list(local.databases), settings.environment


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_production_survives_a_zone_and_development_does_not_pay_for_it(cloud: str):
    dev, prod = (load_file(STACKS / f"Pulumi.{cloud}-{stage}.yaml") for stage in ("dev", "prod"))
    assert (len(dev.network.zones), len(prod.network.zones)) == (2, 3)
    assert prod.network.nat_per_zone is (cloud == "aws")
    assert not dev.network.nat_per_zone
    assert {database.high_availability for database in prod.databases.values()} == {True}
    assert {database.backup_days for database in prod.databases.values()} == {35}
    assert {database.high_availability for database in dev.databases.values()} == {False}
    assert prod.delivery is not None
    assert not prod.let_go
    assert not dev.let_go
    for settings in (dev, prod):
        assert settings.cluster.public_endpoint is None
        assert all(pool.min == 0 for name, pool in settings.node_pools.items() if name != "system")


def test_a_missing_file_lists_those_that_there_are(tmp_path: Path):
    (tmp_path / "Pulumi.local.yaml").write_text(VALID)
    (tmp_path / "Pulumi.dev.yaml").write_text(VALID)
    path = tmp_path / "Pulumi.prod.yaml"
    assert problem(path) == f"{path}: there is no such file; environments in {tmp_path}: dev, local"


def test_a_missing_directory_has_no_environments(tmp_path: Path):
    path = tmp_path / "nowhere" / "Pulumi.prod.yaml"
    assert problem(path) == f"{path}: there is no such file; environments in {path.parent}: none"


def test_a_directory_is_no_file(tmp_path: Path):
    path = tmp_path / "Pulumi.test.yaml"
    path.mkdir()
    assert problem(path) == f"{path}: the file cannot be read: Is a directory"


def test_bytes_that_are_no_text(tmp_path: Path):
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(b"config:\n  # caf\xe9\n")
    assert problem(path) == f"{path}: the file is not UTF-8 text: byte 15 is 0xe9"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path):
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(VALID, encoding="utf-8-sig")
    assert load_file(path).environment == "test"


def test_the_files_name_says_the_environment(tmp_path: Path):
    path = tmp_path / "local.yaml"
    path.write_text(VALID)
    assert problem(path) == f"{path}: got this file name; allowed: Pulumi.<environment>.yaml"


def test_files_below_the_working_directory_are_shown_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "stacks").mkdir()
    path = tmp_path / "stacks" / "Pulumi.x.yaml"
    path.write_text(VALID.replace("max: 2", "max: -1"))
    monkeypatch.chdir(tmp_path)
    expected = (
        "stacks/Pulumi.x.yaml:11: mlplatform:nodePools.system.max: got -1; allowed: a whole number from 1 to 1000"
    )
    assert problem(path) == problem(Path("stacks/Pulumi.x.yaml")) == expected


def test_configuration_of_a_broken_file_is_not_handed_over(tmp_path: Path):
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(VALID + "  mlplatform:cloud: aws\n")
    with pytest.raises(SettingsError, match="got the key a second time"):
        pulumi_config(path)
