"""Sections of running an environment in a cloud: images, logs, alerts, budget, delivery."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, Strict

from components.aws import names
from stacks.settings.cloud_values import (
    AwsConnectionArn,
    AwsIdentityProviderArn,
    Branch,
    Email,
    GithubRepository,
    PullSecretName,
)
from stacks.settings.model import Section
from stacks.settings.values import Many, text


class Upstream(StrEnum):
    """A public registry whose images the environment's own registry can cache."""

    ECR_PUBLIC = "public.ecr.aws"
    """Amazon ECR Public."""
    KUBERNETES = "registry.k8s.io"
    """The Kubernetes project's."""
    QUAY = "quay.io"
    """Red Hat Quay."""
    DOCKER_HUB = "docker.io"
    """Docker Hub; on aws it needs a credential."""
    GITHUB = "ghcr.io"
    """GitHub; on aws it needs a credential."""


WITH_CREDENTIAL = tuple(Upstream(registry) for registry in names.WITH_CREDENTIAL)
"""Upstream registries that ECR caches only with a credential."""

CredentialUpstream = Annotated[
    str, text("^(docker[.]io|ghcr[.]io)$", f"{' or '.join(WITH_CREDENTIAL)}; the others need no credential")
]
"""Upstream registry that a credential is given for."""


class ImageCachesSettings(Section):
    """Public images that are pulled through the environment's own registry."""

    registries: Many[Annotated[Upstream, Strict(strict=False)]] = (
        Upstream.ECR_PUBLIC,
        Upstream.KUBERNETES,
        Upstream.QUAY,
    )
    """Upstream registries that are cached."""
    credentials: dict[CredentialUpstream, PullSecretName] = Field(default={})
    """Secret of AWS Secrets Manager with which docker.io and ghcr.io are pulled, by registry; on aws only."""


class LogsSettings(Section):
    """Logs of the control plane, of network flows and of access to object stores."""

    retention_days: int = Field(default=365, ge=30, le=3650)
    """Days that they are kept in object storage."""


class AlertsSettings(Section):
    """Who is told when something is wrong."""

    receivers: Many[Email] = Field(min_length=1, max_length=16)
    """E-mail addresses, at most 16."""


class BudgetSettings(Section):
    """What the environment may cost before its receivers of alerts are told."""

    monthly_usd: int = Field(ge=1, le=100_000_000)
    """US dollars in a month."""


class DeliverySettings(Section):
    """Who deploys the environment from CI, by the OIDC tokens of GitHub Actions."""

    repository: GithubRepository
    """Repository whose workflows may deploy, as <owner>/<name>, or <owner>@<id>/<name>@<id> where its tokens carry
    GitHub's IDs."""
    branch: Branch = "main"
    """Branch whose workflows may deploy."""
    runner: bool = False
    """Whether the workflows run on machines inside the network, which reach a private endpoint; on aws only."""
    connection_arn: AwsConnectionArn | None = None
    """Connection to GitHub of the runner, once somebody has completed it in the console; a new one is made, and no
    runner yet, where it is left out; on aws only."""
    identity_provider_arn: AwsIdentityProviderArn | None = None
    """The account's provider of GitHub's identities, of which it can have one only; made where it is left out; on aws
    only."""
