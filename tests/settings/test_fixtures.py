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
    assert len(BROKEN) >= 225
    assert len(VALID) >= 14
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


def test_every_value_of_the_fullest_file_of_aws_arrives(tmp_path: Path):
    settings = load_file(as_environment(CONFIG / "aws.ok.every-key.yaml", tmp_path))
    assert settings.aws is not None
    assert settings.gcp is None
    assert settings.aws.account_id == "111122223333"
    assert settings.aws.admin_roles == ("arn:aws:iam::111122223333:role/admin",)
    assert settings.aws.fargate_namespaces == ("workflow-server",)
    assert settings.network.nat_per_zone
    assert settings.cluster.public_endpoint is not None
    assert settings.cluster.public_endpoint.allowed_cidrs == ("8.8.8.0/24", "9.9.9.9/32")
    maintenance = settings.cluster.maintenance
    assert (maintenance.day, maintenance.start_time, maintenance.hours) == ("saturday", "22:30", 24)
    assert settings.stores["datasets"].update_events
    hub = settings.databases["hub"]
    assert (hub.high_availability, hub.backup_days, hub.storage_gib) == (True, 35, 100)
    assert hub.shape is not None
    assert (hub.shape.cpu, hub.shape.memory_gib) == (4, 16)
    airflow = settings.services.managed_airflow
    assert (airflow.enabled, airflow.size, airflow.min_workers, airflow.max_workers) == (True, "medium", 2, 10)
    assert settings.image_caches.registries == ("docker.io", "ghcr.io", "public.ecr.aws")
    assert settings.image_caches.credentials == {
        "docker.io": "ecr-pullthroughcache/docker-hub",
        "ghcr.io": "ecr-pullthroughcache/github",
    }
    assert settings.logs.retention_days == 3650
    assert settings.alerts is not None
    assert settings.alerts.receivers == ("alerts@example.com",)
    assert settings.budget is not None
    assert settings.budget.monthly_usd == 1000
    assert settings.delivery is not None
    assert (settings.delivery.repository, settings.delivery.branch, settings.delivery.runner) == (
        "example-org@123456/ml.platform_1@456789",
        "release/2026.12",
        True,
    )
    provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    assert settings.delivery.identity_provider_arn == provider
    assert settings.let_go == ("airflow", "stores.datasets", "secrets.database-hub")


def test_what_is_there_already_arrives(tmp_path: Path):
    aws = load_file(as_environment(CONFIG / "aws.ok.existing.yaml", tmp_path)).aws
    assert aws is not None
    assert aws.existing_network is not None
    assert aws.existing_cluster is not None
    assert aws.existing_network.vpc_id == "vpc-0a1b2c3d4e5f60718"
    assert aws.existing_network.pod_subnets["eu-west-1b"] == "subnet-0a1b2c3d4e5f60006"
    assert aws.existing_network.intra_cidrs == ("10.128.250.0/24", "10.128.251.0/24")
    assert aws.existing_cluster.endpoint.startswith("https://")
    assert aws.existing_cluster.security_group == "sg-0a1b2c3d4e5f60718"
    gcp = load_file(as_environment(CONFIG / "gcp.ok.existing.yaml", tmp_path)).gcp
    assert gcp is not None
    assert gcp.existing_network is not None
    assert gcp.existing_cluster is not None
    assert (gcp.existing_network.pod_range, gcp.existing_network.service_range) == ("pods", "services")
    assert gcp.existing_network.host_project == "example-network"
    assert gcp.existing_cluster.endpoint == "gke-0a1b2c3d4e5f.europe-west1.gke.goog"
    assert gcp.release_channel == "regular"
