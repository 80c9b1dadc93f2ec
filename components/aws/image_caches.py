"""Caches of public image registries in ECR, as a Pulumi component."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import (
    WITH_CREDENTIAL,
    arn,
    image_cache_policy_name,
    image_cache_prefix,
    image_cache_role_name,
    registry_host,
    tags,
)
from components.aws.policies import Statement, allow, document, trust
from components.aws.roles import service_role
from components.errors import ArgumentsError, problem

__all__ = ["AwsImageCaches", "AwsImageCachesArgs", "AwsImageCachesFacts", "import_statement"]

UPSTREAMS: Final[Mapping[str, str]] = {
    "docker.io": "registry-1.docker.io",
    "ghcr.io": "ghcr.io",
    "public.ecr.aws": "public.ecr.aws",
    "quay.io": "quay.io",
    "registry.k8s.io": "registry.k8s.io",
}
"""Address that ECR fetches from, by the registry that image references name."""

CREDENTIAL_PREFIX: Final = "ecr-pullthroughcache/"
"""What ECR demands that names of credentials begin with."""

CACHE_DAYS: Final = 90
"""Days after which a cached image is removed; the next pull fetches it again."""


class AwsImageCachesArgs(TypedDict):
    """Which registries are cached."""

    environment: AwsEnvironment
    """Where the caches are."""
    key_arn: pulumi.Input[str]
    """KMS key that encrypts the images; its policy lets the account's roles use it by policies of their own."""
    registries: Sequence[str]
    """Registries that are cached, of docker.io, ghcr.io, public.ecr.aws, quay.io and registry.k8s.io."""
    credentials: NotRequired[Mapping[str, str]]
    """Name or ARN of the Secrets Manager secret with ``username`` and ``accessToken``, by registry; docker.io and
    ghcr.io need one."""
    enhanced_scanning: NotRequired[bool]
    """Whether Amazon Inspector scans the account's images, again for each new finding, which it charges for; when it
    does not, they are scanned once, when they are pushed. It does where it is left out."""


class AwsImageCachesFacts(TypedDict):
    """Where cached images are pulled from."""

    prefixes: Mapping[str, pulumi.Input[str]]
    """What takes the place of a registry in an image reference, such as
    ``111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlp-dev.k8s``, by the registry. Docker Hub's official images have
    ``library/`` in their path."""
    node_policies: Mapping[str, pulumi.Input[str]]
    """ARNs of the policies that machines need to pull images that are not cached yet, by a short name."""


def import_statement(environment: AwsEnvironment, registries: Sequence[str]) -> Statement:
    """Allow a role, beside pulling, to bring images into the caches that are not there yet: what nodes need."""
    return allow(
        "FillImageCaches",
        ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
        _repositories(environment, registries),
    )


def lifecycle_policy() -> dict[str, Any]:
    """Return the rules by which ECR removes cached images."""
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"fetch again after {CACHE_DAYS} days",
                "selection": {
                    "tagStatus": "any",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": CACHE_DAYS,
                },
                "action": {"type": "expire"},
            }
        ]
    }


def credential_arn(environment: AwsEnvironment, secret: str) -> str:
    """Return the ARN of a secret that is given by its name or its ARN."""
    return secret if secret.startswith("arn:") else arn(environment, "secretsmanager", f"secret:{secret}")


class AwsImageCaches(pulumi.ComponentResource):
    """Public images, pulled through the account's own registry: hundreds of pods at once ask ECR, not its origin.

    A repository is made by ECR when its first image is pulled, so it belongs to no program, and stays when the caches
    go. Its tags can move, because those of its origin do: an immutable one could never be brought up to date.

    How images are scanned is set for the whole registry, which is one per account and region: environments that share
    them share the setting, and it stays when the environment goes.
    """

    prefixes: pulumi.Output[dict[str, str]]
    """What takes the place of a registry in an image reference, by the registry; known once it can be pulled from."""

    def __init__(self, name: str, args: AwsImageCachesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsImageCaches", name, {}, opts)
        environment, registries = args["environment"], sorted(args["registries"])
        credentials = dict(args.get("credentials", {}))
        _refuse_impossible(registries, credentials)
        role_arn = self._role(name, environment, registries, args["key_arn"]) if registries else None
        prefixes: dict[str, pulumi.Output[str]] = {}
        for registry in registries:
            prefix = image_cache_prefix(environment["name"], registry)
            template = aws.ecr.RepositoryCreationTemplate(
                f"{name}-{registry}-template",
                prefix=prefix,
                description=f"Cached images of {registry}",
                applied_fors=["PULL_THROUGH_CACHE"],
                custom_role_arn=role_arn,
                encryption_configurations=[{"encryption_type": "KMS", "kms_key": args["key_arn"]}],
                image_tag_mutability="MUTABLE",
                lifecycle_policy=json.dumps(lifecycle_policy(), sort_keys=True),
                resource_tags=tags(environment, prefix),
                opts=pulumi.ResourceOptions(parent=self),
            )
            rule = aws.ecr.PullThroughCacheRule(
                f"{name}-{registry}",
                # Not before the template, or the first images would get repositories without encryption of ours.
                ecr_repository_prefix=template.prefix,
                upstream_registry_url=UPSTREAMS[registry],
                credential_arn=credential_arn(environment, credentials[registry]) if registry in credentials else None,
                opts=pulumi.ResourceOptions(parent=self),
            )
            prefixes[registry] = pulumi.Output.concat(registry_host(environment), "/", rule.ecr_repository_prefix)
        enhanced = args.get("enhanced_scanning", True)
        aws.ecr.RegistryScanningConfiguration(
            f"{name}-scanning",
            scan_type="ENHANCED" if enhanced else "BASIC",
            rules=[
                {
                    "scan_frequency": "CONTINUOUS_SCAN" if enhanced else "SCAN_ON_PUSH",
                    "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.prefixes = pulumi.Output.all(**prefixes)
        self.facts = AwsImageCachesFacts(
            prefixes=prefixes, node_policies=self._node_policies(name, environment, registries)
        )
        self.register_outputs({"prefixes": self.prefixes})

    def _node_policies(
        self, name: str, environment: AwsEnvironment, registries: Sequence[str]
    ) -> dict[str, pulumi.Output[str]]:
        if not registries:
            return {}
        policy_name = image_cache_policy_name(environment["name"])
        policy = aws.iam.Policy(
            f"{name}-node-policy",
            name=policy_name,
            description=f"Lets machines of {environment['name']} bring public images into the caches",
            policy=document(import_statement(environment, registries)),
            tags=tags(environment, policy_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return {"image-caches": policy.arn}

    def _role(
        self, name: str, environment: AwsEnvironment, registries: Sequence[str], key_arn: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        """Return the ARN of the role as which ECR makes repositories with tags and a key of ours."""
        return service_role(
            name,
            environment,
            role_name=image_cache_role_name(environment["name"]),
            description="Makes the repositories of cached images",
            trusted=trust(
                "EcrOfTheAccount",
                {"Service": "ecr.amazonaws.com"},
                # ECR's documentation does not promise the key; where it comes, it has to be right.
                condition={"StringEqualsIfExists": {"aws:SourceAccount": environment["account_id"]}},
            ),
            inline={
                "make-repositories": [
                    allow(
                        "MakeRepositories",
                        ["ecr:CreateRepository", "ecr:TagResource"],
                        _repositories(environment, registries),
                    ),
                    allow("EncryptRepositories", ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"], [key_arn]),
                ]
            },
            options=pulumi.ResourceOptions(parent=self),
        ).arn


def _repositories(environment: AwsEnvironment, registries: Sequence[str]) -> list[str]:
    return [
        arn(environment, "ecr", f"repository/{image_cache_prefix(environment['name'], registry)}/*")
        for registry in sorted(registries)
    ]


def _refuse_impossible(registries: Sequence[str], credentials: Mapping[str, str]) -> None:
    known = ", ".join(sorted(UPSTREAMS))
    found = [
        problem("registries", f"got {registry}; allowed: {known}")
        for registry in registries
        if registry not in UPSTREAMS
    ]
    found += [
        problem("registries", f"got {registry} twice; allowed: each registry once")
        for index, registry in enumerate(registries)
        if registry in registries[:index]
    ]
    found += [
        problem(f"credentials.{registry}", f"got none; allowed: a secret, as ECR caches {registry} with one only")
        for registry in WITH_CREDENTIAL
        if registry in registries and registry not in credentials
    ]
    for registry, secret in sorted(credentials.items()):
        if registry not in WITH_CREDENTIAL or registry not in registries:
            allowed = f"{' and '.join(WITH_CREDENTIAL)}, when they are among the registries"
            found.append(problem(f"credentials.{registry}", f"got a secret; allowed: {allowed}"))
        if not secret.rpartition(":")[2].startswith(CREDENTIAL_PREFIX):
            found.append(problem(f"credentials.{registry}", f"got {secret!r}; allowed: a name in {CREDENTIAL_PREFIX}"))
    if found:
        raise ArgumentsError("image caches", found)
