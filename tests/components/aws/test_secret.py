"""Secrets: the same values in Secrets Manager and in the cluster, kept where they cannot be made again."""

import base64
import json
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError, Secret, reveal
from tests.support.components import AWS_ENVIRONMENT, AWS_KEYS, LABELS, evaluate_component, evaluate_program, only

COMPONENT = "components.aws.secret:AwsSecret"
VALUES = {"token": "t0k3n", "host": "db.example.org"}


def arguments(**changes: Any) -> dict[str, Any]:
    secret = {"namespace": "team-churn", "values": VALUES, "labels": LABELS, "retain": True}
    return {
        "environment": AWS_ENVIRONMENT,
        "secret_name": "churn",
        "secret": {**secret, **changes.pop("secret", {})},
        "key_arn": AWS_KEYS["secrets"],
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    from components.aws.secret import AwsSecret

    pulumi.export("facts", AwsSecret("it", given["args"]).facts)
    """
    return evaluate_program(tmp_path_factory.mktemp("secret"), program, args=arguments())


def options(evaluation: Evaluation) -> dict[str, tuple[bool, bool]]:
    suffixes = {"store": "secret:Secret", "version": "secretVersion:SecretVersion", "cluster": "core/v1:Secret"}
    return {
        role: (found.options.protect, found.options.retain_on_delete)
        for role, suffix in suffixes.items()
        for found in [only(evaluation, suffix)]
    }


def test_both_hold_the_same_values_and_show_them_to_nobody(made: Evaluation) -> None:
    store = only(made, "secretsmanager/secret:Secret").inputs
    assert store["name"] == "mlp-test/team-churn/churn"
    assert store["kmsKeyId"] == AWS_KEYS["secrets"]
    text = only(made, "secretVersion:SecretVersion").inputs["secretString"]
    assert isinstance(text, Secret)
    assert json.loads(reveal(text)) == VALUES
    cluster = only(made, "core/v1:Secret").inputs
    assert cluster["metadata"] == {"name": "churn", "namespace": "team-churn", "labels": LABELS}
    assert all(isinstance(each, Secret) for each in cluster["data"].values())
    assert {key: base64.b64decode(reveal(each)).decode() for key, each in cluster["data"].items()} == VALUES
    assert made.outputs["facts"] == {"namespace": "team-churn", "name": "churn", "keys": ["host", "token"]}


def test_what_cannot_be_made_again_stays_until_it_is_let_go(made: Evaluation, tmp_path: Any) -> None:
    # Versions are replaced by new ones whenever a value changes, which a protected one would refuse.
    assert options(made) == {"store": (True, True), "version": (False, True), "cluster": (False, True)}
    let_go = arguments(environment={**AWS_ENVIRONMENT, "let_go": ["secrets.churn"]})
    evaluation = evaluate_component(tmp_path, COMPONENT, let_go)
    assert options(evaluation) == dict.fromkeys(("store", "version", "cluster"), (False, False))
    assert only(evaluation, "secretsmanager/secret:Secret").inputs["recoveryWindowInDays"] == 30


def test_what_can_be_made_again_goes_at_once_and_frees_its_name(tmp_path: Any) -> None:
    evaluation = evaluate_component(tmp_path, COMPONENT, arguments(secret={"retain": False}))
    assert options(evaluation) == dict.fromkeys(("store", "version", "cluster"), (False, False))
    assert only(evaluation, "secretsmanager/secret:Secret").inputs["recoveryWindowInDays"] == 0


def test_a_secret_without_values_is_refused(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match=r"secret churn: secret.values: got none; allowed: at least one"):
        evaluate_component(tmp_path, COMPONENT, arguments(secret={"values": {}}))
