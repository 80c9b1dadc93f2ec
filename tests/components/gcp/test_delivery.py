"""Deployment from CI: who is trusted, and with what."""

import re
from typing import Any

import pytest

from components.gcp.delivery_roles import DEPLOY_ROLES, GRANTED, MANAGED, PREVIEW_ROLES, SEEN, permissions
from components.gcp.names import identity_pool_id
from mlplatform.graph import Evaluation, EvaluationError, Resource
from tests.support.components import GCP_CLUSTER, GCP_ENVIRONMENT, evaluate_component, of_type, only

PROJECT = "projects/iAMMember:IAMMember"
COMPONENT = "components.gcp.delivery:GcpDelivery"
STATE_KEY = "projects/example-project/locations/europe-west1/keyRings/mlp-test-state/cryptoKeys/state"
POOL = "principal://iam.googleapis.com/projects/111122223333/locations/global/workloadIdentityPools/mlp-test-github"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "environment": GCP_ENVIRONMENT,
        "repository": "example/ml-platform",
        "branch": "main",
        "state_bucket": "mlp-test-state-111122223333",
        "state_key_id": STATE_KEY,
        "act_as": {"nodes": GCP_CLUSTER["node_service_account"]},
        "billing_account": "012345-6789AB-CDEF01",
        **changes,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("delivery"), COMPONENT, arguments())


def members(evaluation: Evaluation, kind: str, who: str) -> dict[str, Resource]:
    """Return the grants of one type to one account, by the role."""
    found = of_type(evaluation, kind).values()
    email = f"serviceAccount:mlp-test-{who}@example-project.iam.gserviceaccount.com"
    return {each.inputs["role"]: each for each in found if each.inputs["member"] == email}


def test_only_the_branch_and_pull_requests_of_the_repository_get_tokens(made: Evaluation) -> None:
    provider = only(made, "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    assert provider.inputs["oidc"] == {"issuerUri": "https://token.actions.githubusercontent.com"}
    assert provider.inputs["attributeMapping"]["google.subject"] == "assertion.sub"
    assert provider.inputs["attributeCondition"] == (
        "assertion.repository == 'example/ml-platform' && ("
        "(assertion.sub == 'repo:example/ml-platform:ref:refs/heads/main' && assertion.ref == 'refs/heads/main')"
        " || assertion.sub == 'repo:example/ml-platform:pull_request')"
    )


def test_a_repository_whose_tokens_carry_githubs_numbers_is_known_by_them(tmp_path: Any) -> None:
    given = "example@17/ml-platform@4711"
    evaluation = evaluate_component(tmp_path, COMPONENT, arguments(repository=given))
    provider = only(evaluation, "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    assert provider.inputs["attributeCondition"].startswith(
        "assertion.repository == 'example/ml-platform' && assertion.repository_id == '4711'"
        f" && ((assertion.sub == 'repo:{given}:ref:refs/heads/main'"
    )
    trust = of_type(evaluation, "serviceaccount/iAMMember:IAMMember")["it-deploy-trust"]
    assert trust.inputs["member"] == f"{POOL}/subject/repo:{given}:ref:refs/heads/main"


@pytest.mark.parametrize("half", ["example@17/ml-platform", "example/ml-platform@4711"])
def test_half_of_the_numbers_is_refused(tmp_path: Any, half: str) -> None:
    with pytest.raises(EvaluationError, match="repository: got"):
        evaluate_component(tmp_path, COMPONENT, arguments(repository=half))


def test_pull_requests_cannot_become_the_account_that_deploys(made: Evaluation) -> None:
    trust = {
        name: (each.inputs["role"], each.inputs["member"])
        for name, each in of_type(made, "serviceaccount/iAMMember:IAMMember").items()
        if name.endswith("-trust")
    }
    user = "roles/iam.workloadIdentityUser"
    assert trust == {
        "it-deploy-trust": (user, f"{POOL}/subject/repo:example/ml-platform:ref:refs/heads/main"),
        "it-preview-trust": (user, f"{POOL}/subject/repo:example/ml-platform:pull_request"),
    }


def test_a_github_environment_and_the_number_of_the_repository_narrow_the_trust(tmp_path: Any) -> None:
    narrowed = arguments(github_environment="gcp-prod", repository_id="424242", generation=2)
    made = evaluate_component(tmp_path, COMPONENT, narrowed)
    provider = only(made, "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    condition = provider.inputs["attributeCondition"]
    assert "assertion.repository_id == '424242' && (" in condition
    deploy = "repo:example/ml-platform:environment:gcp-prod"
    assert f"(assertion.sub == '{deploy}' && assertion.ref == 'refs/heads/main')" in condition
    trust = of_type(made, "serviceaccount/iAMMember:IAMMember")["it-deploy-trust"]
    assert trust.inputs["member"].endswith(f"workloadIdentityPools/mlp-test-github-2/subject/{deploy}")


def test_no_account_has_a_basic_role_or_more_than_its_list(made: Evaluation) -> None:
    deploy, preview = (members(made, PROJECT, who) for who in ("deploy", "preview"))
    conditional = {"roles/resourcemanager.projectIamAdmin", "roles/secretmanager.secretAccessor"}
    assert {role for role in deploy if role.startswith("roles/")} == {*DEPLOY_ROLES, *conditional}
    assert {role for role in preview if role.startswith("roles/")} == {*PREVIEW_ROLES}
    assert not {"roles/owner", "roles/editor", "roles/viewer"} & {*deploy, *preview}
    # The one that is left on each side is the custom role.
    assert len(deploy) == len(DEPLOY_ROLES) + 3
    assert len(preview) == len(PREVIEW_ROLES) + 1


def test_whoever_deploys_grants_the_components_roles_only(made: Evaluation) -> None:
    admin = members(made, PROJECT, "deploy")["roles/resourcemanager.projectIamAdmin"]
    expression = admin.inputs["condition"]["expression"]
    assert expression.startswith("api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([")
    assert re.findall(r"'(roles/[^']+)'", expression) == sorted(GRANTED)


def test_whoever_deploys_reads_back_the_environment_s_own_secrets_only(made: Evaluation) -> None:
    accessor = members(made, PROJECT, "deploy")["roles/secretmanager.secretAccessor"]
    assert accessor.inputs["condition"]["expression"] == (
        "resource.name.startsWith('projects/111122223333/secrets/mlp-test-')"
    )


def test_custom_roles_read_no_data_and_destroy_no_key() -> None:
    data = (
        "bigquery.tables",
        "cloudkms.cryptoKeyVersions.useTo",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudsql.instances.connect",
        "cloudsql.instances.export",
        "cloudsql.instances.login",
        "iam.serviceAccountKeys",
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.setIamPolicy",
        "pubsub.subscriptions.consume",
        "secretmanager.versions.access",
        "storage.objects",
    )
    for permission in (*permissions(MANAGED), *permissions(SEEN)):
        assert not permission.startswith(data), permission
        assert re.fullmatch(r"[a-z]+\.[A-Za-z]+\.[A-Za-z]+", permission), permission
    assert {permission.rpartition(".")[2] for permission in permissions(SEEN)} == {"get", "getIamPolicy", "list"}


def test_ci_cannot_change_its_own_trust_or_roles() -> None:
    verbs = {each.rpartition(".")[2] for each in permissions(MANAGED) if each.startswith("iam.roles.")}
    assert verbs == {"get", "list"}
    assert [role for role in DEPLOY_ROLES if role.startswith("roles/iam.")] == ["roles/iam.workloadIdentityPoolViewer"]


def test_only_whoever_deploys_sees_to_budgets(made: Evaluation) -> None:
    (budgets,) = of_type(made, "billing/accountIamMember:AccountIamMember").values()
    assert budgets.inputs["role"] == "roles/billing.costsManager"
    assert budgets.inputs["member"] == "serviceAccount:mlp-test-deploy@example-project.iam.gserviceaccount.com"


def test_state_is_written_by_one_and_read_by_the_other(made: Evaluation) -> None:
    rights = {}
    for who in ("deploy", "preview"):
        (bucket,) = members(made, "storage/bucketIAMMember:BucketIAMMember", who).values()
        (key,) = members(made, "kms/cryptoKeyIAMMember:CryptoKeyIAMMember", who).values()
        assert (bucket.inputs["bucket"], key.inputs["cryptoKeyId"]) == ("mlp-test-state-111122223333", STATE_KEY)
        rights[who] = (bucket.inputs["role"], key.inputs["role"])
    assert rights == {
        "deploy": ("roles/storage.objectUser", "roles/cloudkms.cryptoKeyEncrypterDecrypter"),
        "preview": ("roles/storage.objectViewer", "roles/cloudkms.cryptoKeyDecrypter"),
    }


def test_whoever_deploys_acts_as_the_accounts_given_and_no_other(made: Evaluation) -> None:
    grants = of_type(made, "serviceaccount/iAMMember:IAMMember").values()
    acts = [each for each in grants if each.inputs["role"] == "roles/iam.serviceAccountUser"]
    assert [each.inputs["serviceAccountId"] for each in acts] == [
        f"projects/example-project/serviceAccounts/{GCP_CLUSTER['node_service_account']}"
    ]


@pytest.mark.parametrize("generation", [1, 2])
def test_a_pool_that_was_deleted_is_followed_by_one_with_another_id(generation: int) -> None:
    assert identity_pool_id("mlp-test", generation) == ("mlp-test-github", "mlp-test-github-2")[generation - 1]


def test_every_problem_is_named_at_once(tmp_path: Any) -> None:
    environment = {**GCP_ENVIRONMENT, "name": "a-platform-with-a-long-name-prod"}
    args = arguments(environment=environment, repository="ml' || true", branch="ma'in", generation=0)
    with pytest.raises(EvaluationError) as caught:
        evaluate_component(tmp_path, COMPONENT, args)
    for text in (
        'repository: got "ml\' || true"; allowed: <owner>/<name>',
        'branch: got "ma\'in"; allowed',
        "generation: got 0; allowed: 1 or more",
        "makes 'a-platform-with-a-long-name-prod-deploy'; allowed: at most 30 characters",
    ):
        assert text in str(caught.value)


def test_a_subject_that_google_would_cut_is_refused(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match="allowed: at most 127 characters"):
        evaluate_component(tmp_path, COMPONENT, arguments(branch="feature/" + "x" * 120))
