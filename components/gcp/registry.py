"""Artifact Registry repositories for images, as a Pulumi component."""

import re
from collections.abc import Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_gcp as gcp
from pulumi.errors import InputPropertyErrorDetails

from components.contracts import Registry, RegistryArgs
from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.names import registry_prefix
from components.keeping import keep, released

__all__ = ["GcpRegistry", "GcpRegistryArgs"]

KEPT_VERSIONS: Final = 20
"""The newest versions of each image, which no clean-up removes."""

UNTAGGED_SECONDS: Final = 7 * 24 * 3600
"""Age at which an image that no tag points to is removed."""

REPOSITORY: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Name of an Artifact Registry repository."""

IMAGE: Final = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
"""One part of an image's path."""

IMAGE_RULE: Final = "<owner>/<image>, lower-case letters, digits and hyphens, the owner at most 63 characters"


class GcpRegistryArgs(TypedDict):
    """Which image repositories are wanted."""

    environment: GcpEnvironment
    """The environment that they belong to."""
    registry: RegistryArgs
    """The repositories. The first part of each path, a team or the platform itself, is whose rights they have."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of images; Artifact Registry's service agent may use it."""
    node_service_account: pulumi.Input[str]
    """Email of the machines' service account, which pulls images."""


def cleanup_policies() -> list[gcp.artifactregistry.RepositoryCleanupPolicyArgsDict]:
    """Return the clean-up policies of a repository; what one of them keeps, no other one deletes."""
    return [
        {"id": "keep-newest", "action": "KEEP", "most_recent_versions": {"keep_count": KEPT_VERSIONS}},
        {
            "id": "delete-untagged",
            "action": "DELETE",
            "condition": {"tag_state": "UNTAGGED", "older_than": f"{UNTAGGED_SECONDS}s"},
        },
    ]


def path_problems(paths: Sequence[str]) -> list[InputPropertyErrorDetails]:
    """Return what is wrong with the repository paths."""
    found = []
    for path in paths:
        owner, *parts = path.split("/")
        if not (REPOSITORY.fullmatch(owner) and parts and all(IMAGE.fullmatch(part) for part in parts)):
            found.append(problem("registry.repositories", f"got {path!r}; allowed: {IMAGE_RULE}"))
    return found


class GcpRegistry(pulumi.ComponentResource):
    """Private Docker repositories: one for each owner of images, such as a team.

    Artifact Registry grants rights on repositories and not on the images in them, so the first part of a path is a
    repository of its own, ``churn``, and the rest is an image in it, ``score``. All share the prefix
    ``<region>-docker.pkg.dev/<project>``, which therefore belongs to one environment.

    An image is made by its first push. The registry grants the machines the right to pull and nobody the right to
    push: that belongs to whoever builds images.
    """

    prefix: pulumi.Output[str]
    """What precedes a repository's path in an image reference."""

    def __init__(self, name: str, args: GcpRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpRegistry", name, {}, opts)
        environment = args["environment"]
        paths = list(args["registry"]["repositories"])
        if found := path_problems(paths):
            raise ArgumentsError(f"registry {name}", found)
        for owner in sorted({path.partition("/")[0] for path in paths}):
            thing = f"registries.{owner}"
            repository = gcp.artifactregistry.Repository(
                f"{name}-{owner}-repository",
                repository_id=owner,
                project=environment["project"],
                location=environment["region"],
                format="DOCKER",
                mode="STANDARD_REPOSITORY",
                description=f"Images of {owner} in {environment['name']}",
                docker_config={"immutable_tags": True},
                kms_key_name=args["key_id"],
                vulnerability_scanning_config={"enablement_config": "INHERITED"},
                cleanup_policies=cleanup_policies(),
                cleanup_policy_dry_run=False,
                labels=environment["resource_labels"],
                deletion_policy="DELETE" if released(thing, environment["let_go"]) else "PREVENT",
                opts=keep(self, thing, environment["let_go"]),
            )
            gcp.artifactregistry.RepositoryIamMember(
                f"{name}-{owner}-machines",
                project=environment["project"],
                location=environment["region"],
                repository=repository.repository_id,
                role="roles/artifactregistry.reader",
                member=pulumi.Output.concat("serviceAccount:", args["node_service_account"]),
                opts=pulumi.ResourceOptions(parent=self),
            )
        # Known without the repositories: they are empty until CI pushes, so nothing is ready when they are.
        prefix = registry_prefix(environment["region"], environment["project"])
        self.facts = Registry(prefix=prefix, repositories=paths)
        self.prefix = pulumi.Output.from_input(prefix)
        self.register_outputs({"prefix": self.prefix})
