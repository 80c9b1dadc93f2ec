"""Image repositories, and caches of other registries."""

from typing import Any

import pytest

from components.gcp.registry import path_problems
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_CLUSTER, GCP_ENVIRONMENT, GCP_KEYS, evaluate_component, of_type

REGISTRY = "components.gcp.registry:GcpRegistry"
CACHES = "components.gcp.image_caches:GcpImageCaches"
REPOSITORY = "artifactregistry/repository:Repository"
GRANT = "artifactregistry/repositoryIamMember:RepositoryIamMember"
MACHINES = f"serviceAccount:{GCP_CLUSTER['node_service_account']}"


def registry(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "registry": {"repositories": ["churn/score", "churn/train", "platform/notebook"]},
        "key_id": GCP_KEYS["images"],
        "node_service_account": GCP_CLUSTER["node_service_account"],
        **changes,
    }


def caches(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "upstreams": ["quay.io", "docker.io"],
        "key_id": GCP_KEYS["images"],
        "node_service_account": GCP_CLUSTER["node_service_account"],
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    environment = {**GCP_ENVIRONMENT, "let_go": ["registries.churn"]}
    return evaluate_component(tmp_path_factory.mktemp("registry"), REGISTRY, registry(environment=environment))


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    token = {"username": "puller", "password_secret_version": "projects/p/secrets/token/versions/1"}
    args = caches(credentials={"docker.io": token})
    return evaluate_component(tmp_path_factory.mktemp("caches"), CACHES, args)


def test_each_owner_has_a_repository_of_its_own_below_one_prefix(made: Evaluation) -> None:
    component = next(each for each in made.filled.resources if each.name == "it")
    assert component.outputs["prefix"] == "europe-west1-docker.pkg.dev/example-project"
    assert {each.inputs["repositoryId"] for each in of_type(made, REPOSITORY).values()} == {"churn", "platform"}


def test_images_are_encrypted_scanned_and_their_tags_never_move(made: Evaluation) -> None:
    repositories = of_type(made, REPOSITORY)
    assert len(repositories) == 2
    for repository in repositories.values():
        assert repository.inputs["format"] == "DOCKER"
        assert repository.inputs["dockerConfig"] == {"immutableTags": True}
        assert repository.inputs["kmsKeyName"] == GCP_KEYS["images"]
        assert repository.inputs["vulnerabilityScanningConfig"] == {"enablementConfig": "INHERITED"}
        assert repository.inputs["labels"] == GCP_ENVIRONMENT["resource_labels"]


def test_clean_up_keeps_the_newest_and_removes_what_no_tag_points_to(made: Evaluation) -> None:
    repositories = of_type(made, REPOSITORY)
    assert len(repositories) == 2
    for repository in repositories.values():
        keep, delete = repository.inputs["cleanupPolicies"]
        assert (keep["action"], keep["mostRecentVersions"]) == ("KEEP", {"keepCount": 20})
        assert (delete["action"], delete["condition"]) == ("DELETE", {"tagState": "UNTAGGED", "olderThan": "604800s"})
        assert repository.inputs["cleanupPolicyDryRun"] is False


def test_machines_pull_and_nobody_else_has_a_right(made: Evaluation) -> None:
    grants = of_type(made, GRANT).values()
    assert {(each.inputs["repository"], each.inputs["role"], each.inputs["member"]) for each in grants} == {
        (owner, "roles/artifactregistry.reader", MACHINES) for owner in ("churn", "platform")
    }


def test_each_repository_is_let_go_by_its_owner(made: Evaluation) -> None:
    options = {
        name: (each.options.protect, each.inputs["deletionPolicy"]) for name, each in of_type(made, REPOSITORY).items()
    }
    assert options == {"it-churn-repository": (False, "DELETE"), "it-platform-repository": (True, "PREVENT")}


@pytest.mark.parametrize("path", ["score", "Churn/score", "churn/", "churn//score", "-churn/score", "a" * 64 + "/b"])
def test_a_path_that_is_no_owner_and_image_is_refused(path: str) -> None:
    (found,) = path_problems([path, "churn/score", "churn/model-2/score"])
    assert repr(path) in found["reason"]


def test_every_upstream_has_a_cache_that_machines_pull_from(cached: Evaluation) -> None:
    repositories = of_type(cached, REPOSITORY)
    sources = {name: each.inputs["remoteRepositoryConfig"] for name, each in repositories.items()}
    hub, quay = sources["it-docker.io-repository"], sources["it-quay.io-repository"]
    assert hub["dockerRepository"] == {"publicRepository": "DOCKER_HUB"}
    assert hub["upstreamCredentials"]["usernamePasswordCredentials"]["username"] == "puller"
    assert quay["commonRepository"] == {"uri": "https://quay.io"}
    assert "upstreamCredentials" not in quay
    assert {each.inputs["mode"] for each in repositories.values()} == {"REMOTE_REPOSITORY"}
    assert {each.inputs["kmsKeyName"] for each in repositories.values()} == {GCP_KEYS["images"]}
    assert {each.inputs["member"] for each in of_type(cached, GRANT).values()} == {MACHINES}
    component = next(each for each in cached.filled.resources if each.name == "it")
    assert component.outputs["prefixes"] == {
        "docker.io": "europe-west1-docker.pkg.dev/example-project/mlp-test-cache-docker-io",
        "quay.io": "europe-west1-docker.pkg.dev/example-project/mlp-test-cache-quay-io",
    }


@pytest.mark.parametrize(
    ("component", "args", "expected"),
    [
        (REGISTRY, registry(registry={"repositories": ["score"]}), ["registry it: registry.repositories: got 'score'"]),
        (
            CACHES,
            caches(upstreams=["gcr.io", "quay.io"], credentials={"example.com": {}}),
            ["upstreams: got 'example.com'", "upstreams: got 'gcr.io'; allowed: docker.io, ghcr.io"],
        ),
    ],
)
def test_problems_name_the_argument(tmp_path: Any, component: str, args: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, component, args)
    for text in expected:
        assert text in str(caught.value)
