"""Amazon Managed Workflows for Apache Airflow (MWAA), as a Pulumi component."""

from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.airflow_policies import LOGS, execution_statements, log_group_name
from components.aws.facts import AwsClusterFacts, AwsEnvironment, AwsNetworkFacts
from components.aws.maintenance import AwsMaintenanceWindow, airflow_start, window_problems
from components.aws.names import airflow_name, airflow_role_name, arn, bucket_arn, tags
from components.aws.object_store import AwsObjectStore
from components.aws.outputs import ready
from components.aws.policies import trust
from components.aws.roles import service_role
from components.errors import ArgumentsError, problem
from components.keeping import keep
from components.versions import MWAA_AIRFLOW

__all__ = ["AwsManagedAirflow", "AwsManagedAirflowArgs", "AwsManagedAirflowFacts"]

THING: Final = "airflow"
HTTPS: Final = 443

KUBERNETES_GROUP: Final = "managed-airflow"
"""Group of Airflow's role in the cluster, which role bindings and teams name."""

SIZES: Final = ("small", "medium", "large")
MAX_WORKERS: Final = 25
"""Workers of one environment that AWS allows without being asked."""

SUBNETS: Final = 2
LOG_DAYS: Final = 365
VERSION: Final = MWAA_AIRFLOW.removeprefix("v")
PYTHON: Final = "3.12"
CONSTRAINTS: Final = f"https://raw.githubusercontent.com/apache/airflow/constraints-{VERSION}/constraints-{PYTHON}.txt"
"""Versions that this release of Airflow was tested with."""


class AwsManagedAirflowArgs(TypedDict):
    """Which managed Airflow is wanted."""

    environment: AwsEnvironment
    """Where it is."""
    size: str
    """``small`` (about 50 DAGs), ``medium`` (250) or ``large`` (1,000)."""
    min_workers: int
    """Workers that always run, at least 1."""
    max_workers: int
    """The most workers that ever run, at most 25."""
    network: AwsNetworkFacts
    """Network in whose private subnets it runs."""
    key_arn: pulumi.Input[str]
    """KMS key of the environment, its logs and its bucket, which MWAA wants to be one; its policy lets CloudWatch Logs
    use it, and the account's roles by policies of their own."""
    access_log_bucket: pulumi.Input[str]
    """Name of the bucket that gets a record of every access to the DAGs."""
    maintenance: AwsMaintenanceWindow
    """When it may be interrupted."""
    requirements: NotRequired[Sequence[str]]
    """Lines of ``requirements.txt`` beside the constraints of the release; only what MWAA brings where left out."""
    cluster: NotRequired[AwsClusterFacts]
    """EKS cluster that DAGs reach, as the Kubernetes group ``managed-airflow``; none where it is left out."""


class AwsManagedAirflowFacts(TypedDict):
    """A managed Airflow environment."""

    name: str
    """The environment's name."""
    webserver_url: pulumi.Input[str]
    """Address of the web server, inside the network only."""
    role_arn: pulumi.Input[str]
    """Role as which DAGs run."""
    security_group_id: pulumi.Input[str]
    """Security group of schedulers, workers and web servers."""
    dags_url: pulumi.Input[str]
    """Where DAGs are put, ``s3://<bucket>/dags``."""


def logging_configuration() -> aws.mwaa.EnvironmentLoggingConfigurationArgsDict:
    """Return the argument that turns all logs on."""
    return {
        "dag_processing_logs": {"enabled": True, "log_level": "INFO"},
        "scheduler_logs": {"enabled": True, "log_level": "INFO"},
        "task_logs": {"enabled": True, "log_level": "INFO"},
        "webserver_logs": {"enabled": True, "log_level": "INFO"},
        "worker_logs": {"enabled": True, "log_level": "INFO"},
    }


def requirements_text(requirements: Sequence[str]) -> str:
    """Return the content of ``requirements.txt``."""
    return "\n".join([f'--constraint "{CONSTRAINTS}"', *requirements, ""])


class AwsManagedAirflow(pulumi.ComponentResource):
    """Airflow that AWS runs, private to the network, with a bucket for its DAGs.

    Its role can do no more than Airflow itself needs; what DAGs work on is granted by whoever grants it to the role.
    In the cluster it is in a group that has no rights there until a role binding, such as that of a team's members,
    names it.
    It does not put DAGs into the bucket: that belongs to their own delivery.
    """

    webserver_url: pulumi.Output[str]
    """Address of the web server, inside the network only."""
    role_arn: pulumi.Output[str]
    """Role as which DAGs run."""
    security_group_id: pulumi.Output[str]
    """Security group of schedulers, workers and web servers."""
    dags_url: pulumi.Output[str]
    """Where DAGs are put, ``s3://<bucket>/dags``."""

    def __init__(self, name: str, args: AwsManagedAirflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsManagedAirflow", name, {}, opts)
        self._environment = environment = args["environment"]
        _refuse_impossible(args)
        airflow, subnets = airflow_name(environment["name"]), args["network"]["private_subnets"]
        store = AwsObjectStore(
            f"{name}-dags",
            {
                "environment": environment,
                "store_name": THING,
                "store": {"retention_days": 0},
                "key_arn": args["key_arn"],
                "access_log_bucket": args["access_log_bucket"],
                "thing": THING,
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.security_group_id = self._security_group(name, airflow, args["network"])
        self.role_arn = self._role(name, airflow, args, store.bucket_name)
        log_groups = [
            aws.cloudwatch.LogGroup(
                f"{name}-log-{log}",
                name=log_group_name(airflow, log),
                retention_in_days=LOG_DAYS,
                kms_key_id=args["key_arn"],
                tags=tags(environment, log_group_name(airflow, log)),
                opts=self._keep(),
            )
            for log in LOGS
        ]
        requirements = self._requirements(name, args, store.bucket)
        instance = aws.mwaa.Environment(
            f"{name}-environment",
            name=airflow,
            airflow_version=VERSION,
            environment_class=f"mw1.{args['size']}",
            min_workers=int(args["min_workers"]),
            max_workers=int(args["max_workers"]),
            schedulers=2,
            min_webservers=2,
            max_webservers=2,
            source_bucket_arn=store.bucket.apply(bucket_arn),
            dag_s3_path="dags",
            requirements_s3_path=requirements.key if requirements else None,
            requirements_s3_object_version=requirements.version_id if requirements else None,
            execution_role_arn=self.role_arn,
            kms_key=args["key_arn"],
            network_configuration={
                "security_group_ids": [self.security_group_id],
                "subnet_ids": [subnets[zone] for zone in sorted(subnets)[:SUBNETS]],
            },
            webserver_access_mode="PRIVATE_ONLY",
            endpoint_management="SERVICE",
            worker_replacement_strategy="GRACEFUL",
            weekly_maintenance_window_start=airflow_start(args["maintenance"]),
            logging_configuration=logging_configuration(),
            tags=tags(environment, airflow),
            # MWAA makes log groups that are not there, which would then keep their lines for ever.
            opts=self._keep(depends_on=log_groups),
        )
        if "cluster" in args:
            self._let_into(name, args["cluster"])
        self.webserver_url = instance.webserver_url
        self.dags_url = pulumi.Output.concat(store.url, "/dags")
        self.facts = AwsManagedAirflowFacts(
            name=airflow,
            webserver_url=self.webserver_url,
            role_arn=self.role_arn,
            security_group_id=self.security_group_id,
            dags_url=self.dags_url,
        )
        self.register_outputs(
            {
                "webserverUrl": self.webserver_url,
                "roleArn": self.role_arn,
                "securityGroupId": self.security_group_id,
                "dagsUrl": self.dags_url,
            }
        )

    def _keep(self, **options: pulumi.Input[object]) -> pulumi.ResourceOptions:
        return keep(self, THING, self._environment["let_go"], **options)

    def _security_group(self, name: str, airflow: str, network: AwsNetworkFacts) -> pulumi.Output[str]:
        """Return the ID of the group of all parts of Airflow, which talk to each other and to web services."""
        physical_name = f"{airflow}-airflow"
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name=physical_name,
            description=f"Airflow of {airflow}",
            vpc_id=network["vpc_id"],
            tags=tags(self._environment, physical_name),
            opts=self._keep(),
        )
        inside = aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-itself",
            security_group_id=group.id,
            description="Between the parts of Airflow",
            ip_protocol="-1",
            referenced_security_group_id=group.id,
            tags=tags(self._environment, f"{physical_name}-from-itself"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        outside = [
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-itself",
                security_group_id=group.id,
                description="Between the parts of Airflow",
                ip_protocol="-1",
                referenced_security_group_id=group.id,
                tags=tags(self._environment, f"{physical_name}-to-itself"),
                opts=pulumi.ResourceOptions(parent=self),
            ),
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-services",
                security_group_id=group.id,
                description="To AWS, to the Kubernetes API and to what DAGs call, by HTTPS",
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                cidr_ipv4="0.0.0.0/0",
                tags=tags(self._environment, f"{physical_name}-to-services"),
                opts=pulumi.ResourceOptions(parent=self),
            ),
        ]
        return ready(group.id, inside.id, *(rule.id for rule in outside))

    def _let_into(self, name: str, cluster: AwsClusterFacts) -> None:
        """Let Airflow reach the API server, and be somebody there."""
        environment = self._environment
        entry_name = airflow_role_name(environment["name"])
        aws.eks.AccessEntry(
            f"{name}-cluster-access",
            cluster_name=cluster["name"],
            principal_arn=self.role_arn,
            type="STANDARD",
            kubernetes_groups=[KUBERNETES_GROUP],
            tags=tags(environment, entry_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-to-cluster",
            security_group_id=cluster["security_group_id"],
            description="API server from managed Airflow",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            referenced_security_group_id=self.security_group_id,
            tags=tags(environment, f"{entry_name}-to-cluster"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _role(self, name: str, airflow: str, args: AwsManagedAirflowArgs, bucket: str) -> pulumi.Output[str]:
        environment = self._environment
        cluster_arn = args["cluster"]["arn"] if "cluster" in args else None
        statements = execution_statements(environment, bucket, args["key_arn"], cluster_arn)
        return service_role(
            name,
            environment,
            role_name=airflow_role_name(environment["name"]),
            description=f"Airflow of {airflow} and its DAGs",
            trusted=trust(
                "AirflowOfTheEnvironment",
                {"Service": ["airflow-env.amazonaws.com", "airflow.amazonaws.com"]},
                condition={
                    "StringEquals": {"aws:SourceAccount": environment["account_id"]},
                    "ArnLike": {"aws:SourceArn": arn(environment, "airflow", f"environment/{airflow}")},
                },
            ),
            inline={"run-airflow": statements},
            options=pulumi.ResourceOptions(parent=self),
        ).arn

    def _requirements(
        self, name: str, args: AwsManagedAirflowArgs, bucket: pulumi.Output[str]
    ) -> aws.s3.BucketObjectv2 | None:
        if not args.get("requirements"):
            return None
        return aws.s3.BucketObjectv2(
            f"{name}-requirements",
            bucket=bucket,
            key="requirements.txt",
            content=requirements_text(args["requirements"]),
            content_type="text/plain",
            server_side_encryption="aws:kms",
            kms_key_id=args["key_arn"],
            tags=tags(self._environment, "requirements.txt"),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _refuse_impossible(args: AwsManagedAirflowArgs) -> None:
    found = window_problems(args["maintenance"])
    if args["size"] not in SIZES:
        found.append(problem("size", f"got {args['size']!r}; allowed: {', '.join(SIZES)}"))
    least, most = int(args["min_workers"]), int(args["max_workers"])
    if least < 1:
        found.append(problem("min_workers", f"got {least}; allowed: 1 or more"))
    if not least <= most <= MAX_WORKERS:
        found.append(problem("max_workers", f"got {most}; allowed: from min_workers, {least}, to {MAX_WORKERS}"))
    zones = len(args["network"]["private_subnets"])
    if zones < SUBNETS:
        found.append(problem("network.private_subnets", f"got {zones} zones; allowed: at least {SUBNETS}"))
    if found:
        raise ArgumentsError("managed Airflow", found)
