"""Reads every IAM policy document of a resource graph, and knows what each action supports.

What an action is and which resources it can be limited to comes from policy_sentry's copy of AWS's service
authorization reference.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

from mlplatform.graph import Resource, ResourceGraph, reveal
from tests.support.globs import intersect

ON_ITSELF = frozenset({
    "aws:kms/key:Key",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:secretsmanager/secret:Secret",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
})  # fmt: skip
"""Types whose policies mean the resource itself by ``*``."""

_CHARACTERS = {
    ("aws:iam/policy:Policy", "policy"): 6144,
    ("aws:iam/role:Role", "assumeRolePolicy"): 2048,
}
INLINE_POLICIES_CHARACTERS = 10_240
MANAGED_POLICIES_OF_A_ROLE = 10
"""Quotas of IAM; white space does not count. Trust policies' and attachments' are defaults, raised on request."""


@dataclass(frozen=True)
class PolicyDocument:
    """One policy document, and where it is."""

    resource: Resource
    path: str
    content: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.resource.short_type} {self.resource.name}: {self.path}"

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        return _listed(self.content["Statement"])

    @property
    def characters(self) -> int:
        """Length as IAM counts it, without white space."""
        return len(re.sub(r"\s", "", json.dumps(self.content, separators=(",", ":"))))


def documents(graph: ResourceGraph) -> list[PolicyDocument]:
    """Return every input that is a policy document, as text or as an object."""
    return [
        PolicyDocument(resource, path, content)
        for resource in graph.resources
        for path, content in _documents(reveal(resource.inputs), "")
    ]


def _documents(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, Mapping):
        if "Statement" in value:
            yield path, value
            return
        for key, item in value.items():
            yield from _documents(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _documents(item, f"{path}[{index}]")


def faults(graph: ResourceGraph) -> list[str]:
    """Return everything that is wrong with the graph's policies; one line each, with the resource and the statement."""
    found = [fault for document in documents(graph) for fault in _faults(document)]
    return [*found, *_quota_faults(graph)]


def _faults(document: PolicyDocument) -> Iterator[str]:
    for index, statement in enumerate(document.statements):
        place = f"{document.place}: {statement.get('Sid', index)}"
        for text in _statement_faults(document, statement):
            yield f"{place}: {text}"


def _statement_faults(document: PolicyDocument, statement: Mapping[str, Any]) -> Iterator[str]:
    actions = _listed(statement.get("Action", []))
    plain = [action for action in actions if not re.search(r"[*?]", action)]
    yield from (f"unknown action {action}" for action in plain if _resource_types(action) is None)
    if statement["Effect"] == "Deny":
        # What is forbidden may be broad.
        return
    yield from (f"{key} allows all but what it names" for key in ("NotAction", "NotResource") if key in statement)
    yield from (f"wildcard action {action}" for action in actions if action not in plain)
    yield from _principal_faults(statement)
    resources = _listed(statement.get("Resource", []))
    if resources and document.resource.type not in ON_ITSELF:
        yield from _resource_faults(plain, resources)


def _resource_faults(actions: list[str], resources: list[str]) -> Iterator[str]:
    unlimited = [resource for resource in resources if _is_everything(resource)]
    for action in actions:
        patterns = _resource_types(action)
        if patterns is None:
            continue
        if patterns and unlimited:
            yield f"{action} on {unlimited[0]}, though it can be limited to {', '.join(patterns)}"
        elif not patterns and not unlimited:
            yield f"{action} grants nothing: it can be limited to no resource"
        elif patterns and not any(intersect(resource, pattern) for resource in resources for pattern in patterns):
            yield f"{action} grants nothing: it is about {', '.join(patterns)}"


def _principal_faults(statement: Mapping[str, Any]) -> Iterator[str]:
    if "NotPrincipal" in statement:
        yield "NotPrincipal allows everybody but whom it names"
    principal = statement.get("Principal", {})
    condition = {
        key: _listed(value) for tests in statement.get("Condition", {}).values() for key, value in tests.items()
    }
    everybody = principal == "*" or (isinstance(principal, Mapping) and "*" in _listed(principal.get("AWS", [])))
    if everybody and not condition:
        yield "everybody may do it"
    if isinstance(principal, Mapping) and "Federated" in principal:
        for claim in ("aud", "sub"):
            values = [each for key, value in condition.items() if key.endswith(f":{claim}") for each in value]
            # A wildcard before the first slash is one in the name of an owner: anybody's repository.
            if not values or any("*" in value.partition("/")[0] for value in values):
                yield f"a token's {claim} is not checked"


def _quota_faults(graph: ResourceGraph) -> Iterator[str]:
    inline: Counter[str] = Counter()
    for each in documents(graph):
        allowed = _CHARACTERS.get((each.resource.type, each.path))
        if allowed is not None and each.characters > allowed:
            yield f"{each.place}: {each.characters} characters; at most {allowed}"
        if each.resource.type == "aws:iam/rolePolicy:RolePolicy":
            inline[_role(each.resource)] += each.characters
    for role, size in sorted(inline.items()):
        if size > INLINE_POLICIES_CHARACTERS:
            yield f"role {role}: inline policies of {size} characters; at most {INLINE_POLICIES_CHARACTERS}"
    attachments = [each for each in graph.resources if each.type.endswith(":RolePolicyAttachment")]
    for role, count in sorted(Counter(map(_role, attachments)).items()):
        if count > MANAGED_POLICIES_OF_A_ROLE:
            yield f"role {role}: {count} policies are attached; at most {MANAGED_POLICIES_OF_A_ROLE}"


def _role(resource: Resource) -> str:
    return str(reveal(resource.inputs["role"]))


@cache
def _resource_types(action: str) -> tuple[str, ...] | None:
    """Return the ARN patterns that the action can be limited to; empty where there are none, None if it is unknown."""
    service, _, name = action.partition(":")
    data = get_service_prefix_data(service)
    canonical = data.get("privileges_lower_name", {}).get(name.lower())
    if canonical is None:
        return None
    kinds = data["privileges"][canonical]["resource_types"]
    return tuple(data["resources"][kind]["arn"] for kind in sorted(kinds) if kind in data["resources"])


def _is_everything(resource: str) -> bool:
    """Tell whether the pattern is ``*``, or an ARN that names no kind of resource."""
    return resource == "*" or (resource.startswith("arn:") and resource.split(":", 5)[-1] == "*")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
