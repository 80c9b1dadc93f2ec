"""A BigQuery dataset, as a Pulumi component."""

import re
from collections.abc import Mapping
from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.names import dataset_id
from components.keeping import keep, released

__all__ = ["GcpDataset", "GcpDatasetArgs"]

DATASET_ID: Final = re.compile(r"[A-Za-z0-9_]{1,1024}")
"""ID of a dataset."""

TIME_TRAVEL_HOURS: Final = "168"
"""How far back a table can be read as it was: 7 days, the longest that BigQuery has."""


class GcpDatasetArgs(TypedDict):
    """Which dataset is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    dataset_name: str
    """Name of the dataset in the environment, such as ``scores``."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of tables; BigQuery's service agent may use it."""
    readers: Mapping[str, pulumi.Input[str]]
    """IAM members that read tables, by a name for each: ``group:analysts@example.com``, or a ``principal://``."""
    writers: Mapping[str, pulumi.Input[str]]
    """IAM members that make, load and change tables, by a name for each."""


def dataset_member(member: str) -> str:
    """Return an IAM member as grants on datasets spell it: what is no user, group or account has a prefix there."""
    return f"iamMember:{member}" if member.startswith(("principal:", "principalSet:")) else member


class GcpDataset(pulumi.ComponentResource):
    """A dataset whose tables are encrypted with the environment's key and never expire by themselves.

    Only those given may read it: it has its own list of rights, without those that a project's viewers and editors
    get where there is none. It runs no queries; who does needs ``roles/bigquery.jobUser`` in the project that pays.
    """

    dataset: pulumi.Output[str]
    """ID of the dataset in its project, known once its rights are granted."""

    def __init__(self, name: str, args: GcpDatasetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpDataset", name, {}, opts)
        environment = args["environment"]
        physical = dataset_id(environment["name"], args["dataset_name"])
        if not DATASET_ID.fullmatch(physical):
            rule = "letters, digits, hyphens and underscores"
            found = problem("dataset_name", f"got {args['dataset_name']!r}; allowed: {rule}")
            raise ArgumentsError(f"dataset {args['dataset_name']}", [found])
        thing = f"datasets.{args['dataset_name']}"
        dataset = gcp.bigquery.Dataset(
            f"{name}-dataset",
            dataset_id=physical,
            friendly_name=args["dataset_name"],
            description=f"{args['dataset_name']} of {environment['name']}",
            project=environment["project"],
            location=environment["region"],
            default_encryption_configuration={"kms_key_name": args["key_id"]},
            max_time_travel_hours=TIME_TRAVEL_HOURS,
            # The list that it begins with; each grant is a resource of its own after that.
            accesses=[{"role": "OWNER", "special_group": "projectOwners"}],
            labels=environment["resource_labels"],
            delete_contents_on_destroy=False,
            deletion_policy="DELETE" if released(thing, environment["let_go"]) else "PREVENT",
            opts=keep(self, thing, environment["let_go"], ignore_changes=["accesses"]),
        )
        grants = [
            gcp.bigquery.DatasetIamMember(
                f"{name}-{right}-{who}",
                project=environment["project"],
                dataset_id=dataset.dataset_id,
                role=role,
                member=pulumi.Output.from_input(member).apply(dataset_member),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for right, role, members in (
                ("reader", "roles/bigquery.dataViewer", args["readers"]),
                ("writer", "roles/bigquery.dataEditor", args["writers"]),
            )
            for who, member in sorted(members.items())
        ]
        self.dataset = pulumi.Output.all(dataset.dataset_id, *(grant.id for grant in grants)).apply(
            lambda ready: str(ready[0])
        )
        self.register_outputs({"dataset": self.dataset})
