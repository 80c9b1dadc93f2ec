"""ECR image repositories, as a Pulumi component."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.aws.facts import AwsEnvironment
from components.aws.names import registry_host, repository_name, tags
from components.aws.outputs import ready
from components.contracts import Registry, RegistryArgs
from components.errors import ArgumentsError, problem
from components.keeping import keep, released

__all__ = ["AwsRegistry", "AwsRegistryArgs", "lifecycle_policy"]

KEEP_IMAGES: Final = 200
"""Tagged images that a repository keeps where nothing else is asked for."""

UNTAGGED_DAYS: Final = 7
"""Days after which an image that has no tag is removed."""

MAX_DEPLOYED_TAGS: Final = 48
"""Tags of one repository that can be kept by name: ECR takes 50 rules, and two are not about tags of their own."""


class AwsRegistryArgs(TypedDict):
    """Which image repositories are wanted."""

    environment: AwsEnvironment
    """Where they are."""
    registry_name: str
    """Whose they are: a team, or the platform itself."""
    registry: RegistryArgs
    """The repositories."""
    key_arn: pulumi.Input[str]
    """KMS key that encrypts the images."""
    keep_images: NotRequired[int]
    """Tagged images that each repository keeps, from the latest one pushed; 200 where it is left out."""


def lifecycle_policy(keep_images: int, deployed_tags: Sequence[str]) -> dict[str, Any]:
    """Return the rules by which ECR removes images of one repository.

    An image that a rule describes is never removed by a later one, so a rule that describes one tag and waits for a
    second image of it, which there cannot be, keeps that image.
    """
    rules: list[dict[str, Any]] = [
        {
            "description": f"keep {tag}, which is deployed",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": [tag],
                "countType": "imageCountMoreThan",
                "countNumber": 1,
            },
        }
        for tag in sorted(set(deployed_tags))
    ]
    rules += [
        {
            "description": "remove what has no tag",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
        },
        {
            "description": f"keep the last {keep_images}",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["*"],
                "countType": "imageCountMoreThan",
                "countNumber": keep_images,
            },
        },
    ]
    expire = {"action": {"type": "expire"}}
    return {"rules": [{"rulePriority": priority, **rule, **expire} for priority, rule in enumerate(rules, 1)]}


class AwsRegistry(pulumi.ComponentResource):
    """A private ECR repository for each path, whose tags never move.

    It has no repository policies: roles of the same account pull and push by policies of their own, and nobody else
    does. How images are scanned is a matter of the whole account, and is said by ``AwsImageCaches``.

    A deployed image is safe for as long as it is among the last ``keep_images`` or its tag among ``deployed_tags``.
    """

    prefix: pulumi.Output[str]
    """What precedes a repository's path in an image reference, without a trailing slash; known once all of them
    exist."""

    def __init__(self, name: str, args: AwsRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:AwsRegistry", name, {}, opts)
        environment, registry_name = args["environment"], args["registry_name"]
        paths = list(args["registry"]["repositories"])
        keep_images, deployed_tags = (
            int(args.get("keep_images", KEEP_IMAGES)),
            args["registry"].get("deployed_tags", {}),
        )
        _refuse_impossible(registry_name, paths, keep_images, deployed_tags)
        thing = f"registries.{registry_name}"
        made: list[pulumi.Output[str]] = []
        for path in paths:
            physical_name = repository_name(environment["name"], path)
            repository = aws.ecr.Repository(
                f"{name}-{path}",
                name=physical_name,
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration={"scan_on_push": True},
                encryption_configurations=[{"encryption_type": "KMS", "kms_key": args["key_arn"]}],
                force_delete=released(thing, environment["let_go"]),
                tags=tags(environment, physical_name),
                opts=keep(self, thing, environment["let_go"]),
            )
            policy = aws.ecr.LifecyclePolicy(
                f"{name}-{path}-lifecycle",
                repository=repository.name,
                policy=json.dumps(lifecycle_policy(keep_images, deployed_tags.get(path, ())), sort_keys=True),
                opts=pulumi.ResourceOptions(parent=self),
            )
            made += [repository.repository_url, policy.id]
        self.prefix = ready(f"{registry_host(environment)}/{environment['name']}", *made)
        self.facts = Registry(prefix=self.prefix, repositories=paths)
        self.register_outputs({"prefix": self.prefix})


def _refuse_impossible(
    registry_name: str, paths: Sequence[str], keep_images: int, deployed_tags: Mapping[str, Sequence[str]]
) -> None:
    found = []
    if keep_images < 1:
        found.append(problem("keep_images", f"got {keep_images}; allowed: 1 or more"))
    found += [
        problem(f"registry.repositories[{index}]", f"got {path!r} twice; allowed: each path once")
        for index, path in enumerate(paths)
        if path in paths[:index]
    ]
    for path, deployed in sorted(deployed_tags.items()):
        if path not in paths:
            reason = f"no such repository; allowed: {', '.join(paths) or 'none'}"
            found.append(problem(f"registry.deployed_tags.{path}", reason))
        if len(set(deployed)) > MAX_DEPLOYED_TAGS:
            reason = f"got {len(set(deployed))} tags; allowed: at most {MAX_DEPLOYED_TAGS}"
            found.append(problem(f"registry.deployed_tags.{path}", reason))
    if found:
        raise ArgumentsError(f"registry {registry_name}", found)
