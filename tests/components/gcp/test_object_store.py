"""Buckets: private, encrypted, kept, and announcing their new objects."""

from typing import Any

import pytest

from components.gcp.object_store import lifecycle_rules
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, evaluate_component, of_type, only

COMPONENT = "components.gcp.object_store:GcpObjectStore"
BUCKET = "storage/bucket:Bucket"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "store_name": "datasets",
        "store": {"retention_days": 90, "update_events": True},
        "key_id": GCP_KEYS["stores"],
        "access_log_bucket": "mlp-test-access-logs-111122223333",
        **changes,
    }


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("store"), COMPONENT, arguments())


@pytest.fixture(scope="module")
def let_go(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    environment = {**GCP_ENVIRONMENT, "let_go": ["stores.datasets"]}
    args = arguments(environment=environment, store={"retention_days": 0})
    return evaluate_component(tmp_path_factory.mktemp("store"), COMPONENT, args)


def test_the_bucket_is_private_encrypted_versioned_and_logged(announced: Evaluation) -> None:
    inputs = only(announced, BUCKET).inputs
    assert inputs["name"] == "mlp-test-datasets-111122223333"
    assert inputs["location"] == "EUROPE-WEST1"
    assert inputs["uniformBucketLevelAccess"] is True
    assert inputs["publicAccessPrevention"] == "enforced"
    assert inputs["encryption"] == {"defaultKmsKeyName": GCP_KEYS["stores"]}
    assert inputs["versioning"] == {"enabled": True}
    assert inputs["softDeletePolicy"] == {"retentionDurationSeconds": 604800}
    assert inputs["logging"] == {"logBucket": "mlp-test-access-logs-111122223333", "logObjectPrefix": "datasets"}
    assert inputs["labels"] == GCP_ENVIRONMENT["resource_labels"]


def test_the_bucket_is_kept_until_it_is_let_go_and_never_emptied(announced: Evaluation, let_go: Evaluation) -> None:
    kept, released = only(announced, BUCKET), only(let_go, BUCKET)
    assert (kept.options.protect, kept.options.retain_on_delete, kept.inputs["deletionPolicy"]) == (
        True,
        True,
        "PREVENT",
    )
    assert (released.options.protect, released.options.retain_on_delete, released.inputs["deletionPolicy"]) == (
        False,
        False,
        "DELETE",
    )
    assert kept.inputs["forceDestroy"] is released.inputs["forceDestroy"] is False


def test_objects_expire_only_where_that_is_asked_for() -> None:
    clean = [
        {"action": {"type": "Delete"}, "condition": {"days_since_noncurrent_time": 30, "with_state": "ARCHIVED"}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
    ]
    expiry = {"action": {"type": "Delete"}, "condition": {"age": 90, "with_state": "LIVE"}}
    assert lifecycle_rules(0) == clean
    assert lifecycle_rules(90) == [expiry, *clean]


def test_only_what_is_kept_for_ever_moves_to_colder_storage(announced: Evaluation, let_go: Evaluation) -> None:
    assert only(announced, BUCKET).inputs["autoclass"] == {"enabled": False}
    assert only(let_go, BUCKET).inputs["autoclass"] == {"enabled": True, "terminalStorageClass": "ARCHIVE"}


def test_the_notification_waits_for_the_right_to_publish(announced: Evaluation) -> None:
    notification = only(announced, "storage/notification:Notification")
    grants = of_type(announced, "pubsub/topicIAMMember:TopicIAMMember")
    publisher = grants["it-updates-publisher"]
    assert notification.inputs["eventTypes"] == ["OBJECT_FINALIZE"]
    assert (
        publisher.inputs["member"] == "serviceAccount:service-111122223333@gs-project-accounts.iam.gserviceaccount.com"
    )
    assert publisher.inputs["role"] == "roles/pubsub.publisher"
    assert publisher.inputs["topic"] == "mlp-test-datasets-updates"
    assert publisher.urn in notification.dependencies


def test_announcements_are_encrypted_stay_in_the_region_and_none_is_dropped(announced: Evaluation) -> None:
    topics = of_type(announced, "pubsub/topic:Topic").values()
    assert {topic.inputs["name"] for topic in topics} == {
        "mlp-test-datasets-updates",
        "mlp-test-datasets-updates-dead-letters",
    }
    for topic in topics:
        assert topic.inputs["kmsKeyName"] == GCP_KEYS["stores"]
        assert topic.inputs["messageStoragePolicy"] == {"allowedPersistenceRegions": ["europe-west1"]}
    subscriptions = of_type(announced, "pubsub/subscription:Subscription")
    work, dead = subscriptions["it-updates-subscription"], subscriptions["it-updates-dead-letter-subscription"]
    assert {each.inputs["expirationPolicy"]["ttl"] for each in (work, dead)} == {""}
    assert work.inputs["deadLetterPolicy"]["maxDeliveryAttempts"] == 10
    # Dead letters without a subscription are dropped.
    assert dead.urn in work.dependencies
    pubsub = "serviceAccount:service-111122223333@gcp-sa-pubsub.iam.gserviceaccount.com"
    forwards = of_type(announced, "pubsub/topicIAMMember:TopicIAMMember")["it-updates-dead-letter-publisher"]
    acknowledges = only(announced, "pubsub/subscriptionIAMMember:SubscriptionIAMMember")
    assert (forwards.inputs["member"], forwards.inputs["topic"]) == (pubsub, "mlp-test-datasets-updates-dead-letters")
    assert (acknowledges.inputs["member"], acknowledges.inputs["subscription"]) == (pubsub, "mlp-test-datasets-updates")


def test_a_store_that_announces_nothing_has_no_topic(let_go: Evaluation) -> None:
    assert [each.short_type for each in let_go.filled.resources if each.type.startswith("gcp:")] == ["Bucket"]


def test_a_negative_retention_is_refused(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match=r"object store datasets: store\.retention_days: got -1"):
        evaluate_component(tmp_path, COMPONENT, arguments(store={"retention_days": -1}))
