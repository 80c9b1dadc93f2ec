"""Announcements of a bucket's new objects over Pub/Sub, as a Pulumi component."""

from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.gcp.facts import GcpEnvironment
from components.gcp.names import update_topic_name
from components.gcp.service_agents import member

__all__ = ["GcpUpdateEvents", "GcpUpdateEventsArgs", "GcpUpdateEventsFacts"]

ACKNOWLEDGE_SECONDS: Final = 600
"""How long a subscriber may take over one announcement before it is given out again; the longest that Pub/Sub has."""

DELIVERY_ATTEMPTS: Final = 10
"""How often an announcement is given out before it goes to the dead letters."""

RETENTION: Final = "604800s"
"""How long an announcement that nobody has taken is kept: 7 days."""

LONGEST_RETENTION: Final = "2678400s"
"""How long dead letters are kept: 31 days, the longest that Pub/Sub has."""


class GcpUpdateEventsArgs(TypedDict):
    """Which bucket's new objects are announced."""

    environment: GcpEnvironment
    """The environment that the bucket belongs to."""
    store_name: str
    """Name of the store in the environment."""
    bucket: pulumi.Input[str]
    """Name of the bucket."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of messages; Pub/Sub's service agent may use it."""


class GcpUpdateEventsFacts(TypedDict):
    """Where new objects are announced."""

    topic: pulumi.Input[str]
    """ID of the topic, ``projects/<project>/topics/<name>``, known once new objects are announced there."""
    subscription: str
    """Name of the subscription that whoever starts work pulls from."""
    dead_letter_subscription: str
    """Name of the subscription that holds what nobody could work off."""


class GcpUpdateEvents(pulumi.ComponentResource):
    """A topic that hears of every object that is finished in a bucket, and a subscription that waits for work.

    What could not be worked off goes to dead letters and stays there for 31 days. It grants nobody the right to pull:
    that belongs to whoever starts the work.
    """

    topic: pulumi.Output[str]
    """ID of the topic, known once new objects are announced there."""
    subscription: pulumi.Output[str]
    """ID of the subscription, known once its dead letters have where to go."""

    def __init__(self, name: str, args: GcpUpdateEventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpUpdateEvents", name, {}, opts)
        self._args = args
        environment = args["environment"]
        number = environment["project_number"]
        physical = update_topic_name(environment["name"], args["store_name"])
        dead_letters = f"{physical}-dead-letters"

        topic = self._topic(f"{name}-topic", physical)
        dead_topic = self._topic(f"{name}-dead-letter-topic", dead_letters)
        dead_subscription = self._subscription(
            f"{name}-dead-letter-subscription",
            dead_letters,
            topic=dead_topic.id,
            message_retention_duration=LONGEST_RETENTION,
        )
        pubsub_agent = member("pubsub", number)
        dead_publisher = gcp.pubsub.TopicIAMMember(
            f"{name}-dead-letter-publisher",
            project=environment["project"],
            topic=dead_topic.name,
            role="roles/pubsub.publisher",
            member=pubsub_agent,
            opts=pulumi.ResourceOptions(parent=self),
        )
        subscription = self._subscription(
            f"{name}-subscription",
            physical,
            topic=topic.id,
            message_retention_duration=RETENTION,
            dead_letter_policy={
                # Without somebody who holds them, dead letters are dropped.
                "dead_letter_topic": pulumi.Output.all(dead_topic.id, dead_subscription.id).apply(lambda ids: ids[0]),
                "max_delivery_attempts": DELIVERY_ATTEMPTS,
            },
        )
        # Pub/Sub acknowledges a message on the subscription after it has moved it to the dead letters.
        acknowledger = gcp.pubsub.SubscriptionIAMMember(
            f"{name}-dead-letter-subscriber",
            project=environment["project"],
            subscription=subscription.name,
            role="roles/pubsub.subscriber",
            member=pubsub_agent,
            opts=pulumi.ResourceOptions(parent=self),
        )
        publisher = gcp.pubsub.TopicIAMMember(
            f"{name}-publisher",
            project=environment["project"],
            topic=topic.name,
            role="roles/pubsub.publisher",
            member=member("storage", number),
            opts=pulumi.ResourceOptions(parent=self),
        )
        notification = gcp.storage.Notification(
            f"{name}-notification",
            bucket=args["bucket"],
            payload_format="JSON_API_V1",
            # Cloud Storage tries the topic when the notification is made, so the grant has to be there.
            topic=pulumi.Output.all(topic.id, publisher.id).apply(lambda ids: ids[0]),
            event_types=["OBJECT_FINALIZE"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.topic = pulumi.Output.all(topic.id, notification.id).apply(lambda ids: str(ids[0]))
        self.subscription = pulumi.Output.all(subscription.id, dead_publisher.id, acknowledger.id).apply(
            lambda ids: str(ids[0])
        )
        self.facts = GcpUpdateEventsFacts(
            topic=self.topic, subscription=physical, dead_letter_subscription=dead_letters
        )
        self.register_outputs({"topic": self.topic, "subscription": self.subscription})

    def _topic(self, name: str, physical: str) -> gcp.pubsub.Topic:
        environment = self._args["environment"]
        return gcp.pubsub.Topic(
            name,
            name=physical,
            project=environment["project"],
            kms_key_name=self._args["key_id"],
            labels=environment["resource_labels"],
            message_storage_policy={"allowed_persistence_regions": [environment["region"]]},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _subscription(
        self,
        name: str,
        physical: str,
        *,
        topic: pulumi.Input[str],
        message_retention_duration: str,
        dead_letter_policy: gcp.pubsub.SubscriptionDeadLetterPolicyArgsDict | None = None,
    ) -> gcp.pubsub.Subscription:
        environment = self._args["environment"]
        return gcp.pubsub.Subscription(
            name,
            name=physical,
            project=environment["project"],
            topic=topic,
            ack_deadline_seconds=ACKNOWLEDGE_SECONDS,
            message_retention_duration=message_retention_duration,
            # An empty time to live: a subscription that nobody pulls from for a month is not removed.
            expiration_policy={"ttl": ""},
            retry_policy={"minimum_backoff": "10s", "maximum_backoff": "600s"},
            dead_letter_policy=dead_letter_policy,
            labels=environment["resource_labels"],
            opts=pulumi.ResourceOptions(parent=self),
        )
