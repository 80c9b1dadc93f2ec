from collections.abc import Iterator
from typing import Any

import pytest

from components.workloads.team_access import ADMIN, MEMBER, RUNNER, SUBMITTER, VIEWER, group_subjects, roles

READ = {"get", "list", "watch"}


def _rights(role: str) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in roles()[role]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def _rules() -> Iterator[tuple[str, dict[str, Any]]]:
    for role, rules in roles().items():
        for rule in rules:
            yield role, rule


def test_no_rule_grants_everything_of_a_kind_or_the_rights_of_others() -> None:
    for role, rule in _rules():
        assert not {"*", "escalate", "impersonate"} & {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}, role


def test_a_viewer_can_only_read_and_no_secrets() -> None:
    rights = _rights(VIEWER)
    assert {verb for _, _, verb in rights} == READ
    assert not any(resource == "secrets" for _, resource, _ in rights)


def test_people_can_do_more_from_role_to_role() -> None:
    assert _rights(VIEWER) < _rights(MEMBER) < _rights(ADMIN)


@pytest.mark.parametrize("role", [VIEWER, MEMBER, SUBMITTER])
def test_only_an_admin_reads_secrets_or_lets_others_in(role: str) -> None:
    reach = {resource for _, resource, _ in _rights(role)}
    assert not reach & {"secrets", "rolebindings", "roles"}
    assert {("", "secrets", "get"), ("rbac.authorization.k8s.io", "rolebindings", "create")} <= _rights(ADMIN)


def test_an_admin_holds_what_it_is_to_pass_on_and_nothing_more() -> None:
    assert _rights(SUBMITTER) < _rights(ADMIN)
    assert not any(verb == "bind" for _, rule in _rules() for verb in rule["verbs"])


def test_nobody_can_loosen_what_bounds_the_namespace() -> None:
    bounds = {"resourcequotas", "limitranges", "networkpolicies", "namespaces", "serviceaccounts", "roles"}
    written = {
        (role, resource) for role, rule in _rules() for resource in rule["resources"] if set(rule["verbs"]) - READ
    }
    assert not {(role, resource) for role, resource in written if resource in bounds}


def test_the_submitter_starts_and_follows_jobs_and_cannot_enter_pods() -> None:
    rights = _rights(SUBMITTER)
    assert {(group, resource) for group, resource, verb in rights if verb not in READ} == {("batch", "jobs")}
    assert {("", "pods/log", "get"), ("batch", "cronjobs", "get")} <= rights
    assert not any(resource in {"pods/exec", "pods/attach", "secrets"} for _, resource, _ in rights)


def test_the_runner_has_no_role() -> None:
    assert RUNNER not in roles()


def test_groups_are_bound_once_each_in_order() -> None:
    api = "rbac.authorization.k8s.io"
    assert group_subjects(["b", "a", "b"]) == [
        {"kind": "Group", "apiGroup": api, "name": "a"},
        {"kind": "Group", "apiGroup": api, "name": "b"},
    ]
