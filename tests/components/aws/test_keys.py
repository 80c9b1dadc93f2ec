"""KMS keys: that each opens its own kind of data and nothing else, to whoever needs it and nobody else."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.aws.facts import AwsKeysFacts
from components.aws.key_policies import key_statements
from mlplatform.graph import Evaluation
from tests.support.components import AWS_ENVIRONMENT, evaluate_component, evaluate_program, of_type
from tests.support.iam import documents, faults

COMPONENT = "components.aws.keys:AwsKeys"
KINDS = sorted(AwsKeysFacts.__annotations__)
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}
CRYPTOGRAPHIC = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    from components.aws.keys import AwsKeys

    keys = AwsKeys("it", given["args"])
    pulumi.export("facts", keys.facts)
    """
    return evaluate_program(tmp_path_factory.mktemp("keys"), program, args={"environment": AWS_ENVIRONMENT})


def _statements(kind: str) -> dict[str, Mapping[str, Any]]:
    return {each["Sid"]: dict(each) for each in key_statements(AWS_ENVIRONMENT, kind)}  # type: ignore[arg-type]


def _users(kind: str) -> list[Mapping[str, Any]]:
    return [each for each in _statements(kind).values() if CRYPTOGRAPHIC & set(each["Action"])]


def test_there_is_a_key_and_an_alias_for_every_kind_of_data(made: Evaluation) -> None:
    keys = of_type(made, "kms/key:Key")
    assert sorted(keys) == [f"it-{kind}" for kind in KINDS]
    aliases = of_type(made, "kms/alias:Alias")
    assert {each.inputs["name"] for each in aliases.values()} == {f"alias/mlp-test-{kind}" for kind in KINDS}
    for kind in KINDS:
        assert aliases[f"it-{kind}-alias"].inputs["targetKeyId"] == keys[f"it-{kind}"].outputs["keyId"]
        assert made.outputs["facts"][kind] == keys[f"it-{kind}"].outputs["arn"]


def test_keys_are_rotated_kept_and_slow_to_go(made: Evaluation, tmp_path: Any) -> None:
    keys = of_type(made, "kms/key:Key")
    assert len(keys) == len(KINDS)
    for key in keys.values():
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["deletionWindowInDays"] == 30
        assert key.options.protect
        assert key.options.retain_on_delete
        assert key.inputs["tags"]["mlplatform/environment"] == "mlp-test"
    args = {"environment": {**AWS_ENVIRONMENT, "let_go": ["keys"]}}
    released = of_type(evaluate_component(tmp_path, COMPONENT, args), "kms/key:Key")
    assert len(released) == len(KINDS)
    for key in released.values():
        assert not key.options.protect
        assert not key.options.retain_on_delete


def test_policies_name_every_action_and_are_known_before_anything_exists(made: Evaluation) -> None:
    assert len(documents(made.filled)) == len(documents(made.preview)) == len(KINDS)
    assert faults(made.filled) == []


@pytest.mark.parametrize("kind", KINDS)
def test_administration_does_not_decrypt(kind: str) -> None:
    administration = _statements(kind)["AccountAdministers"]
    assert administration["Principal"] == ROOT
    assert not CRYPTOGRAPHIC & set(administration["Action"])
    # Without these nobody could ever change or delete the key again.
    assert {"kms:PutKeyPolicy", "kms:GetKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(administration["Action"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "cluster"])
def test_whoever_uses_a_key_is_tied_to_a_service_or_to_the_account(kind: str) -> None:
    ties = {
        "aws:SourceAccount",
        "kms:CallerAccount",
        "kms:EncryptionContext:aws:logs:arn",
        "kms:EncryptionContext:aws:sns:topicArn",
        "kms:EncryptionContext:aws:sqs:arn",
        "kms:GrantIsForAWSResource",
        "kms:ViaService",
    }
    users = _users(kind)
    assert users
    for statement in users:
        assert ties & {key for test in statement["Condition"].values() for key in test}


@pytest.mark.parametrize(
    ("kind", "services"),
    [
        ("stores", {"s3"}),
        ("images", {"ecr"}),
        ("databases", {"rds"}),
        ("secrets", {"secretsmanager", "rds"}),
        ("disks", {"ec2", "elasticfilesystem", "backup"}),
    ],
)
def test_roles_of_the_account_use_a_key_through_its_services_only(kind: str, services: set[str]) -> None:
    use = _statements(kind)["AccountUsesThroughServices"]
    assert use["Principal"] == ROOT
    assert {"kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"} <= set(use["Action"])
    expected = {f"{service}.eu-west-1.amazonaws.com" for service in services}
    assert set(use["Condition"]["StringEquals"]["kms:ViaService"]) == expected


def test_the_cluster_takes_its_grant_without_a_condition() -> None:
    (use,) = _users("cluster")
    assert use["Principal"] == ROOT
    assert "kms:CreateGrant" in use["Action"]
    assert "Condition" not in use


def test_groups_of_machines_launch_with_encrypted_disks_in_a_new_account() -> None:
    statements = _statements("disks")
    roles = "arn:aws:iam::111122223333:role/aws-service-role"
    for sid in ("LaunchersUse", "LaunchersGrantToServices"):
        condition = statements[sid]["Condition"]
        # Named as principals, roles that do not exist yet would make KMS refuse the policy.
        assert statements[sid]["Principal"] == {"AWS": "*"}
        assert condition["StringEquals"]["kms:CallerAccount"] == "111122223333"
        named = condition["ArnEquals"]["aws:PrincipalArn"]
        assert f"{roles}/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling" in named
        assert all(each.startswith(f"{roles}/") for each in named)
    assert statements["LaunchersGrantToServices"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert [kind for kind in KINDS if "LaunchersUse" in _statements(kind)] == ["disks"]


def test_services_write_to_encrypted_logs_queues_and_topics() -> None:
    statements = _statements("logs")
    principals = {sid: each["Principal"].get("Service") for sid, each in statements.items()}
    assert principals["LogGroups"] == "logs.eu-west-1.amazonaws.com"
    context = statements["LogGroups"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert context == "arn:aws:logs:eu-west-1:111122223333:log-group:*"
    assert principals["DeliveredLogs"] == "delivery.logs.amazonaws.com"
    assert set(principals["SendersToQueues"]) == {"events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"}
    # Events carry no source when the key is used: a condition on one would drop them all.
    for sid in ("SendersToQueues", "EventsToTopics"):
        assert list(statements[sid]["Condition"]) == ["ArnLike"]
        assert not any("aws:Source" in key for key in statements[sid]["Condition"]["ArnLike"])
        assert statements[sid]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    queues = statements["SendersToQueues"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:sqs:arn"]
    assert "arn:aws:sqs:eu-west-1:111122223333:mlp-test-*" in queues
    assert set(principals["AlarmsAndBudgetsToTopics"]) == {"budgets.amazonaws.com", "cloudwatch.amazonaws.com"}
    assert [kind for kind in KINDS if any("Service" in each["Principal"] for each in _users(kind))] == ["logs"]


def test_administrators_are_named_where_there_are_any() -> None:
    role = "arn:aws:iam::111122223333:role/platform-admins"
    statements = {each["Sid"]: each for each in key_statements(AWS_ENVIRONMENT, "stores", [role])}  # type: ignore[arg-type]
    assert statements["AdministratorsAdminister"]["Principal"] == {"AWS": [role]}
    assert not CRYPTOGRAPHIC & set(statements["AdministratorsAdminister"]["Action"])
    assert "AdministratorsAdminister" not in _statements("stores")
