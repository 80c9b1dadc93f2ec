"""Runners of GitHub's jobs inside the network, as a Pulumi component."""

from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment, AwsNetworkFacts
from components.aws.names import arn, connection_name, runner_name, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, allow, document, trust
from components.keeping import keep

__all__ = ["AwsRunner", "AwsRunnerArgs"]

IMAGE: Final = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
"""AWS's own image, which AWS keeps up to date under this tag and which no registry lists."""

COMPUTE: Final = "BUILD_GENERAL1_MEDIUM"
JOB_MINUTES: Final = 120
JOBS_AT_ONCE: Final = 4
LOG_DAYS: Final = 365
CODEBUILD: Final = "codebuild.amazonaws.com"
ANYWHERE: Final = "0.0.0.0/0"
HTTPS: Final = 443


class AwsRunnerArgs(TypedDict):
    """Whose jobs run inside which network."""

    environment: AwsEnvironment
    """The environment that the jobs deliver."""
    repository: str
    """``owner/repository`` at GitHub, with or without the IDs of ``AwsDelivery``."""
    network: AwsNetworkFacts
    """The network; jobs run in its private subnets and reach GitHub through NAT."""
    cluster_security_group_id: pulumi.Input[str]
    """Security group of the API server's interfaces, which lets the jobs in."""
    logs_key_arn: pulumi.Input[str]
    """KMS key of the jobs' logs."""
    connection_arn: NotRequired[str]
    """ARN of a connection to GitHub that is available; one is made where it is left out."""
    connected: bool
    """Whether the connection is available. A new one is pending until somebody completes it in the console, and
    CodeBuild refuses a pending one: until then nothing but the connection is made."""


class AwsRunner(pulumi.ComponentResource):
    """Runners for GitHub's jobs, made by CodeBuild one per job, that reach the cluster's private endpoint.

    A job has no rights by being here: it takes the roles of ``AwsDelivery`` by its own token, as it would anywhere.
    """

    connection_arn: pulumi.Output[str]
    """ARN of the connection to GitHub."""
    project_name: pulumi.Output[str]
    """Name of the project: jobs ask for it by ``runs-on: codebuild-<name>-<run ID>-<run attempt>``."""

    def __init__(self, name: str, args: AwsRunnerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsRunner", name, {}, opts)
        self._name = name
        self._args = args
        self._environment = environment = args["environment"]
        self._runner = runner_name(environment["name"])
        self.connection_arn = self._connection()
        self.project_name = pulumi.Output.from_input(self._runner)
        if args["connected"]:
            project = self._project(self._security_group())
            aws.codebuild.Webhook(
                f"{name}-webhook",
                project_name=project.name,
                build_type="BUILD",
                filter_groups=[{"filters": [{"type": "EVENT", "pattern": "WORKFLOW_JOB_QUEUED"}]}],
                opts=self._child(),
            )
            self.project_name = project.name
        self.register_outputs({"connectionArn": self.connection_arn, "projectName": self.project_name})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _connection(self) -> pulumi.Output[str]:
        if "connection_arn" in self._args:
            return pulumi.Output.from_input(self._args["connection_arn"])
        connection = aws.codeconnections.Connection(
            f"{self._name}-connection",
            name=connection_name(self._environment["name"]),
            provider_type="GitHub",
            tags=tags(self._environment, self._runner),
            # Somebody completed it by hand, and it is named by its ARN from then on.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        return connection.arn

    def _security_group(self) -> pulumi.Output[str]:
        """Make the jobs' security group: nobody reaches them, and they reach HTTPS servers only."""
        group = aws.ec2.SecurityGroup(
            f"{self._name}-security-group",
            name=self._runner,
            description="Jobs of CI",
            vpc_id=self._args["network"]["vpc_id"],
            tags=tags(self._environment, self._runner),
            opts=self._child(),
        )
        out = aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-https",
            security_group_id=group.id,
            description="GitHub, the services of AWS and the API server",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            cidr_ipv4=ANYWHERE,
            tags=tags(self._environment, self._runner),
            opts=self._child(),
        )
        to_cluster = aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-api-server",
            security_group_id=self._args["cluster_security_group_id"],
            description="Jobs of CI",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            referenced_security_group_id=group.id,
            tags=tags(self._environment, self._runner),
            opts=self._child(),
        )
        return ready(group.id, out.id, to_cluster.id)

    def _project(self, security_group_id: pulumi.Output[str]) -> aws.codebuild.Project:
        args = self._args
        logs = aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/codebuild/{self._runner}",
            kms_key_id=args["logs_key_arn"],
            retention_in_days=LOG_DAYS,
            tags=tags(self._environment, self._runner),
            opts=keep(self, "logs", self._environment["let_go"]),
        )
        subnets = [args["network"]["private_subnets"][zone] for zone in sorted(args["network"]["private_subnets"])]
        return aws.codebuild.Project(
            f"{self._name}-project",
            name=self._runner,
            description=f"Jobs of {args['repository']} that deliver {self._environment['name']}",
            service_role=self._role(subnets, security_group_id),
            build_timeout=JOB_MINUTES,
            concurrent_build_limit=JOBS_AT_ONCE,
            encryption_key=args["logs_key_arn"],
            source={
                "type": "GITHUB",
                "location": repository_url(args["repository"]),
                "git_clone_depth": 1,
                "auth": {"type": "CODECONNECTIONS", "resource": self.connection_arn},
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "compute_type": COMPUTE,
                "image": IMAGE,
                "image_pull_credentials_type": "CODEBUILD",
                "privileged_mode": False,
            },
            vpc_config={
                "vpc_id": args["network"]["vpc_id"],
                "subnets": subnets,
                "security_group_ids": [security_group_id],
            },
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": logs.name}},
            tags=tags(self._environment, self._runner),
            opts=self._child(),
        )

    def _role(self, subnets: list[pulumi.Input[str]], security_group_id: pulumi.Output[str]) -> pulumi.Output[str]:
        environment = self._environment
        role = aws.iam.Role(
            f"{self._name}-role",
            name=self._runner,
            description="Runs jobs of CI; the jobs themselves have other roles",
            assume_role_policy=document(
                trust(
                    "RunnerProject",
                    {"Service": CODEBUILD},
                    condition={
                        "StringEquals": {"aws:SourceAccount": environment["account_id"]},
                        "ArnEquals": {"aws:SourceArn": arn(environment, "codebuild", f"project/{self._runner}")},
                    },
                )
            ),
            tags=tags(environment, self._runner),
            opts=self._child(),
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-role-policy",
            name="run-jobs",
            role=role.name,
            policy=document(*self._statements(subnets, security_group_id)),
            opts=self._child(),
        )
        return ready(role.arn, policy.id)

    def _statements(self, subnets: list[pulumi.Input[str]], security_group_id: pulumi.Output[str]) -> list[Statement]:
        environment = self._environment
        interfaces = arn(environment, "ec2", "network-interface/*")
        subnet_arns = [pulumi.Output.concat(arn(environment, "ec2", "subnet/"), subnet) for subnet in subnets]
        group = pulumi.Output.concat(arn(environment, "ec2", "security-group/"), security_group_id)
        in_subnets = {"ArnEquals": {"ec2:Subnet": subnet_arns}}
        return [
            allow(
                "WriteLogs",
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                [arn(environment, "logs", f"log-group:/aws/codebuild/{self._runner}:*")],
            ),
            allow(
                "UseConnection",
                ("codeconnections:GetConnection", "codeconnections:GetConnectionToken"),
                [self.connection_arn],
            ),
            allow("MakeInterfaces", ("ec2:CreateNetworkInterface",), [interfaces, *subnet_arns, group]),
            allow("DeleteInterfaces", ("ec2:DeleteNetworkInterface",), [interfaces], condition=in_subnets),
            allow(
                "HandInterfacesToCodeBuild",
                ("ec2:CreateNetworkInterfacePermission",),
                [interfaces],
                condition={**in_subnets, "StringEquals": {"ec2:AuthorizedService": CODEBUILD}},
            ),
            allow(
                "LookAtNetwork",
                (
                    "ec2:DescribeDhcpOptions",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ),
                ["*"],
                condition={"StringEquals": {"aws:RequestedRegion": environment["region"]}},
            ),
        ]


def repository_url(repository: str) -> str:
    """Return the address of a repository, whose name may carry immutable IDs."""
    owner, _, name = repository.partition("/")
    return f"https://github.com/{owner.partition('@')[0]}/{name.partition('@')[0]}.git"
