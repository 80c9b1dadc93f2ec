"""What holds in every environment, whatever its cloud."""

import inspect
import re
import sys
from collections.abc import Iterator

import pytest

from mlplatform.graph import Resource, ResourceGraph, Severity, evaluate
from mlplatform.graph.sdk_types import resource_class
from mlplatform.render.kubernetes import render
from stacks.settings import CloudKind

NAMES = ("aws-dev", "aws-prod", "gcp-dev", "gcp-prod", "local")
CLOUDS = NAMES[:-1]

STATEFUL = {
    "aws:ecr/repository:Repository",
    "aws:efs/fileSystem:FileSystem",
    "aws:eks/cluster:Cluster",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
    "gcp:artifactregistry/repository:Repository",
    "gcp:bigquery/dataset:Dataset",
    "gcp:container/cluster:Cluster",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/keyRing:KeyRing",
    "gcp:secretmanager/secret:Secret",
    "gcp:secretmanager/regionalSecret:RegionalSecret",
    "gcp:sql/database:Database",
    "gcp:sql/databaseInstance:DatabaseInstance",
    "gcp:storage/bucket:Bucket",
}
"""Types whose loss loses data, or the means to read it."""

RELEASE = "kubernetes:helm.sh/v3:Release"
"""What of an environment is not looked into: the content of charts."""

CACHES = re.compile(r"cache")
"""Repositories that hold copies of what others publish, and may go."""

LABEL_ARGUMENTS = {"user_labels": "userLabels", "resource_labels": "resourceLabels", "labels": "labels"}
"""What the arguments of Google Cloud's resources call labels, and the inputs that they become."""


@pytest.fixture(params=NAMES)
def graph(request, evaluations) -> ResourceGraph:
    return evaluations[request.param].filled


@pytest.fixture(params=CLOUDS)
def cloud_graph(request, evaluations) -> ResourceGraph:
    return evaluations[request.param].filled


def of_package(graph: ResourceGraph, package: str) -> Iterator[Resource]:
    return (each for each in graph.resources if each.custom and each.type.startswith(f"{package}:"))


def accepts(resource: Resource, argument: str) -> bool:
    """Tell whether the SDK declares an argument of a resource's type."""
    found = resource_class(resource.type)
    assert found is not None, resource.type
    arguments = getattr(sys.modules[found.__module__], f"{found.__name__}Args")
    return argument in inspect.signature(arguments).parameters


def test_there_are_the_five_environments(environments):
    assert tuple(environments) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_wrong_in_either_pass(evaluations, name):
    charts = {each.urn for each in evaluations[name].filled.resources if each.type == RELEASE}
    wrong = [
        each for each in evaluations[name].findings if each.urn not in charts or each.severity is not Severity.NOTE
    ]
    assert [str(finding) for finding in wrong] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_shows_every_resource_that_a_deployment_makes(evaluations, name):
    evaluation = evaluations[name]
    assert [each.urn for each in evaluation.preview.resources] == [each.urn for each in evaluation.filled.resources]


@pytest.mark.parametrize("name", CLOUDS)
def test_a_second_evaluation_gives_the_same_bytes(evaluations, environments, name):
    again = evaluate(environments[name].request())
    assert again.filled.to_json() == evaluations[name].filled.to_json()
    assert again.preview.to_json() == evaluations[name].preview.to_json()


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_into_the_cluster_can_be_written_out_as_manifests(evaluations, name):
    rendered = render(evaluations[name].filled)
    inside = list(of_package(evaluations[name].filled, "kubernetes"))
    assert len(rendered.objects) + len(rendered.releases) == len(inside) > 30


def test_a_cloud_environment_is_complete(cloud_graph):
    of_its_cloud = [
        each
        for each in cloud_graph.resources
        if each.type.startswith(("aws:", "gcp:")) or "karpenter" in each.type or each.short_type == "ComputeClass"
    ]
    assert len(of_its_cloud) >= 150


def test_everything_that_can_carry_the_environments_tags_does(cloud_graph, environments):
    settings = environments[cloud_graph.environment].settings
    checked = 0
    for resource in of_package(cloud_graph, "aws"):
        if accepts(resource, "tags"):
            checked += 1
            assert resource.inputs.get("tags", {}).items() >= settings.tags.items(), resource.urn
    wanted = {"owner": settings.tags["owner"], "cost-center": settings.tags["costCenter"]}
    for resource in of_package(cloud_graph, "gcp"):
        # Where there are user labels, what is called labels is something else.
        argument = next((each for each in LABEL_ARGUMENTS if accepts(resource, each)), None)
        if argument is not None:
            checked += 1
            assert resource.inputs.get(LABEL_ARGUMENTS[argument], {}).items() >= wanted.items(), resource.urn
    assert checked > 30


def test_every_kubernetes_object_carries_the_environments_tags(cloud_graph, environments):
    tags = environments[cloud_graph.environment].settings.tags
    objects = [each for each in of_package(cloud_graph, "kubernetes") if "metadata" in each.inputs]
    assert len(objects) > 40
    for resource in objects:
        assert resource.inputs["metadata"]["labels"].items() >= tags.items(), resource.urn


def test_what_holds_data_is_protected_and_retained(cloud_graph):
    kept = [each for each in cloud_graph.resources if each.type in STATEFUL and not CACHES.search(each.name)]
    assert len(kept) > 20
    for resource in kept:
        assert resource.options.protect, resource.urn
        assert resource.options.retain_on_delete, resource.urn


def test_every_provider_is_explicit_and_bound_to_the_account(cloud_graph, environments):
    settings = environments[cloud_graph.environment].settings
    by_urn = cloud_graph.by_urn
    for resource in cloud_graph.resources:
        if resource.custom and not resource.type.startswith("pulumi:") and not resource.type.startswith("random:"):
            assert resource.provider in by_urn, resource.urn
    package = settings.cloud.value
    (provider,) = [each for each in cloud_graph.resources if each.type == f"pulumi:providers:{package}"]
    if settings.cloud is CloudKind.AWS:
        assert settings.aws is not None
        assert provider.inputs["allowedAccountIds"] == f'["{settings.aws.account_id}"]'
        assert provider.inputs["region"] == settings.region
    else:
        assert settings.gcp is not None
        assert provider.inputs["project"] == settings.gcp.project
        assert provider.inputs["region"] == settings.region


def test_no_secret_is_in_plain_text(graph):
    text = graph.to_json()
    assert "PRIVATE KEY" not in text
    for resource in graph.resources:
        for key, value in resource.inputs.items():
            if re.search(r"password$|secretString$|secretData$", key):
                assert not isinstance(value, str), f"{resource.urn}: {key}"
