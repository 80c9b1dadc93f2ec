"""Secrets: one copy in Secret Manager, one for pods."""

import base64
import json
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError, reveal
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, LABELS, evaluate_component, only

COMPONENT = "components.gcp.secret:GcpSecret"
STORED = "secretmanager/secret:Secret"
VERSION = "secretmanager/secretVersion:SecretVersion"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "secret_name": "database-hub",
        "secret": {
            "namespace": "mlplatform-system",
            "values": {"user": "hub", "password": "pa55word"},
            "labels": LABELS,
            "retain": True,
        },
        "key_id": GCP_KEYS["secrets"],
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("secret"), COMPONENT, arguments())


@pytest.fixture(scope="module")
def let_go(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    environment = {**GCP_ENVIRONMENT, "let_go": ["secrets.database-hub"]}
    return evaluate_component(tmp_path_factory.mktemp("secret"), COMPONENT, arguments(environment=environment))


def test_it_is_in_the_region_under_the_environment_s_key(made: Evaluation) -> None:
    inputs = only(made, STORED).inputs
    assert inputs["secretId"] == "mlp-test-database-hub"
    assert inputs["replication"] == {
        "userManaged": {
            "replicas": [
                {
                    "location": "europe-west1",
                    "customerManagedEncryption": {"kmsKeyName": GCP_KEYS["secrets"]},
                }
            ]
        }
    }
    assert inputs["labels"] == GCP_ENVIRONMENT["resource_labels"]
    assert inputs["versionDestroyTtl"] == "2592000s"


def test_both_copies_have_the_same_values_and_neither_is_in_plain_text(made: Evaluation) -> None:
    version, secret = only(made, VERSION), only(made, "core/v1:Secret")
    values = {"user": "hub", "password": "pa55word"}
    data = reveal(secret.inputs["data"])
    assert json.loads(reveal(version.inputs["secretData"])) == values
    assert {key: base64.b64decode(value).decode() for key, value in data.items()} == values
    assert "pa55word" not in made.filled.to_json()
    assert base64.b64encode(b"pa55word").decode() not in made.filled.to_json()


def test_the_kubernetes_secret_is_what_pods_look_for(made: Evaluation) -> None:
    secret = only(made, "core/v1:Secret")
    assert secret.inputs["metadata"] == {
        "name": "database-hub",
        "namespace": "mlplatform-system",
        "labels": LABELS,
    }
    assert secret.options.retain_on_delete


def test_the_store_is_kept_and_new_values_can_still_replace_old_ones(made: Evaluation, let_go: Evaluation) -> None:
    stored, version = only(made, STORED), only(made, VERSION)
    assert (stored.options.protect, stored.options.retain_on_delete, stored.inputs["deletionProtection"]) == (
        True,
        True,
        True,
    )
    # A protected version could not be replaced; a disabled one can be read again.
    assert (version.options.protect, version.inputs["deletionPolicy"]) == (False, "DISABLE")
    assert only(let_go, STORED).options.protect is only(let_go, STORED).inputs["deletionProtection"] is False
    assert only(let_go, VERSION).inputs["deletionPolicy"] == "DELETE"


@pytest.mark.parametrize("name", ["tls.key", "x" * 250])
def test_a_name_that_secret_manager_refuses_is_refused_first(tmp_path: Any, name: str) -> None:
    with pytest.raises(EvaluationError, match="secret_name: got 'mlp-test-"):
        evaluate_component(tmp_path, COMPONENT, arguments(secret_name=name))
