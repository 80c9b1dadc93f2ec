"""Airflow that Google runs, Cloud Composer 3, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
from pulumi.errors import InputPropertyErrorDetails

from components.errors import ArgumentsError, problem
from components.gcp.airflow_sizes import RESILIENT_COUNT, SIZES, workloads
from components.gcp.facts import GcpEnvironment, GcpNetworkFacts
from components.gcp.maintenance import GcpMaintenanceWindow, window_problems
from components.gcp.names import airflow_account_id
from components.keeping import keep, released
from components.versions import COMPOSER_AIRFLOW

__all__ = ["GcpManagedAirflow", "GcpManagedAirflowArgs"]

MOST_WORKERS: Final = 100
WEEKLY_HOURS: Final = 12
"""Hours of maintenance that Composer wants in a week, at least."""

LONGEST_ACCOUNT: Final = 30
METADATA_DAYS: Final = 60


class GcpManagedAirflowArgs(TypedDict):
    """Which environment of managed Airflow is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    network: GcpNetworkFacts
    """The network that its tasks reach others in."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of its database, bucket, queues, images and disks; the service agents of all of these, and
    Composer's, may use it."""
    size: str
    """``small``, ``medium`` or ``large``."""
    min_workers: int
    """Workers that always run."""
    max_workers: int
    """The most workers that ever run, to 100."""
    high_availability: bool
    """Whether it survives the loss of a zone; it has at least two of each process then."""
    maintenance: GcpMaintenanceWindow
    """When Google may upgrade it; at least 12 hours a week are given, whatever ``hours`` says."""
    buckets: Mapping[str, pulumi.Input[str]]
    """Names of the buckets that its tasks read and write, by store."""
    packages: NotRequired[Mapping[str, str]]
    """Python packages, each with the versions that it may have, such as ``==1.2.3``."""


def image_version() -> str:
    """Return the pinned image; without a build, because Composer offers each build for a few weeks only."""
    return f"composer-3-airflow-{COMPOSER_AIRFLOW.removeprefix('v')}"


def maintenance_window(window: GcpMaintenanceWindow) -> gcp.composer.EnvironmentConfigMaintenanceWindowArgsDict:
    """Return the weekly window as Composer wants it: a first time in the past, an end, and a recurrence."""
    hour, minute = (int(part) for part in window["start_time"].split(":"))
    end = hour + max(WEEKLY_HOURS, int(window["hours"]))
    days, end_hour = divmod(end, 24)
    return {
        "start_time": f"1970-01-01T{hour:02}:{minute:02}:00Z",
        "end_time": f"1970-01-{1 + days:02}T{end_hour:02}:{minute:02}:00Z",
        "recurrence": f"FREQ=WEEKLY;BYDAY={window['day'][:2].upper()}",
    }


def argument_problems(args: GcpManagedAirflowArgs) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the arguments."""
    found = window_problems(args["maintenance"])
    if args["size"] not in SIZES:
        found.append(problem("size", f"got {args['size']!r}; allowed: {', '.join(SIZES)}"))
    least = RESILIENT_COUNT if args["high_availability"] else 1
    smallest, largest = int(args["min_workers"]), int(args["max_workers"])
    if not least <= largest <= MOST_WORKERS:
        found.append(problem("max_workers", f"got {largest}; allowed: {least} to {MOST_WORKERS}"))
    if not 1 <= smallest <= largest:
        found.append(problem("min_workers", f"got {smallest}; allowed: 1 to max_workers, {largest}"))
    account = airflow_account_id(args["environment"]["name"])
    if len(account) > LONGEST_ACCOUNT:
        rule = f"at most {LONGEST_ACCOUNT} characters"
        found.append(problem("environment.name", f"makes {account!r}; allowed: {rule}"))
    return found


class GcpManagedAirflow(pulumi.ComponentResource):
    """A private Cloud Composer environment with a service account of its own.

    Its tasks reach the internet through the network's NAT only, and read and write the buckets given. Composer makes
    its own bucket for DAGs and logs. It does not let anybody open Airflow's pages: ``roles/composer.user`` in the
    project is for people to grant.
    """

    airflow_uri: pulumi.Output[str]
    """Address of Airflow's pages and API."""
    dag_prefix: pulumi.Output[str]
    """Where DAGs go, ``gs://<bucket>/dags``."""
    service_account: pulumi.Output[str]
    """Email of the service account that tasks run as, known once it may."""

    def __init__(self, name: str, args: GcpManagedAirflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpManagedAirflow", name, {}, opts)
        if found := argument_problems(args):
            raise ArgumentsError(f"managed Airflow {name}", found)
        self._name, self._args = name, args
        environment = args["environment"]
        account = gcp.serviceaccount.Account(
            f"{name}-account",
            account_id=airflow_account_id(environment["name"]),
            project=environment["project"],
            display_name="Managed Airflow",
            description=f"Tasks of managed Airflow in {environment['name']}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.service_account = pulumi.Output.all(account.email, *self._rights(account)).apply(
            lambda ready: str(ready[0])
        )
        resource = self._environment()
        self.airflow_uri = resource.config.apply(lambda config: str(config.airflow_uri))
        self.dag_prefix = resource.config.apply(lambda config: str(config.dag_gcs_prefix))
        self.register_outputs(
            {
                "airflowUri": self.airflow_uri,
                "dagPrefix": self.dag_prefix,
                "serviceAccount": self.service_account,
            }
        )

    def _rights(self, account: gcp.serviceaccount.Account) -> Sequence[pulumi.Output[str]]:
        """Grant what the environment needs; the service account can be used once all of it is there."""
        worker = gcp.projects.IAMMember(
            f"{self._name}-worker",
            project=self._args["environment"]["project"],
            role="roles/composer.worker",
            member=account.member,
            opts=pulumi.ResourceOptions(parent=self),
        )
        stores = [
            gcp.storage.BucketIAMMember(
                f"{self._name}-write-{store}",
                bucket=bucket,
                role="roles/storage.objectUser",
                member=account.member,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for store, bucket in sorted(self._args["buckets"].items())
        ]
        return [worker.id, *(grant.id for grant in stores)]

    def _environment(self) -> gcp.composer.Environment:
        args, environment = self._args, self._args["environment"]
        size, resilient = SIZES[args["size"]], args["high_availability"]
        node_config: gcp.composer.EnvironmentConfigNodeConfigArgsDict = {
            "network": args["network"]["network"],
            "subnetwork": args["network"]["subnetwork"],
            "service_account": self.service_account,
        }
        config: gcp.composer.EnvironmentConfigArgsDict = {
            "environment_size": size.environment_size,
            "enable_private_environment": True,
            # Builds reach the internet only where there are packages to fetch from it.
            "enable_private_builds_only": not args.get("packages"),
            "node_config": node_config,
            "encryption_config": {"kms_key_name": args["key_id"]},
            "software_config": {
                "image_version": image_version(),
                "pypi_packages": dict(args.get("packages", {})),
            },
            "workloads_config": workloads(
                size,
                min_workers=int(args["min_workers"]),
                max_workers=int(args["max_workers"]),
                resilient=resilient,
            ),
            "maintenance_window": maintenance_window(args["maintenance"]),
            "data_retention_config": {
                "airflow_metadata_retention_configs": [
                    {"retention_mode": "RETENTION_MODE_ENABLED", "retention_days": METADATA_DAYS}
                ]
            },
        }
        if resilient:
            config["resilience_mode"] = "HIGH_RESILIENCE"
        return gcp.composer.Environment(
            f"{self._name}-environment",
            name=environment["name"],
            project=environment["project"],
            region=environment["region"],
            config=config,
            labels=environment["resource_labels"],
            deletion_policy="DELETE" if released("airflow", environment["let_go"]) else "PREVENT",
            opts=keep(self, "airflow", environment["let_go"]),
        )
