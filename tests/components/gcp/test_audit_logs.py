from pathlib import Path
from typing import Any

import pytest

from components.gcp.audit_logs import lifecycle_rules
from components.gcp.log_filters import filters
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, evaluate_component, of_type, only

COMPONENT = "components.gcp.audit_logs:GcpAuditLogs"
ACCESS = "components.gcp.access_logs:GcpAccessLogs"
ARGS: dict[str, Any] = {
    "environment": GCP_ENVIRONMENT,
    "cluster_name": "mlp-test",
    "key_id": GCP_KEYS["stores"],
    "access_log_bucket": "mlp-test-access-logs-111122223333",
    "retention_days": 365.0,
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("logs"), COMPONENT, ARGS)


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = {key: ARGS[key] for key in ("environment", "key_id", "retention_days")}
    return evaluate_component(tmp_path_factory.mktemp("access"), ACCESS, args)


@pytest.mark.parametrize("of", ["logs", "access"])
def test_logs_are_private_encrypted_and_kept(of: str, request: pytest.FixtureRequest) -> None:
    bucket = only(request.getfixturevalue(of), "storage/bucket:Bucket")
    assert bucket.inputs["publicAccessPrevention"] == "enforced"
    assert bucket.inputs["uniformBucketLevelAccess"] is True
    assert bucket.inputs["encryption"] == {"defaultKmsKeyName": GCP_KEYS["stores"]}
    assert bucket.inputs["deletionPolicy"] == "PREVENT"
    assert (bucket.options.protect, bucket.options.retain_on_delete) == (True, True)


def test_nobody_changes_a_log_before_its_day(logs: Evaluation) -> None:
    bucket = only(logs, "storage/bucket:Bucket").inputs
    assert bucket["name"] == "mlp-test-audit-logs-111122223333"
    assert bucket["retentionPolicy"] == {"isLocked": False, "retentionPeriod": str(365 * 24 * 3600)}
    assert bucket["logging"]["logBucket"] == ARGS["access_log_bucket"]


def test_retention_is_locked_for_ever_only_where_that_is_asked_for(tmp_path: Path) -> None:
    bucket = only(evaluate_component(tmp_path, COMPONENT, {**ARGS, "lock": True}), "storage/bucket:Bucket")
    assert bucket.inputs["retentionPolicy"]["isLocked"] is True


def test_logs_get_colder_and_then_go() -> None:
    def ages(days: int) -> dict[str, int]:
        return {
            rule["action"].get("storage_class", rule["action"]["type"]): rule["condition"]["age"]
            for rule in lifecycle_rules(days)
        }

    assert ages(400) == {"NEARLINE": 30, "COLDLINE": 90, "ARCHIVE": 365, "Delete": 400}
    assert ages(60) == {"NEARLINE": 30, "Delete": 60}


def test_each_sink_may_write_as_itself(logs: Evaluation) -> None:
    sinks = of_type(logs, "logging/projectSink:ProjectSink")
    assert {name: each.inputs["filter"] for name, each in sinks.items()} == {
        f"it-{kind}": selected for kind, selected in filters("mlp-test").items()
    }
    writers = of_type(logs, "storage/bucketIAMMember:BucketIAMMember")
    for name, sink in sinks.items():
        assert sink.inputs["uniqueWriterIdentity"] is True
        assert sink.inputs["destination"] == "storage.googleapis.com/mlp-test-audit-logs-111122223333"
        writer = writers[f"{name}-writer"]
        assert writer.inputs["role"] == "roles/storage.objectCreator"
        assert sink.urn in writer.property_dependencies["member"]


def test_pods_logs_are_not_kept_and_no_entry_twice() -> None:
    found = filters("mlp-test")
    assert "k8s_container" not in "".join(found.values())
    assert 'NOT logName:"cloudaudit.googleapis.com"' in found["cluster"]
    assert 'resource.labels.cluster_name="mlp-test"' in found["cluster"]
    assert 'log_id("compute.googleapis.com/vpc_flows")' in found["network"]


def test_every_access_to_secrets_keys_and_objects_is_logged(logs: Evaluation) -> None:
    audited = {
        each.inputs["service"]: {config["logType"] for config in each.inputs["auditLogConfigs"]}
        for each in of_type(logs, "projects/iAMAuditConfig:IAMAuditConfig").values()
    }
    services = {"secretmanager.googleapis.com", "cloudkms.googleapis.com", "storage.googleapis.com"}
    assert services < set(audited)
    assert all(kinds == {"ADMIN_READ", "DATA_READ", "DATA_WRITE"} for kinds in audited.values())


def test_access_logs_are_delivered_by_google_and_by_nobody_else(access: Evaluation) -> None:
    grant = only(access, "storage/bucketIAMMember:BucketIAMMember").inputs
    assert grant["member"] == "group:cloud-storage-analytics@google.com"
    assert grant["role"] == "roles/storage.objectCreator"
    bucket = only(access, "storage/bucket:Bucket").inputs
    assert bucket["name"] == ARGS["access_log_bucket"]
    assert bucket["versioning"] == {"enabled": True}


def test_logs_that_are_let_go_may_be_deleted(tmp_path: Path) -> None:
    args = {**ARGS, "environment": {**GCP_ENVIRONMENT, "let_go": ["logs"]}}
    bucket = only(evaluate_component(tmp_path, COMPONENT, args), "storage/bucket:Bucket")
    assert (bucket.options.protect, bucket.inputs["deletionPolicy"]) == (False, "DELETE")


@pytest.mark.parametrize(("component", "days"), [(COMPONENT, 0), (COMPONENT, 36501), (ACCESS, 0)])
def test_days_that_make_no_sense_are_refused(tmp_path: Path, component: str, days: int) -> None:
    with pytest.raises(EvaluationError, match=f"retention_days: got {days}; allowed"):
        evaluate_component(tmp_path, component, {**ARGS, "retention_days": days})
