"""Roles for whoever delivers the environment from CI, as a Pulumi component."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.cluster_access import ADMINISTRATOR_POLICY, VIEWER_POLICY
from components.aws.delivery_policies import deploy_policies, preview_policies
from components.aws.facts import AwsClusterFacts, AwsEnvironment
from components.aws.names import deploy_role_name, global_arn, preview_role_name, tags
from components.aws.outputs import ready
from components.aws.policies import Statement, document, trust
from components.errors import ArgumentsError, problem

__all__ = ["AwsDelivery", "AwsDeliveryArgs", "deploy_subject", "preview_subject"]

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"

REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+|[\w.-]+@\d+/[\w.-]+@\d+")

DEPLOY_SECONDS: Final = 7200
PREVIEW_SECONDS: Final = 3600
"""How long a session may last: machines of a pool are replaced in good order for longer than an hour."""


class AwsDeliveryArgs(TypedDict):
    """Which repository delivers the environment, and from where."""

    environment: AwsEnvironment
    """The environment that is delivered."""
    repository: str
    """``owner/repository`` at GitHub; ``owner@<id>/repository@<id>`` where its tokens carry immutable IDs."""
    branch: str
    """The branch that is deployed."""
    cluster: AwsClusterFacts
    """The cluster, into which both roles are let."""
    github_environment: NotRequired[str]
    """GitHub environment of the jobs that deploy, whose rules then say from which branches they may; where it is left
    out, jobs of the branch deploy and have none."""
    identity_provider_arn: NotRequired[str]
    """ARN of the account's provider of GitHub's identities, of which there can be only one; made where it is left
    out."""


def deploy_subject(repository: str, branch: str, github_environment: str | None) -> str:
    """Return the subject of the tokens of jobs that deploy."""
    if github_environment is not None:
        return f"repo:{repository}:environment:{github_environment}"
    return f"repo:{repository}:ref:refs/heads/{branch}"


def preview_subject(repository: str) -> str:
    """Return the subject of the tokens of pull requests; GitHub gives none to those from forks."""
    return f"repo:{repository}:pull_request"


def github_trust(provider_arn: pulumi.Input[str], subject: str) -> Statement:
    """Let the jobs of exactly one subject take the role."""
    return trust(
        "JobsOfGitHub",
        {"Federated": provider_arn},
        actions=("sts:AssumeRoleWithWebIdentity",),
        condition={"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}},
    )


class AwsDelivery(pulumi.ComponentResource):
    """A role that deploys the environment and one that previews it, for GitHub's jobs and without a key.

    The deploy role changes what people made first: it makes no network, cluster or key, deletes nothing that holds
    data, makes no roles but those of pods within their boundary, and cannot change its own rights. The preview role
    reads how things are set up, and no data but the state.
    """

    deploy_role_arn: pulumi.Output[str]
    """ARN of the role that deploys, known once it may."""
    preview_role_arn: pulumi.Output[str]
    """ARN of the role that previews, known once it may."""
    identity_provider_arn: pulumi.Output[str]
    """ARN of the account's provider of GitHub's identities."""

    def __init__(self, name: str, args: AwsDeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsDelivery", name, {}, opts)
        _check(args)
        self._name = name
        self._environment = environment = args["environment"]
        repository, cluster = args["repository"], args["cluster"]
        cluster_name = cluster["arn"].rpartition("/")[2]
        issuer = self._identity_provider(args)
        # Named rather than taken from the provider's output, so that a preview shows whom the roles trust.
        known = global_arn(environment["account_id"], "iam", f"oidc-provider/{ISSUER}")
        self._issuer_arn = args.get("identity_provider_arn", known)
        self._issuer = [] if issuer is None else [issuer]
        self.identity_provider_arn = pulumi.Output.from_input(self._issuer_arn) if issuer is None else issuer.arn
        self._policies: dict[str, pulumi.Output[str]] = {}
        self.deploy_role_arn = self._role(
            "deploy",
            deploy_role_name(environment["name"]),
            deploy_subject(repository, args["branch"], args.get("github_environment")),
            deploy_policies(environment, cluster_name),
            DEPLOY_SECONDS,
        )
        self.preview_role_arn = self._role(
            "preview",
            preview_role_name(environment["name"]),
            preview_subject(repository),
            preview_policies(environment, cluster_name),
            PREVIEW_SECONDS,
        )
        self._access("deploy", self.deploy_role_arn, cluster["name"], ADMINISTRATOR_POLICY)
        self._access("preview", self.preview_role_arn, cluster["name"], VIEWER_POLICY)
        self.register_outputs(
            {
                "deployRoleArn": self.deploy_role_arn,
                "previewRoleArn": self.preview_role_arn,
                "identityProviderArn": self.identity_provider_arn,
            }
        )

    def _identity_provider(self, args: AwsDeliveryArgs) -> aws.iam.OpenIdConnectProvider | None:
        if "identity_provider_arn" in args:
            return None
        return aws.iam.OpenIdConnectProvider(
            f"{self._name}-identity-provider",
            url=f"https://{ISSUER}",
            client_id_lists=[AUDIENCE],
            tags=tags(self._environment, ISSUER),
            # Other environments of the account may use it by then.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _role(
        self, role: str, role_name: str, subject: str, policies: Mapping[str, Sequence[Statement]], seconds: int
    ) -> pulumi.Output[str]:
        made = aws.iam.Role(
            f"{self._name}-{role}",
            name=role_name,
            description=f"GitHub's jobs that {role} {self._environment['name']}: {subject}",
            assume_role_policy=document(github_trust(self._issuer_arn, subject)),
            max_session_duration=seconds,
            tags=tags(self._environment, role_name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._issuer),
        )
        attachments = [
            aws.iam.RolePolicyAttachment(
                f"{self._name}-{role}-{policy}",
                role=made.name,
                policy_arn=self._policy(policy, statements),
                opts=pulumi.ResourceOptions(parent=self),
            ).id
            for policy, statements in sorted(policies.items())
        ]
        return ready(made.arn, *attachments)

    def _policy(self, policy: str, statements: Sequence[Statement]) -> pulumi.Output[str]:
        """Make a policy, once for both roles."""
        if policy not in self._policies:
            policy_name = f"{self._environment['name']}-delivery-{policy}"
            self._policies[policy] = aws.iam.Policy(
                f"{self._name}-{policy}",
                name=policy_name,
                description=f"CI of {self._environment['name']}: {policy}",
                policy=document(*statements),
                tags=tags(self._environment, policy_name),
                opts=pulumi.ResourceOptions(parent=self),
            ).arn
        return self._policies[policy]

    def _access(self, role: str, arn: pulumi.Output[str], cluster_name: pulumi.Input[str], policy_arn: str) -> None:
        entry = aws.eks.AccessEntry(
            f"{self._name}-{role}-access",
            cluster_name=cluster_name,
            principal_arn=arn,
            type="STANDARD",
            tags=tags(self._environment, f"{self._environment['name']}-{role}"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.eks.AccessPolicyAssociation(
            f"{self._name}-{role}-access-policy",
            cluster_name=cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=policy_arn,
            access_scope={"type": "cluster"},
            opts=pulumi.ResourceOptions(parent=self),
        )


def _check(args: AwsDeliveryArgs) -> None:
    problems = []
    if not REPOSITORY.fullmatch(args["repository"]):
        reason = f"got {args['repository']!r}; allowed: owner/repository, or owner@<id>/repository@<id>"
        problems.append(problem("repository", reason))
    problems += [
        problem(key, f"got {value!r}; allowed: one name, without wildcards")
        for key, value in (("branch", args["branch"]), ("github_environment", args.get("github_environment", "-")))
        if not value or re.search(r"[*?\s]", value)
    ]
    if problems:
        raise ArgumentsError("delivery", problems)
