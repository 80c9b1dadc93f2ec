"""The whole local platform, evaluated as Pulumi would run it."""

import json

from mlplatform.graph import Resource, Secret
from tests.stacks.environments import changed, kubernetes_objects, local, of_type, section

SHARED_LABELS = {
    "app.kubernetes.io/managed-by": "mlplatform",
    "app.kubernetes.io/part-of": "mlplatform",
    "costCenter": "research",
    "owner": "ml-platform",
}
RETAINED = {"Namespace", "Secret", "RandomPassword"}


def _kind(resource: Resource) -> str:
    return resource.type.rsplit(":", 1)[1]


def test_nothing_is_found_wrong_with_it() -> None:
    assert [str(finding) for finding in local().findings] == []


def test_both_passes_register_the_same_resources() -> None:
    evaluation = local()
    assert [each.urn for each in evaluation.preview.resources] == [each.urn for each in evaluation.filled.resources]


def test_two_evaluations_are_byte_identical() -> None:
    first, second = local(), changed({})
    assert first.filled.to_json() == second.filled.to_json()
    assert first.preview.to_json() == second.preview.to_json()


def test_every_object_carries_the_environments_tags_and_what_it_is_part_of() -> None:
    objects = kubernetes_objects(local())
    assert len(objects) > 50
    for urn, resource in objects.items():
        labels = resource.inputs["metadata"]["labels"]
        assert labels.items() >= SHARED_LABELS.items(), urn
        assert labels["app.kubernetes.io/name"], urn
        assert labels["app.kubernetes.io/component"], urn


def test_every_object_has_a_name_of_its_own_and_one_parent_component() -> None:
    for urn, resource in kubernetes_objects(local()).items():
        assert resource.inputs["metadata"]["name"], urn
        assert resource.parent is not None, urn
        parent = resource.parent.rsplit("::", 1)[1]
        assert resource.name.startswith(f"{parent}-"), urn


def test_every_object_goes_through_the_provider_that_is_pinned_to_the_cluster() -> None:
    (provider,) = [each for each in local().filled.resources if each.type == "pulumi:providers:kubernetes"]
    assert provider.inputs["context"] == "mlplatform-local"
    assert provider.inputs["enableServerSideApply"] in (True, "true")
    for urn, resource in kubernetes_objects(local()).items():
        assert resource.provider == provider.urn, urn


def test_the_context_follows_the_environments_name() -> None:
    evaluation = changed({}, environment="other")
    (provider,) = [each for each in evaluation.filled.resources if each.type == "pulumi:providers:kubernetes"]
    assert provider.inputs["context"] == "mlplatform-other"
    assert evaluation.outputs["stores"]["scores"] == "file:///var/lib/mlplatform/mlplatform-other/scores"


def test_what_cannot_be_made_again_stays_when_it_leaves_the_program() -> None:
    retained = {each.urn for each in local().filled.resources if each.options.retain_on_delete}
    expected = {each.urn for each in local().filled.resources if _kind(each) in RETAINED}
    assert retained == expected
    assert len(expected) == 9


def test_team_objects_are_labelled_with_their_team_and_wait_for_its_namespace() -> None:
    namespaces = {each.inputs["metadata"]["name"]: each.urn for each in of_type(local(), ":Namespace").values()}
    in_team = [
        each
        for each in kubernetes_objects(local()).values()
        if each.inputs["metadata"].get("namespace", "").startswith("team-")
    ]
    assert len(in_team) > 30
    for resource in in_team:
        metadata = resource.inputs["metadata"]
        assert metadata["labels"]["mlplatform/team"] == metadata["namespace"].removeprefix("team-"), resource.urn
        assert namespaces[metadata["namespace"]] in resource.dependencies, resource.urn


def test_a_namespace_shows_its_people_what_they_may_use() -> None:
    namespace = of_type(local(), ":Namespace")["churn-namespace"].inputs["metadata"]
    assert namespace["annotations"] == {
        "mlplatform/pools": "notebooks,scoring,training-gpu",
        "mlplatform/repositories": "churn/score",
    }


def test_pools_keep_the_nodes_that_always_run_and_let_karpenter_add_the_rest() -> None:
    evaluation = local()
    assert set(of_type(evaluation, "karpenter.sh/v1:NodePool")) == {
        f"{pool}-node-pool" for pool in ("notebooks", "scoring", "serving", "training-gpu", "workflows")
    }
    assert set(of_type(evaluation, "core/v1:Node")) == {"system-node-0", "system-node-1"}
    limits = of_type(evaluation, "karpenter.sh/v1:NodePool")["training-gpu-node-pool"].inputs["spec"]["limits"]
    assert limits == {"nodes": "4", "cpu": "32", "memory": "128Gi", "nvidia.com/gpu": "4"}


def test_passwords_reach_the_cluster_as_secrets_and_nothing_else() -> None:
    evaluation = local()
    passwords = of_type(evaluation, ":RandomPassword")
    secrets = of_type(evaluation, "core/v1:Secret")
    assert set(passwords) == {"airflow-password", "hub-password", "tracking-password"}
    assert set(secrets) == {f"database-{name}-secret" for name in ("airflow", "hub", "tracking")}
    for name in ("airflow", "hub", "tracking"):
        secret = secrets[f"database-{name}-secret"]
        assert passwords[f"{name}-password"].urn in secret.dependencies
        assert set(secret.inputs["data"]) == {"database", "dsn", "host", "password", "port", "user"}
        assert all(isinstance(value, Secret) for value in secret.inputs["data"].values())
        assert secret.inputs["metadata"]["namespace"] == "mlplatform-system"
    text = evaluation.filled.to_json()
    for secret in secrets.values():
        assert json.dumps(secret.inputs["data"]["password"].value) not in text


def test_the_exports_are_what_users_need_and_hold_no_secret() -> None:
    outputs = local().outputs
    assert set(outputs) == {
        *("cluster", "databaseSecrets", "identities", "imageCaches", "namespaces", "repositories"),
        *("scoringTemplates", "stores"),
    }
    assert outputs["imageCaches"] == {}
    assert outputs["namespaces"] == {"churn": "team-churn", "pricing": "team-pricing"}
    assert outputs["repositories"]["churn"] == ["registry.local/mlplatform/churn/score"]
    assert outputs["scoringTemplates"] == {"churn-daily": {"namespace": "team-churn", "name": "churn-daily"}}
    assert outputs["databaseSecrets"]["hub"] == {"namespace": "mlplatform-system", "name": "database-hub"}
    assert outputs["stores"]["logs"] == "file:///var/lib/mlplatform/mlplatform-local/logs"
    assert "postgresql://" not in repr(outputs)
    assert "Secret(" not in repr(outputs)


def test_a_template_reads_and_writes_where_it_is_told_as_its_team() -> None:
    (template,) = of_type(local(), ":CronJob").values()
    pod = template.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    assert environment["MLPLATFORM_INPUT"].endswith("/mlplatform-local/datasets/churn/customers")
    assert environment["MLPLATFORM_OUTPUT"].endswith("/mlplatform-local/scores/churn")
    assert pod["containers"][0]["image"] == "registry.local/mlplatform/churn/score:1.0.0"
    assert pod["serviceAccountName"] == "runner"
    assert pod["nodeSelector"] == {"mlplatform/pool": "scoring"}


def test_a_template_by_digest_on_a_schedule_in_a_queue() -> None:
    scoring = section("scoring")
    digest = "sha256:" + "a" * 64
    del scoring["churn-daily"]["tag"]
    scoring["churn-daily"] |= {"digest": digest, "schedule": "0 3 * * *", "output": {"store": "scores"}}
    evaluation = changed({"scoring": scoring, "services": {"queueing": {"enabled": True}}})
    (template,) = of_type(evaluation, ":CronJob").values()
    spec = template.inputs["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert (spec["schedule"], spec["suspend"]) == ("0 3 * * *", False)
    assert spec["jobTemplate"]["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "default"
    assert spec["jobTemplate"]["spec"]["suspend"] is True
    assert pod["containers"][0]["image"] == f"registry.local/mlplatform/churn/score@{digest}"
    environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    assert environment["MLPLATFORM_OUTPUT"] == "file:///var/lib/mlplatform/mlplatform-local/scores"


def test_people_are_bound_to_their_roles_and_empty_groups_to_none() -> None:
    bindings = of_type(local(), ":RoleBinding")
    groups = {
        name: [(subject["kind"], subject["name"]) for subject in binding.inputs["subjects"]]
        for name, binding in bindings.items()
    }
    assert groups == {
        "churn-member-binding": [("Group", "churn-scientists")],
        "churn-viewer-binding": [("Group", "churn-analysts")],
        "churn-submitter-binding": [("ServiceAccount", "submitter")],
        "pricing-member-binding": [("Group", "pricing-scientists")],
        "pricing-submitter-binding": [("ServiceAccount", "submitter")],
    }
    for binding in bindings.values():
        for subject in binding.inputs["subjects"]:
            assert (
                subject.get("namespace", binding.inputs["metadata"]["namespace"])
                == (binding.inputs["metadata"]["namespace"])
            )


def test_no_service_account_hands_its_token_to_pods_by_itself() -> None:
    accounts = of_type(local(), ":ServiceAccount")
    assert len(accounts) == 4
    assert {each.inputs["automountServiceAccountToken"] for each in accounts.values()} == {False}


def test_the_order_of_the_settings_does_not_matter() -> None:
    teams = section("teams")
    reordered = changed({"teams": {name: teams[name] for name in sorted(teams, reverse=True)}})
    assert reordered.filled.to_json() == local().filled.to_json()
