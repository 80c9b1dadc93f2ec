"""An RDS PostgreSQL database, as a Pulumi component."""

import re
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.aws.database_sizes import DEFAULT_SHAPE, database_class, smallest_with
from components.aws.facts import AwsEnvironment, AwsKeysFacts, AwsNetworkFacts
from components.aws.maintenance import AwsMaintenanceWindow, backup_window, database_window, window_problems
from components.aws.names import arn, database_identifier, database_monitoring_role_name, tags
from components.aws.outputs import ready
from components.aws.policies import trust
from components.aws.roles import service_role
from components.contracts import Database, DatabaseArgs, MachineShape
from components.errors import ArgumentsError, problem
from components.keeping import keep, released
from components.postgres_names import RESERVED_DATABASES, reserved_roles, role_is_reserved
from components.versions import POSTGRESQL

__all__ = ["AwsDatabase", "AwsDatabaseArgs", "parameters"]

PORT: Final = 5432
MAJOR_VERSION: Final = POSTGRESQL.removeprefix("v")
DEFAULT_BACKUP_DAYS: Final = 7
BACKUP_DAYS: Final = (1, 35)
STORAGE_GIB: Final = (20, 65536)
STORAGE_GROWTH: Final = 4
"""How many times its first size a disk may grow to."""

ZONES: Final = 2
"""Zones that the subnets of a database must at least be in, even of one whose server is in one of them."""

LOG_DAYS: Final = 365
LOGS: Final = ("postgresql", "upgrade")
"""Logs that RDS hands to CloudWatch."""

SLOW_MILLISECONDS: Final = 1000
"""Statements that take longer are logged."""

MONITORING_POLICY: Final = "service-role/AmazonRDSEnhancedMonitoringRole"
CERTIFICATE_AUTHORITY: Final = "rds-ca-rsa2048-g1"
EVENT_CATEGORIES: Final = ("failover", "failure", "low storage", "maintenance", "recovery")

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


class AwsDatabaseArgs(TypedDict):
    """Which database is wanted."""

    environment: AwsEnvironment
    """Where it is."""
    database_name: str
    """Name of the database."""
    database: DatabaseArgs
    """What is asked of it; the shape must be that of an RDS instance class."""
    network: AwsNetworkFacts
    """Network whose machines and pods may connect."""
    keys: AwsKeysFacts
    """KMS keys, of which it takes those of databases and logs."""
    maintenance: AwsMaintenanceWindow
    """When it may be interrupted; backups are made in the two hours before."""
    events_topic_arn: NotRequired[pulumi.Input[str]]
    """SNS topic that is told of failovers, failures and full disks; nobody is where it is left out."""


def parameters() -> list[aws.rds.ParameterGroupParameterArgsDict]:
    """Return what differs from RDS's defaults, or must not follow them: TLS only, and logs that tell what happened."""
    immediate = {
        # From version 18 on it lists the stages of a connection, and RDS refuses the 1 of earlier ones.
        "log_connections": "all",
        "log_disconnections": "1",
        "log_lock_waits": "1",
        "log_min_duration_statement": str(SLOW_MILLISECONDS),
        "log_statement": "ddl",
    }
    changed: list[aws.rds.ParameterGroupParameterArgsDict] = [
        {"name": name, "value": value, "apply_method": "immediate"} for name, value in immediate.items()
    ]
    # The value that RDS has by itself, with which it reports this method: another one would differ for ever.
    return [*changed, {"name": "rds.force_ssl", "value": "1", "apply_method": "pending-reboot"}]


def storage_limit_gib(storage_gib: int) -> int | None:
    """Return the size that a disk may grow to by itself; None where RDS allows no growth of at least a tenth."""
    limit = min(storage_gib * STORAGE_GROWTH, STORAGE_GIB[1])
    return limit if limit * 10 >= storage_gib * 11 else None


class AwsDatabase(pulumi.ComponentResource):
    """A PostgreSQL server of one database, in subnets that nothing outside the network reaches.

    The owner logs in by a password that is made once, because services such as the hub take no other. It is handed out
    as a secret and kept nowhere else: ``AwsSecret`` puts it into Secrets Manager and into the cluster. Nothing rotates
    it: whoever connects holds a copy, and would be locked out until the next deployment. ``pulumi up --replace`` of the
    password rotates it together with all copies that the program made.

    The server takes logins by IAM, for people: none of its users is made for them, so an administrator grants
    ``rds_iam`` to a user of the database and ``rds-db:connect`` to a role first. The boundary of pods leaves that right
    out, because it names a server by an ID that nobody knows before the server is there.

    AWS takes minor versions by itself, in the maintenance window. A next major version is refused: it is an outage
    that is planned and made outside the program, before the version moves here.

    To be deleted the server must have been let go by the environment. A last snapshot stays then, and the automated
    backups stay until they expire.
    """

    dsn: pulumi.Output[str]
    """``postgresql://user:password@host:port/name?sslmode=require``; a secret."""
    password: pulumi.Output[str]
    """The owner's password; a secret."""
    host: pulumi.Output[str]
    """Host name of the server."""
    identifier: pulumi.Output[str]
    """The server's identifier in RDS, by which metrics are found."""

    def __init__(self, name: str, args: AwsDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsDatabase", name, {}, opts)
        self._environment, self._database_name = args["environment"], args["database_name"]
        self._thing = f"databases.{self._database_name}"
        _refuse_impossible(self._database_name, args)
        owner = args["database"]["owner"]
        # Without special characters: the password is part of an address, and of configuration files of other programs.
        password = random.RandomPassword(
            f"{name}-password",
            length=32,
            special=False,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.password = pulumi.Output.secret(password.result)
        instance = self._instance(name, args)
        self.host, self.identifier = instance.address, instance.identifier
        address = "postgresql://{0}:{1}@{2}:{3}/{4}?sslmode=require"
        self.dsn = pulumi.Output.format(address, owner, self.password, self.host, PORT, self._database_name)
        if "events_topic_arn" in args:
            subscription = database_identifier(self._environment["name"], self._database_name)
            aws.rds.EventSubscription(
                f"{name}-events",
                name=subscription,
                sns_topic=args["events_topic_arn"],
                source_type="db-instance",
                source_ids=[self.identifier],
                event_categories=list(EVENT_CATEGORIES),
                tags=tags(self._environment, subscription),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.facts = Database(
            name=self._database_name, host=self.host, port=PORT, user=owner, password=self.password, dsn=self.dsn
        )
        self.register_outputs(
            {
                "dsn": self.dsn,
                "password": self.password,
                "host": self.host,
                "identifier": self.identifier,
            }
        )

    def _keep(self, **options: pulumi.Input[object]) -> pulumi.ResourceOptions:
        return keep(self, self._thing, self._environment["let_go"], **options)

    def _instance(self, name: str, args: AwsDatabaseArgs) -> aws.rds.Instance:
        environment, database, keys = self._environment, args["database"], args["keys"]
        kept = not released(self._thing, environment["let_go"])
        identifier = database_identifier(environment["name"], self._database_name)
        storage_gib = int(database["storage_gib"])
        # Another one for each life of the server, or the last snapshot of an earlier one would refuse its deletion.
        snapshot = random.RandomId(
            f"{name}-snapshot", byte_length=4, keepers={"identifier": identifier}, opts=_child_of(self)
        )
        log_groups = [
            aws.cloudwatch.LogGroup(
                f"{name}-log-{log}",
                name=f"/aws/rds/instance/{identifier}/{log}",
                retention_in_days=LOG_DAYS,
                kms_key_id=keys["logs"],
                tags=tags(environment, f"{identifier}-{log}"),
                opts=self._keep(),
            )
            for log in LOGS
        ]
        return aws.rds.Instance(
            f"{name}-instance",
            identifier=identifier,
            engine="postgres",
            engine_version=MAJOR_VERSION,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            instance_class=database_class(database.get("shape", DEFAULT_SHAPE)),
            allocated_storage=storage_gib,
            max_allocated_storage=storage_limit_gib(storage_gib),
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=keys["databases"],
            multi_az=bool(database.get("high_availability", False)),
            db_name=self._database_name,
            username=database["owner"],
            password=self.password,
            iam_database_authentication_enabled=True,
            port=PORT,
            ca_cert_identifier=CERTIFICATE_AUTHORITY,
            network_type="IPV4",
            publicly_accessible=False,
            db_subnet_group_name=self._subnet_group(name, args["network"], identifier),
            vpc_security_group_ids=[self._security_group(name, args["network"], identifier)],
            parameter_group_name=self._parameter_group(name, identifier),
            maintenance_window=database_window(args["maintenance"]),
            backup_window=backup_window(args["maintenance"]),
            backup_retention_period=int(database.get("backup_days", DEFAULT_BACKUP_DAYS)),
            delete_automated_backups=False,
            copy_tags_to_snapshot=True,
            skip_final_snapshot=False,
            final_snapshot_identifier=pulumi.Output.concat(identifier, "-final-", snapshot.hex),
            deletion_protection=kept,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=keys["databases"],
            performance_insights_retention_period=7,
            database_insights_mode="standard",
            monitoring_interval=60,
            monitoring_role_arn=self._monitoring_role(name, identifier),
            enabled_cloudwatch_logs_exports=list(LOGS),
            tags=tags(environment, identifier),
            # RDS makes log groups that are not there, without a key or an end, and they could not be made after that.
            opts=self._keep(depends_on=log_groups),
        )

    def _subnet_group(self, name: str, network: AwsNetworkFacts, identifier: str) -> pulumi.Output[str]:
        subnets = network["intra_subnets"]
        group = aws.rds.SubnetGroup(
            f"{name}-subnets",
            name=identifier,
            description=f"Subnets of the database {self._database_name}",
            subnet_ids=[subnets[zone] for zone in sorted(subnets)],
            tags=tags(self._environment, identifier),
            opts=self._keep(),
        )
        return group.name

    def _security_group(self, name: str, network: AwsNetworkFacts, identifier: str) -> pulumi.Output[str]:
        """Return the ID of the group, known once machines and pods may connect; it lets nothing out."""
        physical_name = f"{identifier}-database"
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name=physical_name,
            description=f"PostgreSQL of {identifier} from machines and pods",
            vpc_id=network["vpc_id"],
            tags=tags(self._environment, physical_name),
            opts=self._keep(),
        )
        clients = {"machines": network["vpc_cidr"], "pods": network["pod_cidr"]}
        if clients["pods"] == clients["machines"]:
            del clients["pods"]
        rules = [
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-from-{client}",
                security_group_id=group.id,
                description=f"PostgreSQL from {client}",
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                cidr_ipv4=cidr,
                tags=tags(self._environment, f"{physical_name}-from-{client}"),
                opts=_child_of(self),
            )
            for client, cidr in clients.items()
        ]
        return ready(group.id, *(rule.id for rule in rules))

    def _parameter_group(self, name: str, identifier: str) -> pulumi.Output[str]:
        family = f"postgres{MAJOR_VERSION}"
        # The version is part of the name: an upgrade needs the group of the next version beside that of the last.
        physical_name = f"{identifier}-{family}"
        group = aws.rds.ParameterGroup(
            f"{name}-parameters",
            name=physical_name,
            family=family,
            description=f"Parameters of {identifier}",
            parameters=parameters(),
            tags=tags(self._environment, physical_name),
            opts=_child_of(self),
        )
        return group.name

    def _monitoring_role(self, name: str, identifier: str) -> pulumi.Output[str]:
        environment = self._environment
        return service_role(
            f"{name}-monitoring",
            environment,
            role_name=database_monitoring_role_name(environment["name"], self._database_name),
            description=f"Reports metrics of the machine of {identifier}",
            trusted=trust(
                "MonitoringOfTheDatabase",
                {"Service": "monitoring.rds.amazonaws.com"},
                condition={
                    "StringEquals": {"aws:SourceAccount": environment["account_id"]},
                    "ArnEquals": {"aws:SourceArn": arn(environment, "rds", f"db:{identifier}")},
                },
            ),
            managed=[MONITORING_POLICY],
            options=_child_of(self),
        ).arn


def _child_of(parent: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=parent)


def _refuse_impossible(database_name: str, args: AwsDatabaseArgs) -> None:
    database, zones = args["database"], len(args["network"]["intra_subnets"])
    found = window_problems(args["maintenance"])
    if not _NAME.fullmatch(database_name) or database_name in RESERVED_DATABASES:
        allowed = (
            f"letters, digits and underscores, beginning with a letter, and none of {', '.join(RESERVED_DATABASES)}"
        )
        found.append(problem("database_name", f"got {database_name!r}; allowed: {allowed}"))
    owner = database["owner"]
    if not _NAME.fullmatch(owner) or role_is_reserved(owner):
        allowed = f"letters, digits and underscores, beginning with a letter, and none of {reserved_roles()}"
        found.append(problem("database.owner", f"got {owner!r}; allowed: {allowed}"))
    limits = {"storage_gib": STORAGE_GIB, "backup_days": BACKUP_DAYS}
    values = {"storage_gib": database["storage_gib"], "backup_days": database.get("backup_days", DEFAULT_BACKUP_DAYS)}
    for key, (least, most) in limits.items():
        if not least <= int(values[key]) <= most:
            found.append(problem(f"database.{key}", f"got {int(values[key])}; allowed: from {least} to {most}"))
    shape = database.get("shape", DEFAULT_SHAPE)
    if database_class(shape) is None:
        reason = f"got {_size(shape)}, which no class has; the next one is {_size(smallest_with(shape))}"
        found.append(problem("database.shape", reason))
    if zones < ZONES:
        reason = f"got subnets in {zones} zones; allowed: at least {ZONES}, as RDS asks for"
        found.append(problem("network.intra_subnets", reason))
    if found:
        raise ArgumentsError(f"database {database_name}", found)


def _size(shape: MachineShape) -> str:
    return f"{int(shape['cpu'])} CPUs with {int(shape['memory_gib'])} GiB"
