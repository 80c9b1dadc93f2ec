"""What holds of environments in Google Cloud as wholes: who has which rights, and what a given cluster changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.gcp.delivery_roles import GRANTED
from mlplatform.environments import load
from mlplatform.graph import Evaluation, Resource, evaluate

STACKS = Path(__file__).parents[2] / "stacks"
NAMES = ("gcp-dev", "gcp-prod")

EXISTING = {
    "existingNetwork": {
        "network": "corp",
        "subnetwork": "ml",
        "podRange": "pods",
        "serviceRange": "services",
        "controlPlaneCidr": "10.60.0.0/28",
    },
    "existingCluster": {
        "name": "shared",
        "location": "europe-west1",
        "endpoint": "gke-0123456789.europe-west1.gke.goog",
    },
}


def of(evaluation: Evaluation, kind: str) -> dict[str, Resource]:
    return {each.name: each for each in evaluation.filled.resources if each.type == f"gcp:{kind}"}


def changed(directory: Path, **gcp: Any) -> Evaluation:
    """Evaluate gcp-prod with other values in its section of Google Cloud."""
    content: dict[str, Any] = yaml.safe_load((STACKS / "Pulumi.gcp-prod.yaml").read_text(encoding="utf-8"))
    content["config"]["mlplatform:gcp"] |= gcp
    (directory / "Pulumi.gcp-prod.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (environment,) = load(directory, ["gcp-prod"])
    return evaluate(environment.request())


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return changed(tmp_path_factory.mktemp("existing"), **EXISTING)


@pytest.mark.parametrize("name", NAMES)
def test_whoever_deploys_may_grant_every_role_that_is_granted(evaluations: Mapping[str, Evaluation], name: str) -> None:
    granted = {
        each.inputs["role"]
        for each in of(evaluations[name], "projects/iAMMember:IAMMember").values()
        # What delivery itself is granted is for people to change.
        if "GcpDelivery$" not in each.urn
    }
    assert len(granted) > 3
    assert granted <= set(GRANTED)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_with_rights_in_the_cluster_reaches_it(evaluations: Mapping[str, Evaluation], name: str) -> None:
    bound = {
        subject["name"]
        for each in evaluations[name].filled.resources
        if each.type == "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
        for subject in each.inputs["subjects"]
        if subject["kind"] == "Group" and "@" in subject["name"]
    }
    reaching = {
        each.inputs["member"].removeprefix("group:")
        for each in of(evaluations[name], "projects/iAMMember:IAMMember").values()
        if each.inputs["role"] == "roles/container.clusterViewer"
    }
    assert (
        bound
        == reaching
        == {
            "churn-analysts@example.com",
            "churn-scientists@example.com",
            "pricing-scientists@example.com",
        }
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_dataset_is_open_to_those_whom_the_store_of_its_name_is_open_to(
    evaluations: Mapping[str, Evaluation], name: str
) -> None:
    def rights(kind: str, named: str) -> set[tuple[str, str]]:
        return {
            (each.inputs["role"].rpartition(".")[2], each.inputs["member"].removeprefix("iamMember:"))
            for each in of(evaluations[name], kind).values()
            if each.name.endswith(named)
        }

    on_store = rights("storage/bucketIAMMember:BucketIAMMember", "-write-scores")
    on_dataset = rights("bigquery/datasetIamMember:DatasetIamMember", "-runner")
    assert {role for role, _ in on_dataset} == {"dataEditor"}
    assert {member for _, member in on_dataset} == {member for _, member in on_store}


def test_a_dataset_without_a_store_of_its_name_is_open_to_nobody(tmp_path: Path) -> None:
    evaluation = changed(tmp_path, datasets=["raw", "datasets"])
    grants = of(evaluation, "bigquery/datasetIamMember:DatasetIamMember")
    # Both teams read the store `datasets`, and none writes it.
    assert {(each.inputs["datasetId"], each.inputs["role"]) for each in grants.values()} == {
        ("mlplatform_gcp_prod_datasets", "roles/bigquery.dataViewer")
    }
    assert len(grants) == 2


@pytest.mark.parametrize("name", NAMES)
def test_budgets_have_a_project_to_ask_for_them(evaluations: Mapping[str, Evaluation], name: str) -> None:
    (provider,) = [each for each in evaluations[name].filled.resources if each.type == "pulumi:providers:gcp"]
    assert provider.inputs["billingProject"] == provider.inputs["project"]
    assert provider.inputs["userProjectOverride"] == "true"


def test_logs_are_locked_in_production_only(evaluations: Mapping[str, Evaluation]) -> None:
    locked = {
        name: of(evaluations[name], "storage/bucket:Bucket")["audit-logs-bucket"].inputs["retentionPolicy"]["isLocked"]
        for name in NAMES
    }
    assert locked == {"gcp-dev": False, "gcp-prod": True}


def test_what_is_watched_and_logged_is_the_cluster_that_was_given(existing: Evaluation) -> None:
    sink = of(existing, "logging/projectSink:ProjectSink")["audit-logs-cluster"]
    assert 'cluster_name="shared"' in sink.inputs["filter"]
    (condition,) = of(existing, "monitoring/alertPolicy:AlertPolicy")["alerts-no-machines"].inputs["conditions"]
    assert 'cluster_name = "shared"' in condition["conditionMatchedLog"]["filter"]


def test_pools_of_a_cluster_that_was_given_run_as_an_account_of_our_own(existing: Evaluation) -> None:
    account = of(existing, "serviceaccount/account:Account")["cluster-nodes"]
    pools = of(existing, "container/nodePool:NodePool").values()
    assert pools
    for pool in pools:
        assert pool.inputs["cluster"] == "shared"
        assert pool.inputs["nodeConfig"]["serviceAccount"] == account.outputs["email"]
        assert account.urn in pool.dependencies
    assert not of(existing, "container/cluster:Cluster")
    assert not of(existing, "binaryauthorization/policy:Policy")
    readers = {
        each.inputs["repository"]
        for each in of(existing, "artifactregistry/repositoryIamMember:RepositoryIamMember").values()
        if each.inputs["member"] == f"serviceAccount:{account.outputs['email']}"
    }
    assert readers == {
        each.inputs["repositoryId"] for each in of(existing, "artifactregistry/repository:Repository").values()
    }
