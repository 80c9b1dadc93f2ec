"""Deployment from CI without a key, as a Pulumi component."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
from pulumi.errors import InputPropertyErrorDetails

from components.errors import ArgumentsError, problem
from components.gcp.delivery_roles import (
    DEPLOY_ROLES,
    GRANTED,
    MANAGED,
    PREVIEW_ROLES,
    PROJECT_IAM_ADMIN,
    SECRET_ACCESSOR,
    SEEN,
    only_grants,
    own_secrets,
    permissions,
)
from components.gcp.facts import GcpEnvironment
from components.gcp.names import custom_role_id, deploy_account_id, identity_pool_id, preview_account_id

__all__ = ["GcpDelivery", "GcpDeliveryArgs"]

ISSUER: Final = "https://token.actions.githubusercontent.com"
PROVIDER_ID: Final = "github"

REPOSITORY: Final = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})(?P<ids>@[0-9]{1,20})?"
    r"/(?P<name>[A-Za-z0-9._-]{1,100})(?(ids)@(?P<id>[0-9]{1,20}))"
)
BRANCH: Final = re.compile(r"[A-Za-z0-9._/-]{1,200}")
GITHUB_ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")

LONGEST_SUBJECT: Final = 127
"""Characters of a mapped subject, at most."""

LONGEST_POOL: Final = 32
LONGEST_ACCOUNT: Final = 30


class GcpDeliveryArgs(TypedDict):
    """Who deploys from CI, and what belongs to it."""

    environment: GcpEnvironment
    """The environment that is deployed."""
    repository: str
    """GitHub repository, ``<owner>/<name>``; ``<owner>@<id>/<name>@<id>`` where its tokens carry immutable IDs."""
    branch: str
    """Branch whose workflow runs deploy, such as ``main``; pull requests only preview."""
    state_bucket: pulumi.Input[str]
    """Name of the bucket of Pulumi's state."""
    state_key_id: pulumi.Input[str]
    """ID of the KMS key of the secrets in the state and in the stack's file."""
    act_as: Mapping[str, pulumi.Input[str]]
    """Emails of the service accounts that deployed machines and services run as, by a name for each."""
    billing_account: NotRequired[str]
    """Billing account whose budgets are deployed, such as ``012345-6789AB-CDEF01``."""
    github_environment: NotRequired[str]
    """GitHub environment that deploying jobs name; it is what their tokens say in place of the branch."""
    repository_id: NotRequired[str]
    """GitHub's number of the repository, which a new repository of the same name does not get."""
    generation: NotRequired[int]
    """Counts up, from 1, when the pool was deleted and is wanted again within the 30 days that its ID stays taken."""


def subjects(args: GcpDeliveryArgs) -> tuple[str, str]:
    """Return the subjects of the tokens of deploying jobs, and of those of pull requests."""
    repository = f"repo:{args['repository']}"
    environment = args.get("github_environment")
    deploy = f"environment:{environment}" if environment else f"ref:refs/heads/{args['branch']}"
    return f"{repository}:{deploy}", f"{repository}:pull_request"


def condition(args: GcpDeliveryArgs) -> str:
    """Return what a token has to say to be exchanged at all: the repository, and the branch or a pull request."""
    deploy, preview = subjects(args)
    known = REPOSITORY.fullmatch(args["repository"])
    # Of a token's claims only the subject has the IDs in it.
    name, number = (f"{known['owner']}/{known['name']}", known["id"]) if known else (args["repository"], None)
    same_repository = [f"assertion.repository == '{name}'"]
    if identifier := args.get("repository_id", number):
        same_repository.append(f"assertion.repository_id == '{identifier}'")
    deploys = f"assertion.sub == '{deploy}' && assertion.ref == 'refs/heads/{args['branch']}'"
    return f"{' && '.join(same_repository)} && (({deploys}) || assertion.sub == '{preview}')"


def argument_problems(args: GcpDeliveryArgs) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the arguments."""
    name, generation = args["environment"]["name"], int(args.get("generation", 1))
    patterns = (
        ("repository", REPOSITORY, "<owner>/<name> or <owner>@<id>/<name>@<id>"),
        ("branch", BRANCH, "letters, digits and . _ / -"),
        ("github_environment", GITHUB_ENVIRONMENT, "letters, digits and . _ -"),
        ("repository_id", re.compile(r"[0-9]{1,20}"), "a whole number"),
    )
    values = {key: args.get(key) for key, _, _ in patterns}
    found = [
        problem(key, f"got {values[key]!r}; allowed: {rule}")
        for key, pattern, rule in patterns
        if values[key] is not None and not pattern.fullmatch(str(values[key]))
    ]
    longest = max(subjects(args), key=len)
    if len(longest) > LONGEST_SUBJECT:
        found.append(problem("repository", f"got {longest!r}; allowed: at most {LONGEST_SUBJECT} characters"))
    if generation < 1:
        found.append(problem("generation", f"got {generation}; allowed: 1 or more"))
    composed = (
        (identity_pool_id(name, generation), LONGEST_POOL),
        (deploy_account_id(name), LONGEST_ACCOUNT),
        (preview_account_id(name), LONGEST_ACCOUNT),
    )
    found.extend(
        problem("environment.name", f"makes {text!r}; allowed: at most {limit} characters")
        for text, limit in composed
        if len(text) > limit
    )
    return found


class GcpDelivery(pulumi.ComponentResource):
    """A GitHub repository's workflows as two service accounts: one deploys from a branch, one previews pull requests.

    There is no key: GitHub's tokens are exchanged for short-lived ones, and only those of this repository, of its
    branch or of its pull requests. Pull requests from forks get no token from GitHub. Neither account can change this
    trust or the custom roles, so a change of this component is deployed by a person. When it goes, access ends at
    once, and the pool's ID stays taken for 30 days (see ``generation``).

    It makes neither the state's bucket nor its key: both are there before the first deployment.
    """

    identity_provider: pulumi.Output[str]
    """Resource name of the provider that exchanges tokens, for the workflow's log-in step."""
    deploy_account: pulumi.Output[str]
    """Email of the service account that deploys, known once it may."""
    preview_account: pulumi.Output[str]
    """Email of the service account that previews, known once it may."""

    def __init__(self, name: str, args: GcpDeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpDelivery", name, {}, opts)
        if found := argument_problems(args):
            raise ArgumentsError(f"delivery {name}", found)
        self._name, self._args = name, args
        environment = args["environment"]
        project, environment_name = environment["project"], environment["name"]
        pool = gcp.iam.WorkloadIdentityPool(
            f"{name}-pool",
            workload_identity_pool_id=identity_pool_id(environment_name, int(args.get("generation", 1))),
            project=project,
            display_name="GitHub",
            description=f"Workflows that deploy {environment_name}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            f"{name}-provider",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=PROVIDER_ID,
            project=project,
            display_name="GitHub Actions",
            description=f"Tokens of workflows of {args['repository']}",
            oidc={"issuer_uri": ISSUER},
            attribute_mapping={
                "google.subject": "assertion.sub",
                "attribute.actor": "assertion.actor",
                "attribute.ref": "assertion.ref",
                "attribute.repository": "assertion.repository",
            },
            attribute_condition=condition(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        deploy_subject, preview_subject = subjects(args)
        deploy = self._account("deploy", deploy_account_id(environment_name), f"Deploys {environment_name}")
        preview = self._account("preview", preview_account_id(environment_name), f"Previews {environment_name}")
        deploy_ready = [
            self._trust("deploy", deploy, provider, deploy_subject),
            self._custom_role("deploy", deploy, "Deploys", permissions(MANAGED)),
            *self._roles("deploy", deploy, DEPLOY_ROLES),
            self._iam_admin(deploy),
            self._own_secrets(deploy),
            *self._state("deploy", deploy, "roles/storage.objectUser", "roles/cloudkms.cryptoKeyEncrypterDecrypter"),
            *self._act_as(deploy),
        ]
        preview_ready = [
            self._trust("preview", preview, provider, preview_subject),
            self._custom_role("preview", preview, "Previews", permissions(SEEN)),
            *self._roles("preview", preview, PREVIEW_ROLES),
            *self._state("preview", preview, "roles/storage.objectViewer", "roles/cloudkms.cryptoKeyDecrypter"),
        ]
        if "billing_account" in args:
            deploy_ready.append(self._billing(deploy, args["billing_account"]))
        self.identity_provider = provider.name
        self.deploy_account = pulumi.Output.all(deploy.email, *deploy_ready).apply(lambda ready: str(ready[0]))
        self.preview_account = pulumi.Output.all(preview.email, *preview_ready).apply(lambda ready: str(ready[0]))
        self.register_outputs(
            {
                "identityProvider": self.identity_provider,
                "deployAccount": self.deploy_account,
                "previewAccount": self.preview_account,
            }
        )

    def _options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _account(self, who: str, account_id: str, description: str) -> gcp.serviceaccount.Account:
        return gcp.serviceaccount.Account(
            f"{self._name}-{who}-account",
            account_id=account_id,
            project=self._args["environment"]["project"],
            display_name=account_id,
            description=f"{description} from workflows of {self._args['repository']}",
            opts=self._options(),
        )

    def _trust(
        self,
        who: str,
        account: gcp.serviceaccount.Account,
        provider: gcp.iam.WorkloadIdentityPoolProvider,
        subject: str,
    ) -> pulumi.Output[str]:
        number = self._args["environment"]["project_number"]
        return gcp.serviceaccount.IAMMember(
            f"{self._name}-{who}-trust",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=pulumi.Output.format(
                "principal://iam.googleapis.com/projects/{0}/locations/global/workloadIdentityPools/{1}/subject/{2}",
                number,
                provider.workload_identity_pool_id,
                subject,
            ),
            opts=self._options(),
        ).id

    def _custom_role(
        self, who: str, account: gcp.serviceaccount.Account, verb: str, allowed: Sequence[str]
    ) -> pulumi.Output[str]:
        environment = self._args["environment"]
        role = gcp.projects.IAMCustomRole(
            f"{self._name}-{who}-role",
            role_id=custom_role_id(environment["name"], who),
            project=environment["project"],
            title=f"{verb} {environment['name']}",
            description=f"What predefined roles would give {who} together with the right to read data",
            permissions=allowed,
            stage="GA",
            opts=self._options(),
        )
        return self._granted(f"{who}-role-grant", account, role.name)

    def _roles(
        self, who: str, account: gcp.serviceaccount.Account, roles: Sequence[str]
    ) -> Sequence[pulumi.Output[str]]:
        return [self._granted(f"{who}-{role.removeprefix('roles/')}", account, role) for role in roles]

    def _iam_admin(self, account: gcp.serviceaccount.Account) -> pulumi.Output[str]:
        limited = {
            "title": "only the roles that the environment's components grant",
            "expression": only_grants(GRANTED),
        }
        return self._granted("deploy-iam", account, PROJECT_IAM_ADMIN, condition=limited)

    def _own_secrets(self, account: gcp.serviceaccount.Account) -> pulumi.Output[str]:
        environment = self._args["environment"]
        own = {
            "title": "only the environment's secrets",
            "expression": own_secrets(environment["project_number"], environment["name"]),
        }
        return self._granted("deploy-secrets", account, SECRET_ACCESSOR, condition=own)

    def _granted(
        self,
        role_name: str,
        account: gcp.serviceaccount.Account,
        role: pulumi.Input[str],
        *,
        condition: Mapping[str, str] | None = None,
    ) -> pulumi.Output[str]:
        limited = gcp.projects.IAMMemberConditionArgs(**condition) if condition else None
        return gcp.projects.IAMMember(
            f"{self._name}-{role_name}",
            project=self._args["environment"]["project"],
            role=role,
            member=account.member,
            condition=limited,
            opts=self._options(),
        ).id

    def _state(
        self, who: str, account: gcp.serviceaccount.Account, bucket_role: str, key_role: str
    ) -> Sequence[pulumi.Output[str]]:
        bucket = gcp.storage.BucketIAMMember(
            f"{self._name}-{who}-state",
            bucket=self._args["state_bucket"],
            role=bucket_role,
            member=account.member,
            opts=self._options(),
        )
        key = gcp.kms.CryptoKeyIAMMember(
            f"{self._name}-{who}-state-key",
            crypto_key_id=self._args["state_key_id"],
            role=key_role,
            member=account.member,
            opts=self._options(),
        )
        return [bucket.id, key.id]

    def _act_as(self, account: gcp.serviceaccount.Account) -> Sequence[pulumi.Output[str]]:
        project = self._args["environment"]["project"]
        return [
            gcp.serviceaccount.IAMMember(
                f"{self._name}-deploy-as-{who}",
                service_account_id=pulumi.Output.format("projects/{0}/serviceAccounts/{1}", project, email),
                role="roles/iam.serviceAccountUser",
                member=account.member,
                opts=self._options(),
            ).id
            for who, email in sorted(self._args["act_as"].items())
        ]

    def _billing(self, account: gcp.serviceaccount.Account, billing_account: str) -> pulumi.Output[str]:
        return gcp.billing.AccountIamMember(
            f"{self._name}-deploy-billing",
            billing_account_id=billing_account,
            role="roles/billing.costsManager",
            member=account.member,
            opts=self._options(),
        ).id
