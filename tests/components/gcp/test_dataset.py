"""BigQuery datasets: encrypted, kept, and open to those named only."""

from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, evaluate_component, of_type, only

COMPONENT = "components.gcp.dataset:GcpDataset"
DATASET = "bigquery/dataset:Dataset"
RUNNER = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/ns/n/sa/s"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "dataset_name": "scores",
        "key_id": GCP_KEYS["stores"],
        "readers": {"analysts": "group:analysts@example.com"},
        "writers": {"runner": RUNNER},
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("dataset"), COMPONENT, arguments())


def test_tables_are_encrypted_in_the_region_and_never_expire(made: Evaluation) -> None:
    inputs = only(made, DATASET).inputs
    assert (inputs["datasetId"], inputs["location"]) == ("mlp_test_scores", "europe-west1")
    assert inputs["defaultEncryptionConfiguration"] == {"kmsKeyName": GCP_KEYS["stores"]}
    assert not {"defaultTableExpirationMs", "defaultPartitionExpirationMs"} & set(inputs)
    assert inputs["labels"] == GCP_ENVIRONMENT["resource_labels"]


def test_only_those_named_have_rights(made: Evaluation) -> None:
    dataset = only(made, DATASET)
    # Without a list of its own, a dataset is open to a project's viewers and editors.
    assert dataset.inputs["accesses"] == [{"role": "OWNER", "specialGroup": "projectOwners"}]
    # The grants change the list, and an update of the dataset must not take them back.
    assert dataset.options.ignore_changes == ("accesses",)
    grants = of_type(made, "bigquery/datasetIamMember:DatasetIamMember").values()
    assert {(each.inputs["role"], each.inputs["member"]) for each in grants} == {
        ("roles/bigquery.dataViewer", "group:analysts@example.com"),
        # The provider takes federated identities with this prefix only.
        ("roles/bigquery.dataEditor", f"iamMember:{RUNNER}"),
    }


def test_it_is_kept_until_it_is_let_go(made: Evaluation, tmp_path: Any) -> None:
    kept = only(made, DATASET)
    environment = {**GCP_ENVIRONMENT, "let_go": ["datasets.scores"]}
    released = only(evaluate_component(tmp_path, COMPONENT, arguments(environment=environment)), DATASET)
    assert (kept.options.protect, kept.options.retain_on_delete, kept.inputs["deletionPolicy"]) == (
        True,
        True,
        "PREVENT",
    )
    assert (released.options.protect, released.inputs["deletionPolicy"]) == (False, "DELETE")
    assert kept.inputs["deleteContentsOnDestroy"] is released.inputs["deleteContentsOnDestroy"] is False


def test_a_name_that_bigquery_refuses_is_refused_first(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match=r"dataset sc\.ores: dataset_name: got 'sc\.ores'"):
        evaluate_component(tmp_path, COMPONENT, arguments(dataset_name="sc.ores"))
