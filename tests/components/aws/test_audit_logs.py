"""Logs: who may write them, who may delete them, how long they stay, and how the control plane's get there."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import AWS_ENVIRONMENT, AWS_KEYS, evaluate_component, evaluate_program, of_type, only
from tests.support.iam import documents, faults

COMPONENT = "components.aws.audit_logs:AwsAuditLogs"
ACCESS, AUDIT = "mlp-test-access-logs-111122223333", "mlp-test-audit-logs-111122223333"
BUCKETS = {"it-access": ACCESS, "it-audit": AUDIT}
LOGS_OF_ACCOUNT = "arn:aws:logs:eu-west-1:111122223333:*"


def arguments(**changes: Any) -> dict[str, Any]:
    return {"environment": AWS_ENVIRONMENT, "key_arn": AWS_KEYS["logs"], "retention_days": 400.0, **changes}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    import pulumi_aws as aws
    from components.aws.audit_logs import AwsAuditLogs

    logs = AwsAuditLogs("it", given["args"])
    pulumi.export("facts", logs.facts)
    for user, bucket in (("access", "access_logs_bucket"), ("audit", "audit_logs_bucket")):
        aws.s3.BucketLogging(f"user-{user}", bucket="any", target_bucket=logs.facts[bucket], target_prefix="any")
    aws.cloudwatch.LogStream("user-cluster", log_group_name=logs.facts["control_plane_log_group"])
    aws.ec2.FlowLog("user-flow", vpc_id="vpc-1", log_destination=logs.facts["flow_logs_destination"])
    """
    return evaluate_program(tmp_path_factory.mktemp("logs"), program, args=arguments())


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = arguments(environment={**AWS_ENVIRONMENT, "let_go": ["logs"]}, log_group_days=731, retention_days=90)
    return evaluate_component(tmp_path_factory.mktemp("released"), COMPONENT, args)


def _policy(made: Evaluation, bucket: str) -> dict[str, Mapping[str, Any]]:
    (found,) = [each for each in documents(made.filled) if each.resource.name == f"{bucket}-policy"]
    return {each["Sid"]: each for each in found.statements}


def _role_policy(made: Evaluation, name: str) -> dict[str, Mapping[str, Any]]:
    (found,) = [each for each in documents(made.filled) if each.resource.name == name and each.path == "policy"]
    return {each["Sid"]: each for each in found.statements}


@pytest.mark.parametrize("bucket", sorted(BUCKETS))
def test_buckets_are_private_versioned_and_kept(made: Evaluation, bucket: str) -> None:
    found = of_type(made, "s3/bucket:Bucket")[f"{bucket}-bucket"]
    assert found.inputs["bucket"] == BUCKETS[bucket]
    assert found.inputs["forceDestroy"] is False
    assert found.options.protect
    assert found.options.retain_on_delete
    block = of_type(made, "PublicAccessBlock")[f"{bucket}-public-access"].inputs
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block[switch] is True for switch in switches)
    versioning = of_type(made, "BucketVersioning")[f"{bucket}-versioning"].inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    ownership = of_type(made, "OwnershipControls")[f"{bucket}-ownership"].inputs
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_logs_are_encrypted_with_the_key_where_that_is_possible(made: Evaluation) -> None:
    encryptions = of_type(made, "ServerSideEncryptionConfiguration")
    (audit,) = encryptions["it-audit-encryption"].inputs["rules"]
    assert audit["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": AWS_KEYS["logs"],
    }
    assert audit["bucketKeyEnabled"] is True
    # S3 delivers access logs to no bucket that is encrypted by default with a key of KMS.
    (access,) = encryptions["it-access-encryption"].inputs["rules"]
    assert access["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


@pytest.mark.parametrize("bucket", sorted(BUCKETS))
def test_logs_travel_encrypted_and_nobody_deletes_them(made: Evaluation, released: Evaluation, bucket: str) -> None:
    policy = _policy(made, bucket)
    plaintext = policy["DenyPlaintext"]
    assert plaintext["Effect"] == "Deny"
    assert plaintext["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {"s3:GetObject", "s3:PutObject", "s3:ListBucket"} <= set(plaintext["Action"])
    assert plaintext["Resource"] == [f"arn:aws:s3:::{BUCKETS[bucket]}", f"arn:aws:s3:::{BUCKETS[bucket]}/*"]
    deletion = policy["DenyDeletion"]
    assert (deletion["Effect"], deletion["Principal"]) == ("Deny", {"AWS": "*"})
    assert deletion["Action"] == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    assert "Condition" not in deletion
    assert "DenyDeletion" not in _policy(released, bucket)


def test_only_s3_and_delivered_logs_write_access_logs(made: Evaluation) -> None:
    policy = _policy(made, "it-access")
    writers = {
        sid: each for sid, each in policy.items() if each["Effect"] == "Allow" and "s3:PutObject" in each["Action"]
    }
    assert sorted(writers) == ["AccessesOfBuckets", "DeliveredLogs"]
    accesses = writers["AccessesOfBuckets"]
    assert accesses["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert accesses["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::mlp-test-*"},
    }
    assert all("/load-balancers/AWSLogs/" in each for each in writers["DeliveredLogs"]["Resource"])


def test_flow_logs_have_their_place_in_the_audit_logs(made: Evaluation) -> None:
    policy = _policy(made, "it-audit")
    delivered = policy["DeliveredLogs"]
    assert delivered["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    prefix = f"arn:aws:s3:::{AUDIT}/flow-logs/AWSLogs"
    assert delivered["Resource"] == [f"{prefix}/aws-account-id=111122223333/*"]
    assert delivered["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "111122223333",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    assert delivered["Condition"]["ArnLike"] == {"aws:SourceArn": LOGS_OF_ACCOUNT}
    assert policy["DeliveryChecks"]["Action"] == ["s3:GetBucketAcl", "s3:ListBucket"]
    assert made.outputs["facts"]["flow_logs_destination"] == f"arn:aws:s3:::{AUDIT}/flow-logs/"


def test_accesses_to_the_audit_logs_are_logged(made: Evaluation) -> None:
    logging = of_type(made, "BucketLogging")["it-audit-logging"].inputs
    assert (logging["bucket"], logging["targetBucket"]) == (AUDIT, ACCESS)
    assert logging["targetPrefix"] == f"{AUDIT}/"


def test_logs_expire_after_their_retention_and_long_ones_are_archived(made: Evaluation, released: Evaluation) -> None:
    def rule(evaluation: Evaluation, bucket: str) -> Mapping[str, Any]:
        rules = of_type(evaluation, "LifecycleConfiguration")[f"{bucket}-lifecycle"].inputs["rules"]
        return next(each for each in rules if each["id"] == "retention")

    for bucket in BUCKETS:
        retention = rule(made, bucket)
        assert retention["status"] == "Enabled"
        assert retention["expiration"] == {"days": 400}
        assert retention["transitions"] == [{"days": 90, "storageClass": "GLACIER_IR"}]
        assert retention["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
        # What is archived is paid for as if it stayed 90 days.
        assert rule(released, bucket)["expiration"] == {"days": 90}
        assert "transitions" not in rule(released, bucket)


def test_control_plane_logs_are_encrypted_searchable_and_kept(made: Evaluation, released: Evaluation) -> None:
    groups = of_type(made, "cloudwatch/logGroup:LogGroup")
    # The name that EKS writes to: made before the cluster, the group is not made by EKS without a key.
    assert groups["it-control-plane"].inputs["name"] == "/aws/eks/mlp-test/cluster"
    for each in groups.values():
        assert each.inputs["kmsKeyId"] == AWS_KEYS["logs"]
        assert each.inputs["retentionInDays"] == 365
        assert each.inputs["deletionProtectionEnabled"] is True
        assert each.options.protect
    for each in of_type(released, "cloudwatch/logGroup:LogGroup").values():
        assert each.inputs["retentionInDays"] == 731
        assert each.inputs["deletionProtectionEnabled"] is False
        assert not each.options.protect
    for each in of_type(released, "s3/bucket:Bucket").values():
        assert each.inputs["forceDestroy"] is True
        assert not each.options.retain_on_delete


def test_control_plane_logs_are_delivered_to_the_bucket(made: Evaluation) -> None:
    stream = only(made, "FirehoseDeliveryStream")
    subscription = only(made, "LogSubscriptionFilter").inputs
    assert subscription["logGroup"] == "/aws/eks/mlp-test/cluster"
    assert subscription["destinationArn"] == stream.outputs["arn"]
    assert subscription["filterPattern"] == ""
    assert subscription["roleArn"] == of_type(made, "iam/role:Role")["it-sender-role"].outputs["arn"]
    assert stream.inputs["serverSideEncryption"] == {
        "enabled": True,
        "keyType": "CUSTOMER_MANAGED_CMK",
        "keyArn": AWS_KEYS["logs"],
    }
    target = stream.inputs["extendedS3Configuration"]
    assert target["bucketArn"] == f"arn:aws:s3:::{AUDIT}"
    assert target["prefix"].startswith("control-plane/year=!{timestamp:yyyy}/")
    # Firehose refuses a prefix with expressions whose errors have no place of their own.
    assert target["errorOutputPrefix"].startswith("control-plane-errors/!{firehose:error-output-type}/")
    assert target["compressionFormat"] == "UNCOMPRESSED"
    assert target["kmsKeyArn"] == AWS_KEYS["logs"]


def test_roles_do_what_delivery_needs_and_no_more(made: Evaluation) -> None:
    assert faults(made.filled) == []
    stream = "arn:aws:firehose:eu-west-1:111122223333:deliverystream/mlp-test-audit-logs"
    assert _role_policy(made, "it-sender-send")["Send"]["Resource"] == [stream]
    write = _role_policy(made, "it-writer-write")
    objects = [f"arn:aws:s3:::{AUDIT}/control-plane/*", f"arn:aws:s3:::{AUDIT}/control-plane-errors/*"]
    assert write["Write"]["Resource"] == objects
    assert "s3:DeleteObject" not in {action for each in write.values() for action in each["Action"]}
    assert write["Encrypt"]["Resource"] == [AWS_KEYS["logs"]]
    trusts = {
        name: json.loads(each.inputs["assumeRolePolicy"])["Statement"][0]
        for name, each in of_type(made, "iam/role:Role").items()
    }
    assert trusts["it-sender-role"]["Condition"] == {"ArnLike": {"aws:SourceArn": LOGS_OF_ACCOUNT}}
    assert trusts["it-writer-role"]["Condition"] == {"StringEquals": {"sts:ExternalId": "111122223333"}}


def test_whoever_uses_a_place_for_logs_waits_until_it_takes_them(made: Evaluation) -> None:
    policies = of_type(made, "s3/bucketPolicy:BucketPolicy")
    waits = {each.name: set(each.dependencies) for each in made.filled.resources if each.name.startswith("user-")}
    assert policies["it-access-policy"].urn in waits["user-access"]
    assert policies["it-audit-policy"].urn in waits["user-audit"]
    assert policies["it-audit-policy"].urn in waits["user-flow"]
    assert only(made, "LogSubscriptionFilter").urn in waits["user-cluster"]
    # A subscription and a stream are tried when they are made, so their roles have their policies by then.
    written = of_type(made, "iam/rolePolicy:RolePolicy")
    assert written["it-sender-send"].urn in only(made, "LogSubscriptionFilter").dependencies
    assert written["it-writer-write"].urn in only(made, "FirehoseDeliveryStream").dependencies


def test_retentions_that_there_are_not(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate_component(tmp_path, COMPONENT, arguments(retention_days=0, log_group_days=100))
    assert "retention_days: got 0" in str(raised.value)
    assert "log_group_days: got 100" in str(raised.value)
