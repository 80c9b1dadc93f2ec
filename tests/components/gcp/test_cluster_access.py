"""People of a cluster: administrators by IAM alone, teams by IAM as far as its door."""

import pytest

from mlplatform.graph import Evaluation
from tests.support.components import GCP_ENVIRONMENT, evaluate_component, of_type

COMPONENT = "components.gcp.cluster_access:GcpClusterAccess"
WORKFORCE = "principalSet://iam.googleapis.com/locations/global/workforcePools/staff/group/churn"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = {
        "environment": GCP_ENVIRONMENT,
        "admins": ["admins@example.com"],
        "users": ["churn@example.com", WORKFORCE, "admins@example.com"],
    }
    return evaluate_component(tmp_path_factory.mktemp("access"), COMPONENT, args)


def test_teams_reach_the_api_server_and_nothing_in_the_cluster(made: Evaluation) -> None:
    grants = of_type(made, "projects/iAMMember:IAMMember").values()
    assert sorted((each.inputs["member"], each.inputs["role"]) for each in grants) == [
        ("group:admins@example.com", "roles/container.admin"),
        ("group:churn@example.com", "roles/container.clusterViewer"),
        (WORKFORCE, "roles/container.clusterViewer"),
    ]
    assert {each.inputs["project"] for each in grants} == {"example-project"}


def test_nobody_elses_rights_are_taken(made: Evaluation) -> None:
    assert {each.type for each in made.filled.resources if each.type.startswith("gcp:")} == {
        "gcp:projects/iAMMember:IAMMember"
    }
