"""Managed Airflow: private, encrypted, pinned, and sized as asked."""

from typing import Any

import pytest

from components.gcp.airflow_sizes import SIZES, workloads
from components.gcp.managed_airflow import image_version, maintenance_window
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, GCP_NETWORK, evaluate_component, of_type, only

COMPONENT = "components.gcp.managed_airflow:GcpManagedAirflow"
ENVIRONMENT = "composer/environment:Environment"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "network": GCP_NETWORK,
        "key_id": GCP_KEYS["stores"],
        "size": "medium",
        "min_workers": 1,
        "max_workers": 6,
        "high_availability": True,
        "maintenance": {"day": "sunday", "start_time": "20:30", "hours": 4},
        "buckets": {"scores": "mlp-test-scores-111122223333"},
        **changes,
    }


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("airflow"), COMPONENT, arguments())


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    environment = {**GCP_ENVIRONMENT, "let_go": ["airflow"]}
    args = arguments(environment=environment, size="small", high_availability=False, packages={"pandas": "==3.0.1"})
    return evaluate_component(tmp_path_factory.mktemp("airflow"), COMPONENT, args)


def config(evaluation: Evaluation) -> dict[str, Any]:
    found: dict[str, Any] = only(evaluation, ENVIRONMENT).inputs["config"]
    return found


def test_it_is_private_and_encrypted_and_its_image_is_pinned(prod: Evaluation) -> None:
    assert config(prod)["enablePrivateEnvironment"] is True
    assert config(prod)["enablePrivateBuildsOnly"] is True
    assert config(prod)["encryptionConfig"] == {"kmsKeyName": GCP_KEYS["stores"]}
    assert config(prod)["nodeConfig"]["subnetwork"] == GCP_NETWORK["subnetwork"]
    assert config(prod)["softwareConfig"]["imageVersion"] == image_version()
    assert image_version().startswith("composer-3-airflow-3.")


def test_builds_reach_the_internet_only_for_packages(dev: Evaluation) -> None:
    assert config(dev)["enablePrivateBuildsOnly"] is False
    assert config(dev)["softwareConfig"]["pypiPackages"] == {"pandas": "==3.0.1"}


def test_its_service_account_works_and_reaches_the_buckets_given_before_it_starts(prod: Evaluation) -> None:
    account = only(prod, "serviceaccount/account:Account")
    assert account.inputs["accountId"] == "mlp-test-airflow"
    worker = only(prod, "projects/iAMMember:IAMMember")
    store = only(prod, "storage/bucketIAMMember:BucketIAMMember")
    assert worker.inputs["role"] == "roles/composer.worker"
    assert (store.inputs["role"], store.inputs["bucket"]) == (
        "roles/storage.objectUser",
        "mlp-test-scores-111122223333",
    )
    assert {account.urn, worker.urn, store.urn} <= set(only(prod, ENVIRONMENT).dependencies)


def test_prod_survives_a_zone_with_two_of_each(prod: Evaluation, dev: Evaluation) -> None:
    assert config(prod)["resilienceMode"] == "HIGH_RESILIENCE"
    load = config(prod)["workloadsConfig"]
    assert [load[kind]["count"] for kind in ("scheduler", "triggerer", "dagProcessor")] == [2, 2, 2]
    assert (load["worker"]["minCount"], load["worker"]["maxCount"]) == (2, 6)
    assert "resilienceMode" not in config(dev)
    assert config(dev)["environmentSize"] == "ENVIRONMENT_SIZE_SMALL"
    assert config(dev)["workloadsConfig"]["worker"]["minCount"] == 1


@pytest.mark.parametrize("name", SIZES)
def test_every_process_has_memory_in_proportion_to_its_cpus(name: str) -> None:
    load: dict[str, Any] = dict(workloads(SIZES[name], min_workers=1, max_workers=3, resilient=False))
    for process in load.values():
        assert process["cpu"] % 0.5 == 0
        assert process["cpu"] <= process["memory_gb"] <= 8 * process["cpu"]


def test_the_maintenance_window_is_as_long_as_composer_wants() -> None:
    late = maintenance_window({"day": "sunday", "start_time": "20:30", "hours": 4})
    assert (late["start_time"], late["end_time"]) == ("1970-01-01T20:30:00Z", "1970-01-02T08:30:00Z")
    assert late["recurrence"] == "FREQ=WEEKLY;BYDAY=SU"
    long = maintenance_window({"day": "tuesday", "start_time": "00:00", "hours": 24})
    assert (long["end_time"], long["recurrence"]) == ("1970-01-02T00:00:00Z", "FREQ=WEEKLY;BYDAY=TU")


def test_it_is_kept_until_it_is_let_go(prod: Evaluation, dev: Evaluation) -> None:
    kept, released = only(prod, ENVIRONMENT), only(dev, ENVIRONMENT)
    assert (kept.options.protect, kept.inputs["deletionPolicy"]) == (True, "PREVENT")
    assert (released.options.protect, released.inputs["deletionPolicy"]) == (False, "DELETE")


def test_no_grant_goes_beyond_what_is_needed(prod: Evaluation) -> None:
    assert len(of_type(prod, "IAMMember")) == 2


def test_every_problem_is_named_at_once(tmp_path: Any) -> None:
    environment = {**GCP_ENVIRONMENT, "name": "a-platform-with-a-long-name-prod"}
    args = arguments(environment=environment, size="tiny", min_workers=9, max_workers=1)
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, args)
    for text in (
        "size: got 'tiny'; allowed: small, medium, large",
        "max_workers: got 1; allowed: 2 to 100",
        "min_workers: got 9",
        "environment.name: makes 'a-platform-with-a-long-name-prod-airflow'; allowed: at most 30 characters",
    ):
        assert text in str(caught.value)
