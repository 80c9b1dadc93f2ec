"""Caches of other registries' images in Artifact Registry, as a Pulumi component."""

from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypeAlias, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.errors import ArgumentsError, problem
from components.gcp.facts import GcpEnvironment
from components.gcp.names import image_cache_name, registry_prefix

__all__ = ["GcpImageCaches", "GcpImageCachesArgs", "GcpUpstreamCredentials"]

RemoteRepository: TypeAlias = gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgsDict

UPSTREAMS: Final = ("docker.io", "ghcr.io", "public.ecr.aws", "quay.io", "registry.k8s.io")
"""Registries that can be cached."""

CACHED_SECONDS: Final = 90 * 24 * 3600
"""Age at which a cached image is removed; the next pull fetches it again."""


class GcpUpstreamCredentials(TypedDict):
    """How a cache logs in to its upstream."""

    username: str
    """User name."""
    password_secret_version: pulumi.Input[str]
    """Version of the Secret Manager secret that holds the password or token,
    ``projects/<project>/secrets/<secret>/versions/<version>``."""


class GcpImageCachesArgs(TypedDict):
    """Which registries are cached."""

    environment: GcpEnvironment
    """The environment that pulls the images."""
    upstreams: Sequence[str]
    """Host names of the registries: docker.io, ghcr.io, public.ecr.aws, quay.io and registry.k8s.io."""
    key_id: pulumi.Input[str]
    """ID of the KMS key of images; Artifact Registry's service agent may use it."""
    node_service_account: pulumi.Input[str]
    """Email of the machines' service account, which pulls images."""
    credentials: NotRequired[Mapping[str, GcpUpstreamCredentials]]
    """Credentials by upstream; images are pulled without a log-in where there are none. Artifact Registry's service
    agent needs to be granted access to the secrets."""


def remote_repository(upstream: str, credentials: GcpUpstreamCredentials | None) -> RemoteRepository:
    """Return the configuration of a remote repository of ``upstream``."""
    config: RemoteRepository = {"description": f"Images of {upstream}"}
    if upstream == "docker.io":
        config["docker_repository"] = {"public_repository": "DOCKER_HUB"}
    else:
        config["common_repository"] = {"uri": f"https://{upstream}"}
    if credentials is not None:
        config["upstream_credentials"] = {
            "username_password_credentials": {
                "username": credentials["username"],
                "password_secret_version": credentials["password_secret_version"],
            }
        }
    return config


class GcpImageCaches(pulumi.ComponentResource):
    """A remote repository for each upstream: hundreds of pods that start at once pull its images once.

    A cache holds nothing that cannot be fetched again, so it is not protected.
    """

    prefixes: pulumi.Output[Mapping[str, str]]
    """What replaces an upstream's host name in an image reference, by upstream; known once machines may pull."""

    def __init__(self, name: str, args: GcpImageCachesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:GcpImageCaches", name, {}, opts)
        environment = args["environment"]
        credentials = args.get("credentials", {})
        unknown = sorted({*args["upstreams"], *credentials} - set(UPSTREAMS))
        if unknown:
            allowed = ", ".join(UPSTREAMS)
            found = [problem("upstreams", f"got {upstream!r}; allowed: {allowed}") for upstream in unknown]
            raise ArgumentsError(f"image caches {name}", found)
        prefixes: dict[str, pulumi.Output[str]] = {}
        for upstream in sorted(set(args["upstreams"])):
            physical = image_cache_name(environment["name"], upstream)
            repository = gcp.artifactregistry.Repository(
                f"{name}-{upstream}-repository",
                repository_id=physical,
                project=environment["project"],
                location=environment["region"],
                format="DOCKER",
                mode="REMOTE_REPOSITORY",
                description=f"Cache of {upstream} for {environment['name']}",
                remote_repository_config=remote_repository(upstream, credentials.get(upstream)),
                kms_key_name=args["key_id"],
                cleanup_policies=[
                    {
                        "id": "delete-old",
                        "action": "DELETE",
                        "condition": {"tag_state": "ANY", "older_than": f"{CACHED_SECONDS}s"},
                    }
                ],
                cleanup_policy_dry_run=False,
                labels=environment["resource_labels"],
                opts=pulumi.ResourceOptions(parent=self),
            )
            machines = gcp.artifactregistry.RepositoryIamMember(
                f"{name}-{upstream}-machines",
                project=environment["project"],
                location=environment["region"],
                repository=repository.repository_id,
                role="roles/artifactregistry.reader",
                member=pulumi.Output.concat("serviceAccount:", args["node_service_account"]),
                opts=pulumi.ResourceOptions(parent=self),
            )
            prefix = f"{registry_prefix(environment['region'], environment['project'])}/{physical}"
            prefixes[upstream] = pulumi.Output.all(prefix, machines.id).apply(lambda values: str(values[0]))
        self.facts: Mapping[str, pulumi.Output[str]] = prefixes
        self.prefixes = pulumi.Output.all(**prefixes).apply(dict)
        self.register_outputs({"prefixes": self.prefixes})
