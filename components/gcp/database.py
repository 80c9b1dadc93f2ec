"""A Cloud SQL for PostgreSQL database, as a Pulumi component."""

from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random
from pulumi.errors import InputPropertyErrorDetails

from components.contracts import Database, DatabaseArgs
from components.errors import ArgumentsError, problem
from components.gcp.database_sizes import max_connections, shape_problem, tier
from components.gcp.facts import GcpEnvironment, GcpNetworkFacts
from components.gcp.maintenance import DAYS, GcpMaintenanceWindow, start_hour, window_problems
from components.gcp.names import database_instance_name
from components.keeping import keep, released
from components.postgres_names import RESERVED_DATABASES, reserved_roles, role_is_reserved
from components.versions import POSTGRESQL

__all__ = ["GcpDatabase", "GcpDatabaseArgs"]

PORT: Final = 5432

DEFAULT_BACKUP_DAYS: Final = 7
MOST_BACKUP_DAYS: Final = 35
MOST_LOG_DAYS: Final = 7
"""Days for which the Enterprise edition keeps transaction logs, which lead to a point in time between backups."""

LEAST_STORAGE_GIB: Final = 10
MOST_STORAGE_GIB: Final = 65536

BACKUP_START: Final = "01:00"
FINAL_BACKUP_DAYS: Final = 30

LOG_FLAGS: Final = {
    "cloudsql.enable_pgaudit": "on",
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_duration": "on",
    "log_hostname": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "error",
    "log_min_messages": "warning",
    "log_statement": "ddl",
    "log_temp_files": "0",
    "pgaudit.log": "ddl,role",
}
"""Flags of what is logged: who connects and for how long, and changes of structure and rights. Never the text of
queries, which has people's data in it."""


class GcpDatabaseArgs(TypedDict):
    """Which database is wanted."""

    environment: GcpEnvironment
    """The environment that it belongs to."""
    database_name: str
    """Name of the database."""
    database: DatabaseArgs
    """What is asked of it."""
    network: GcpNetworkFacts
    """The network from which it is reached, through private service access."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of disks and backups; Cloud SQL's service agent may use it."""
    maintenance: GcpMaintenanceWindow
    """When Google may restart it for an upgrade."""


def flags(connections: int) -> list[gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgsDict]:
    """Return the instance's flags; the number of connections is said, so that an alert can be a part of it."""
    values = {**LOG_FLAGS, "cloudsql.iam_authentication": "on", "max_connections": str(connections)}
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def backups(days: int, region: str) -> gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgsDict:
    """Return daily backups that are kept for ``days`` in ``region``, and the logs between them."""
    return {
        "enabled": True,
        "start_time": BACKUP_START,
        "location": region,
        "point_in_time_recovery_enabled": True,
        "transaction_log_retention_days": min(days, MOST_LOG_DAYS),
        "backup_retention_settings": {"retained_backups": days, "retention_unit": "COUNT"},
    }


def argument_problems(args: GcpDatabaseArgs) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the arguments."""
    database = args["database"]
    found = window_problems(args["maintenance"])
    storage, days = int(database["storage_gib"]), int(database.get("backup_days", DEFAULT_BACKUP_DAYS))
    if not LEAST_STORAGE_GIB <= storage <= MOST_STORAGE_GIB:
        rule = f"{LEAST_STORAGE_GIB} to {MOST_STORAGE_GIB}"
        found.append(problem("database.storage_gib", f"got {storage}; allowed: {rule}"))
    if not 1 <= days <= MOST_BACKUP_DAYS:
        found.append(problem("database.backup_days", f"got {days}; allowed: 1 to {MOST_BACKUP_DAYS}"))
    if "shape" in database and (reason := shape_problem(database["shape"])):
        found.append(problem("database.shape", reason))
    if args["database_name"] in RESERVED_DATABASES:
        rule = f"none of {', '.join(RESERVED_DATABASES)}"
        found.append(problem("database_name", f"got {args['database_name']!r}; allowed: {rule}"))
    if role_is_reserved(database["owner"]):
        rule = f"a role of its own, and none of {reserved_roles()}"
        found.append(problem("database.owner", f"got {database['owner']!r}; allowed: {rule}"))
    return found


class GcpDatabase(pulumi.ComponentResource):
    """One Cloud SQL instance with one database, reached from the network only and over TLS only.

    Clients need no certificate of their own, which charts and drivers could not be given by an address; whoever can
    log in without a password uses IAM, which is on. The owner is a member of ``cloudsqlsuperuser``, the role that
    Cloud SQL lets own databases. The disk grows by itself and never shrinks.

    Cloud SQL may refuse the name of a deleted instance for a week.
    """

    dsn: pulumi.Output[str]
    """``postgresql://user:password@host:port/name?sslmode=require``; a secret."""
    password: pulumi.Output[str]
    """The owner's password; a secret."""
    instance: pulumi.Output[str]
    """Name of the instance, for alerts and grants."""
    max_connections: pulumi.Output[int]
    """Connections that the instance takes."""

    def __init__(self, name: str, args: GcpDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpDatabase", name, {}, opts)
        self._name, self._args = name, args
        environment, database_name, owner = args["environment"], args["database_name"], args["database"]["owner"]
        if found := argument_problems(args):
            raise ArgumentsError(f"database {database_name}", found)
        self._thing = f"databases.{database_name}"
        connections = max_connections(args["database"].get("shape"))
        instance = self._instance(connections)
        database = gcp.sql.Database(
            f"{name}-database",
            name=database_name,
            project=environment["project"],
            instance=instance.name,
            charset="UTF8",
            # It goes with its instance.
            deletion_policy="ABANDON",
            opts=keep(self, self._thing, environment["let_go"]),
        )
        # Every kind of character that the instance's rules for passwords want, and none that has to be escaped in an
        # address: the password is part of one.
        password = random.RandomPassword(
            f"{name}-password",
            length=32,
            special=True,
            override_special="-_",
            min_lower=1,
            min_upper=1,
            min_numeric=1,
            min_special=1,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.password = pulumi.Output.secret(password.result)
        user = gcp.sql.User(
            f"{name}-owner",
            name=owner,
            project=environment["project"],
            instance=instance.name,
            type="BUILT_IN",
            password=self.password,
            # PostgreSQL refuses to remove a role that owns anything; it goes with its instance.
            deletion_policy="ABANDON",
            opts=keep(self, self._thing, environment["let_go"]),
        )
        # The address is known once somebody can log in.
        host = pulumi.Output.all(instance.private_ip_address, database.id, user.id).apply(lambda ready: str(ready[0]))
        self.dsn = pulumi.Output.format(
            "postgresql://{0}:{1}@{2}:{3}/{4}?sslmode=require", owner, self.password, host, PORT, database_name
        )
        self.instance = instance.name
        self.max_connections = pulumi.Output.from_input(connections)
        self.facts = Database(
            name=database_name, host=host, port=PORT, user=owner, password=self.password, dsn=self.dsn
        )
        self.register_outputs(
            {
                "dsn": self.dsn,
                "password": self.password,
                "instance": self.instance,
                "maxConnections": self.max_connections,
            }
        )

    def _instance(self, connections: int) -> gcp.sql.DatabaseInstance:
        args, environment, database = self._args, self._args["environment"], self._args["database"]
        kept = not released(self._thing, environment["let_go"])
        return gcp.sql.DatabaseInstance(
            f"{self._name}-instance",
            name=database_instance_name(environment["name"], args["database_name"]),
            project=environment["project"],
            region=environment["region"],
            database_version=f"POSTGRES_{POSTGRESQL.removeprefix('v')}",
            encryption_key_name=args["key_id"],
            deletion_protection=kept,
            final_backup_description=f"Last backup of {args['database_name']} of {environment['name']}",
            settings={
                # Without it, PostgreSQL 16 and later are Enterprise Plus, which has other machines.
                "edition": "ENTERPRISE",
                "tier": tier(database.get("shape")),
                "activation_policy": "ALWAYS",
                "availability_type": "REGIONAL" if database.get("high_availability", False) else "ZONAL",
                "disk_type": "PD_SSD",
                "disk_size": int(database["storage_gib"]),
                "disk_autoresize": True,
                "ip_configuration": {
                    "ipv4_enabled": False,
                    "private_network": args["network"]["private_services"],
                    "ssl_mode": "ENCRYPTED_ONLY",
                },
                "backup_configuration": backups(
                    int(database.get("backup_days", DEFAULT_BACKUP_DAYS)), environment["region"]
                ),
                "retain_backups_on_delete": True,
                "final_backup_config": {"enabled": True, "retention_days": FINAL_BACKUP_DAYS},
                "database_flags": flags(connections),
                "insights_config": {
                    "query_insights_enabled": True,
                    "query_string_length": 1024,
                    "record_application_tags": True,
                    "record_client_address": False,
                },
                "maintenance_window": {
                    "day": DAYS[args["maintenance"]["day"]],
                    "hour": start_hour(args["maintenance"]),
                    "update_track": "stable",
                },
                "password_validation_policy": {
                    "enable_password_policy": True,
                    "min_length": 16,
                    "complexity": "COMPLEXITY_DEFAULT",
                    "reuse_interval": 5,
                },
                "deletion_protection_enabled": kept,
                "user_labels": environment["resource_labels"],
            },
            opts=keep(self, self._thing, environment["let_go"]),
        )
