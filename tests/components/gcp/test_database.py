"""Cloud SQL databases: private, encrypted, backed up, and sized as asked."""

from typing import Any

import pytest

from components.contracts import MachineShape
from components.gcp.database_sizes import max_connections, shape_problem, tier
from mlplatform.graph import Evaluation, EvaluationError, Resource, reveal
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, GCP_NETWORK, evaluate_component, only

COMPONENT = "components.gcp.database:GcpDatabase"
INSTANCE = "sql/databaseInstance:DatabaseInstance"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "database_name": "hub",
        "database": {
            "owner": "jupyterhub",
            "storage_gib": 50,
            "shape": {"cpu": 4, "memory_gib": 16},
            "high_availability": True,
            "backup_days": 35,
        },
        "network": GCP_NETWORK,
        "key_id": GCP_KEYS["databases"],
        "maintenance": {"day": "sunday", "start_time": "03:30", "hours": 4},
        **changes,
    }


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("database"), COMPONENT, arguments())


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    environment = {**GCP_ENVIRONMENT, "let_go": ["databases.hub"]}
    args = arguments(environment=environment, database={"owner": "hub", "storage_gib": 10})
    return evaluate_component(tmp_path_factory.mktemp("database"), COMPONENT, args)


def settings(evaluation: Evaluation) -> dict[str, Any]:
    found: dict[str, Any] = only(evaluation, INSTANCE).inputs["settings"]
    return found


def test_it_is_reached_from_the_network_only_and_over_tls_only(prod: Evaluation) -> None:
    assert settings(prod)["ipConfiguration"] == {
        "ipv4Enabled": False,
        "privateNetwork": GCP_NETWORK["private_services"],
        "sslMode": "ENCRYPTED_ONLY",
    }


def test_disks_are_encrypted_with_the_databases_key(prod: Evaluation) -> None:
    assert only(prod, INSTANCE).inputs["encryptionKeyName"] == GCP_KEYS["databases"]


def test_prod_survives_a_zone_and_a_month(prod: Evaluation) -> None:
    assert settings(prod)["availabilityType"] == "REGIONAL"
    backup = settings(prod)["backupConfiguration"]
    assert backup["backupRetentionSettings"] == {"retainedBackups": 35, "retentionUnit": "COUNT"}
    assert backup["pointInTimeRecoveryEnabled"] is True
    # The Enterprise edition has at most 7 days of transaction logs.
    assert backup["transactionLogRetentionDays"] == 7
    assert backup["location"] == "europe-west1"


def test_dev_is_small_and_still_backed_up(dev: Evaluation) -> None:
    assert settings(dev)["tier"] == "db-custom-1-3840"
    assert settings(dev)["availabilityType"] == "ZONAL"
    assert settings(dev)["backupConfiguration"]["enabled"] is True
    assert settings(dev)["backupConfiguration"]["backupRetentionSettings"]["retainedBackups"] == 7


def test_iam_can_log_in_and_what_happens_is_logged_without_queries(prod: Evaluation) -> None:
    flags = {flag["name"]: flag["value"] for flag in settings(prod)["databaseFlags"]}
    assert flags["cloudsql.iam_authentication"] == "on"
    assert {flags[f"log_{name}"] for name in ("connections", "disconnections", "lock_waits", "checkpoints")} == {"on"}
    assert (flags["log_statement"], flags["log_min_duration_statement"]) == ("ddl", "-1")
    assert flags["max_connections"] == "500"
    assert list(flags) == sorted(flags)


def test_it_is_kept_by_pulumi_the_provider_and_the_cloud(prod: Evaluation, dev: Evaluation) -> None:
    def kept(evaluation: Evaluation) -> list[bool]:
        instance: Resource = only(evaluation, INSTANCE)
        return [
            instance.options.protect,
            instance.options.retain_on_delete,
            instance.inputs["deletionProtection"],
            instance.inputs["settings"]["deletionProtectionEnabled"],
            only(evaluation, "sql/database:Database").options.protect,
            only(evaluation, "sql/user:User").options.protect,
        ]

    assert kept(prod) == [True] * 6
    assert kept(dev) == [False] * 6
    assert settings(dev)["finalBackupConfig"] == {"enabled": True, "retentionDays": 30}


def test_upgrades_begin_in_the_window(prod: Evaluation) -> None:
    assert settings(prod)["maintenanceWindow"] == {"day": 7, "hour": 3, "updateTrack": "stable"}


def test_the_password_meets_the_instance_s_rules_and_survives(prod: Evaluation) -> None:
    password = only(prod, "randomPassword:RandomPassword")
    rules = settings(prod)["passwordValidationPolicy"]
    assert rules["complexity"] == "COMPLEXITY_DEFAULT"
    assert password.inputs["length"] >= rules["minLength"]
    assert min(password.inputs[f"min{kind}"] for kind in ("Lower", "Upper", "Numeric", "Special")) == 1
    # It is part of an address, in which these need no escape.
    assert set(password.inputs["overrideSpecial"]) <= set("-._~")
    assert password.options.retain_on_delete


def test_its_address_is_all_that_a_client_needs_and_a_secret(prod: Evaluation) -> None:
    outputs = only(prod, "index:GcpDatabase").outputs
    password = only(prod, "randomPassword:RandomPassword").outputs["result"]
    assert outputs["password"] == password
    assert outputs["dsn"] != reveal(outputs["dsn"])
    host = only(prod, INSTANCE).outputs["privateIpAddress"]
    assert reveal(outputs["dsn"]) == f"postgresql://jupyterhub:{reveal(password)}@{host}:5432/hub?sslmode=require"


@pytest.mark.parametrize(
    ("shape", "type_name", "connections"),
    [
        (None, "db-custom-1-3840", 100),
        (MachineShape(cpu=2, memory_gib=8), "db-custom-2-8192", 400),
        (MachineShape(cpu=1, memory_gib=6), "db-custom-1-6144", 200),
        (MachineShape(cpu=96, memory_gib=600), "db-custom-96-614400", 1000),
    ],
)
def test_shapes_are_machine_types(shape: MachineShape | None, type_name: str, connections: int) -> None:
    assert shape is None or shape_problem(shape) is None
    assert (tier(shape), max_connections(shape)) == (type_name, connections)


@pytest.mark.parametrize(
    ("cpu", "memory_gib", "nearest"),
    [
        (3, 12, "4 and 12 GiB"),
        (2, 64, "2 and 13 GiB"),
        (1, 2, "1 and 4 GiB"),
        (16, 8, "16 and 15 GiB"),
        (128, 512, "96 and 512 GiB"),
    ],
)
def test_a_shape_that_cloud_sql_lacks_names_the_nearest_that_it_has(cpu: int, memory_gib: int, nearest: str) -> None:
    reason = shape_problem(MachineShape(cpu=cpu, memory_gib=memory_gib))
    assert reason is not None
    assert f"the nearest is {nearest}" in reason
    words = nearest.split()
    assert shape_problem(MachineShape(cpu=int(words[0]), memory_gib=int(words[2]))) is None


def test_every_problem_is_named_at_once(tmp_path: Any) -> None:
    database = {"owner": "postgres", "storage_gib": 5, "shape": {"cpu": 3, "memory_gib": 12}, "backup_days": 40}
    maintenance = {"day": "Sunday", "start_time": "25:00", "hours": 4}
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, arguments(database=database, maintenance=maintenance))
    for argument in ("database.owner", "database.storage_gib", "database.shape", "database.backup_days"):
        assert f"database hub: {argument}: got" in str(caught.value)
    assert "maintenance.day: got 'Sunday'; allowed: monday" in str(caught.value)
    assert "maintenance.start_time: got '25:00'" in str(caught.value)


@pytest.mark.parametrize("owner", ["pg_hub", "cloudsqlsuperuser", "public"])
def test_names_that_postgresql_keeps_are_refused(tmp_path: Any, owner: str) -> None:
    database = {"owner": owner, "storage_gib": 10}
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, arguments(database_name="cloudsqladmin", database=database))
    assert "database_name: got 'cloudsqladmin'; allowed: none of" in str(caught.value)
    assert f"database.owner: got {owner!r}; allowed:" in str(caught.value)
