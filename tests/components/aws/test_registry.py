"""Image repositories, and caches of public ones."""

import fnmatch
import json
import re
from typing import Any

import pytest

from components.aws.image_caches import import_statement
from components.aws.names import image_cache_prefix
from components.aws.registry import lifecycle_policy
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import AWS_ENVIRONMENT, AWS_KEYS, evaluate_component, evaluate_program, of_type, only
from tests.support.iam import faults

REGISTRY = "components.aws.registry:AwsRegistry"
CACHES = "components.aws.image_caches:AwsImageCaches"
HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


def registry(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "registry_name": "churn",
        "registry": {
            "repositories": ["churn/score", "churn/train"],
            "deployed_tags": {"churn/score": ["1.0.0"]},
        },
        "key_arn": AWS_KEYS["images"],
        **changes,
    }


def caches(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "key_arn": AWS_KEYS["images"],
        "registries": ["registry.k8s.io", "docker.io", "public.ecr.aws"],
        "credentials": {"docker.io": "ecr-pullthroughcache/docker-hub"},
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    from components.aws.image_caches import AwsImageCaches
    from components.aws.registry import AwsRegistry

    pulumi.export("prefix", AwsRegistry("churn", given["registry"]).facts["prefix"])
    pulumi.export("caches", AwsImageCaches("caches", given["caches"]).facts["prefixes"])
    """
    return evaluate_program(tmp_path_factory.mktemp("registry"), program, registry=registry(), caches=caches())


def test_each_path_is_a_private_repository_whose_tags_never_move(made: Evaluation) -> None:
    repositories = of_type(made, "ecr/repository:Repository")
    assert {each.inputs["name"] for each in repositories.values()} == {"mlp-test/churn/score", "mlp-test/churn/train"}
    for each in repositories.values():
        assert each.inputs["imageTagMutability"] == "IMMUTABLE"
        assert each.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert each.inputs["encryptionConfigurations"] == [
            {"encryptionType": "KMS", "kmsKey": AWS_KEYS["images"]},
        ]
        assert each.inputs["forceDelete"] is False
        assert each.options.protect
        assert each.options.retain_on_delete
    assert made.outputs["prefix"] == f"{HOST}/mlp-test"
    assert of_type(made, "RepositoryPolicy") == {}


def test_a_registry_that_is_let_go_can_be_deleted_with_its_images(tmp_path: Any) -> None:
    let_go = registry(environment={**AWS_ENVIRONMENT, "let_go": ["registries.churn"]})
    released = of_type(evaluate_component(tmp_path, REGISTRY, let_go), "ecr/repository:Repository")
    assert len(released) == 2
    for each in released.values():
        assert each.inputs["forceDelete"] is True
        assert not each.options.protect
        assert not each.options.retain_on_delete


def expired(policy: dict[str, Any], images: list[tuple[int, str | None]]) -> set[str | None]:
    """Return the tags of images, given with their age in days, that ECR would remove: the first rule decides."""
    left, gone = list(images), set()
    for rule in policy["rules"]:
        chosen = rule["selection"]
        patterns = chosen.get("tagPatternList")
        mine = [
            (age, tag)
            for age, tag in left
            if (chosen["tagStatus"] == "untagged" and tag is None)
            or (patterns and tag is not None and all(fnmatch.fnmatch(tag, pattern) for pattern in patterns))
        ]
        left = [image for image in left if image not in mine]
        if chosen["countType"] == "imageCountMoreThan":
            gone |= {tag for _, tag in sorted(mine)[chosen["countNumber"] :]}
        else:
            gone |= {tag for age, tag in mine if age > chosen["countNumber"]}
    return gone


def test_old_images_go_but_not_what_is_deployed(made: Evaluation) -> None:
    images: list[tuple[int, str | None]] = [(400, "1.0.0"), (300, "1.0.1"), (200, "1.1.0"), (5, "1.2.0")]
    assert expired(lifecycle_policy(2, []), images) == {"1.0.0", "1.0.1"}
    assert expired(lifecycle_policy(2, ["1.0.0"]), images) == {"1.0.1"}
    assert expired(lifecycle_policy(9, []), [(8, None), (400, "1.0.0")]) == {None}
    assert expired(lifecycle_policy(9, []), [(6, None)]) == set()
    policies = of_type(made, "LifecyclePolicy")
    score = json.loads(policies["churn-churn/score-lifecycle"].inputs["policy"])
    train = json.loads(policies["churn-churn/train-lifecycle"].inputs["policy"])
    assert score["rules"][0]["selection"]["tagPatternList"] == ["1.0.0"]
    assert len(train["rules"]) == len(score["rules"]) - 1
    assert [rule["rulePriority"] for rule in score["rules"]] == [1, 2, 3]


def test_public_images_are_cached_with_the_key_of_the_environment(made: Evaluation) -> None:
    assert made.outputs["caches"] == {
        "docker.io": f"{HOST}/mlp-test.hub",
        "public.ecr.aws": f"{HOST}/mlp-test.ecr",
        "registry.k8s.io": f"{HOST}/mlp-test.k8s",
    }
    rules = {each.inputs["ecrRepositoryPrefix"]: each for each in of_type(made, "PullThroughCacheRule").values()}
    assert rules["mlp-test.hub"].inputs["upstreamRegistryUrl"] == "registry-1.docker.io"
    assert rules["mlp-test.hub"].inputs["credentialArn"] == (
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ecr-pullthroughcache/docker-hub"
    )
    assert "credentialArn" not in rules["mlp-test.k8s"].inputs
    templates = {each.inputs["prefix"]: each for each in of_type(made, "RepositoryCreationTemplate").values()}
    assert templates.keys() == rules.keys()
    assert len(templates) == 3
    for prefix, template in templates.items():
        assert template.inputs["appliedFors"] == ["PULL_THROUGH_CACHE"]
        assert template.inputs["encryptionConfigurations"] == [
            {"encryptionType": "KMS", "kmsKey": AWS_KEYS["images"]},
        ]
        assert template.inputs["resourceTags"]["owner"] == "ml-platform"
        # A repository must not be made before its template, which waits for the role that makes it.
        assert template.urn in rules[prefix].dependencies
        assert any(urn.endswith("::caches-make-repositories") for urn in template.dependencies)


def test_roles_can_fill_the_caches_and_make_no_other_repository(made: Evaluation) -> None:
    caches_only = [f"arn:aws:ecr:eu-west-1:111122223333:repository/mlp-test.{each}/*" for each in ("hub", "ecr", "k8s")]
    statement = import_statement(AWS_ENVIRONMENT, caches()["registries"])  # type: ignore[arg-type]
    assert sorted(statement["Resource"]) == sorted(caches_only)  # type: ignore[type-var]
    assert statement["Action"] == ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
    policy = json.loads(only(made, "iam/rolePolicy:RolePolicy").inputs["policy"])
    made_by_ecr = {each["Sid"]: each["Resource"] for each in policy["Statement"]}
    assert sorted(made_by_ecr["MakeRepositories"]) == sorted(caches_only)
    assert made_by_ecr["EncryptRepositories"] == [AWS_KEYS["images"]]
    assert faults(made.filled) == []


@pytest.mark.parametrize("name", ["a", "mlplatform-aws-prod", "m" * 25, "m" * 51, f"{'m' * 17}-{'p' * 33}"])
def test_prefixes_of_caches_fit_and_are_no_teams_path(name: str) -> None:
    upstreams = ["docker.io", "ghcr.io", "public.ecr.aws", "quay.io", "registry.k8s.io"]
    prefixes = [image_cache_prefix(name, upstream) for upstream in upstreams]
    assert len(set(prefixes)) == len(upstreams)
    for prefix in prefixes:
        # The pattern and the limits of ECR's CreatePullThroughCacheRule.
        assert re.fullmatch(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*", prefix)
        assert 2 <= len(prefix) <= 30
        assert not prefix.startswith(f"{name}/")


def test_long_names_of_environments_have_prefixes_of_their_own() -> None:
    assert image_cache_prefix("m" * 40 + "a", "quay.io") != image_cache_prefix("m" * 40 + "b", "quay.io")


def test_scanning_is_of_the_whole_registry_and_outlives_the_environment(made: Evaluation, tmp_path: Any) -> None:
    scanning = only(made, "RegistryScanningConfiguration")
    everything = [{"filter": "*", "filterType": "WILDCARD"}]
    assert scanning.inputs["scanType"] == "ENHANCED"
    assert scanning.inputs["rules"] == [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": everything}]
    assert scanning.options.retain_on_delete
    basic = evaluate_component(tmp_path, CACHES, caches(registries=[], credentials={}, enhanced_scanning=False))
    assert only(basic, "RegistryScanningConfiguration").inputs == {
        "scanType": "BASIC",
        "rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": everything}],
    }
    assert of_type(basic, "iam/role:Role") == {}


IMPOSSIBLE: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "registry": (
        REGISTRY,
        registry(
            keep_images=0,
            registry={
                "repositories": ["churn/score", "churn/score"],
                "deployed_tags": {"churn/train": ["1"], "churn/score": [str(number) for number in range(49)]},
            },
        ),
        [
            "registry churn: keep_images: got 0; allowed: 1 or more",
            "registry churn: registry.repositories[1]: got 'churn/score' twice",
            "registry churn: registry.deployed_tags.churn/train: no such repository",
            "registry churn: registry.deployed_tags.churn/score: got 49 tags; allowed: at most 48",
        ],
    ),
    "caches": (
        CACHES,
        caches(registries=["gcr.io", "ghcr.io", "quay.io"], credentials={"quay.io": "mine"}),
        [
            "image caches: registries: got gcr.io; allowed: docker.io, ghcr.io,",
            "image caches: credentials.ghcr.io: got none",
            "image caches: credentials.quay.io: got a secret; allowed: docker.io and ghcr.io",
            "image caches: credentials.quay.io: got 'mine'; allowed: a name in ecr-pullthroughcache/",
        ],
    ),
}


@pytest.mark.parametrize(("component", "args", "expected"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_every_problem_of_the_arguments_is_named(
    tmp_path: Any, component: str, args: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, component, args)
    for text in expected:
        assert text in str(caught.value)
