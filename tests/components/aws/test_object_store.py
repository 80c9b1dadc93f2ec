"""Buckets: who reaches them, how they are encrypted, and how long they keep what."""

import json
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import AWS_ENVIRONMENT, AWS_KEYS, evaluate_component, evaluate_program, of_type, only
from tests.support.iam import faults

COMPONENT = "components.aws.object_store:AwsObjectStore"
BUCKET = "mlp-test-scores-111122223333"
KEY = AWS_KEYS["stores"]


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "store_name": "scores",
        "store": {"retention_days": 90},
        "key_arn": KEY,
        "access_log_bucket": "mlp-test-access-logs-111122223333",
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    import pulumi_kubernetes as kubernetes
    from components.aws.object_store import AwsObjectStore

    store = AwsObjectStore("it", given["args"])
    kubernetes.core.v1.ConfigMap("user", data={"url": store.facts["url"]})
    """
    return evaluate_program(tmp_path_factory.mktemp("store"), program, args=arguments())


@pytest.fixture(scope="module")
def kept_for_ever(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = arguments(store={"retention_days": 0, "update_events": True})
    return evaluate_component(tmp_path_factory.mktemp("kept"), COMPONENT, args)


def test_the_bucket_is_closed_to_everybody_else_and_encrypted_with_the_key(made: Evaluation) -> None:
    access = only(made, "BucketPublicAccessBlock").inputs
    assert access == {
        "bucket": BUCKET,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert only(made, "BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = only(made, "BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert rule["bucketKeyEnabled"] is True
    assert only(made, "BucketLogging").inputs["targetBucket"] == "mlp-test-access-logs-111122223333"


def refused(policy: dict[str, Any], **request: str) -> set[str]:
    """Return the statements that deny an upload with these condition keys, as IAM evaluates them."""
    tests = {
        "Bool": lambda value, wanted: value == wanted,
        "NumericLessThan": lambda value, wanted: value is not None and float(value) < float(wanted),
        "Null": lambda value, wanted: (value is None) == (wanted == "true"),
        "StringEquals": lambda value, wanted: value == wanted,
        "StringNotEquals": lambda value, wanted: value != wanted,
    }
    known = {f"s3:x-amz-server-side-encryption{key.removeprefix('sse')}": value for key, value in request.items()}
    known = {key.replace("_", "-"): value for key, value in known.items()}
    known |= {"aws:SecureTransport": request.get("secure", "true"), "s3:TlsVersion": request.get("tls", "1.3")}
    return {
        statement["Sid"]
        for statement in policy["Statement"]
        if "s3:PutObject" in statement["Action"]
        and all(
            tests[operator](known.get(key), wanted)
            for operator, keys in statement["Condition"].items()
            for key, wanted in keys.items()
        )
    }


def test_the_policy_refuses_plain_text_and_every_other_encryption(made: Evaluation) -> None:
    policy = json.loads(only(made, "BucketPolicy").inputs["policy"])
    assert {each["Effect"] for each in policy["Statement"]} == {"Deny"}
    assert all(each["Principal"] == {"AWS": "*"} for each in policy["Statement"])
    assert policy["Statement"][0]["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    assert refused(policy) == set()
    assert refused(policy, sse="aws:kms", sse_aws_kms_key_id=KEY) == set()
    assert refused(policy, secure="false") == {"DenyPlaintext"}
    assert refused(policy, tls="1.1") == {"DenyOldTls"}
    assert refused(policy, sse="AES256") == {"DenyOtherEncryption"}
    assert refused(policy, sse="aws:kms") == {"DenyUnnamedKeys"}
    assert refused(policy, sse="aws:kms", sse_aws_kms_key_id="arn:aws:kms:eu-west-1:9:key/x") == {"DenyOtherKeys"}
    assert refused(policy, sse_customer_algorithm="AES256") == {"DenyCustomerKeys"}
    assert faults(made.filled) == []


def test_the_url_is_known_once_the_bucket_is_private_encrypted_and_versioned(made: Evaluation) -> None:
    user = only(made, "core/v1:ConfigMap")
    assert user.inputs["data"] == {"url": f"s3://{BUCKET}"}
    waited_for = {urn.rpartition("::")[2] for urn in user.dependencies}
    assert {"it-bucket", "it-policy", "it-encryption", "it-versioning"} <= waited_for


def test_what_is_kept_is_protected_and_what_is_let_go_is_emptied(made: Evaluation, tmp_path: Any) -> None:
    bucket = only(made, "s3/bucket:Bucket")
    assert bucket.inputs["bucket"] == BUCKET
    assert (bucket.options.protect, bucket.options.retain_on_delete, bucket.inputs["forceDestroy"]) == (
        True,
        True,
        False,
    )
    let_go = arguments(environment={**AWS_ENVIRONMENT, "let_go": ["stores.scores"]})
    bucket = only(evaluate_component(tmp_path, COMPONENT, let_go), "s3/bucket:Bucket")
    assert (bucket.options.protect, bucket.options.retain_on_delete, bucket.inputs["forceDestroy"]) == (
        False,
        False,
        True,
    )


def rules(evaluation: Evaluation) -> dict[str, Any]:
    return {rule["id"]: rule for rule in only(evaluation, "BucketLifecycleConfiguration").inputs["rules"]}


def test_objects_expire_after_their_retention_or_move_to_cheaper_storage(
    made: Evaluation, kept_for_ever: Evaluation
) -> None:
    assert rules(made)["retention"]["expiration"] == {"days": 90}
    assert "tiering" not in rules(made)
    assert rules(kept_for_ever)["tiering"]["transitions"] == [{"days": 30, "storageClass": "INTELLIGENT_TIERING"}]
    assert "retention" not in rules(kept_for_ever)
    for each in (rules(made), rules(kept_for_ever)):
        assert each["remains"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
        assert each["remains"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
        assert all(rule["status"] == "Enabled" and rule["filter"] == {"prefix": ""} for rule in each.values())
    # S3 refuses rules about versions that are not kept yet.
    lifecycle = only(made, "BucketLifecycleConfiguration")
    assert any(urn.endswith("::it-versioning") for urn in lifecycle.dependencies)


def test_only_a_store_that_is_asked_to_announces_new_objects(made: Evaluation, kept_for_ever: Evaluation) -> None:
    assert of_type(made, "BucketNotification") == {}
    assert only(kept_for_ever, "BucketNotification").inputs == {"bucket": BUCKET, "eventbridge": True}


def test_a_negative_retention_is_refused(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match=r"object store scores: store.retention_days: got -1"):
        evaluate_component(tmp_path, COMPONENT, arguments(store={"retention_days": -1}))
