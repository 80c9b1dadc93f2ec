"""IAM policy documents as plain data: every statement is named, and every action and resource is spelled out."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import pulumi


class Statement(TypedDict, total=False):
    """One statement of a policy document, by IAM's own names."""

    Sid: str
    Effect: str
    Action: Sequence[str]
    Resource: Sequence[pulumi.Input[str]]
    Principal: Mapping[str, Any]
    Condition: Mapping[str, Mapping[str, Any]]


def allow(
    sid: str,
    actions: Iterable[str],
    resources: Sequence[pulumi.Input[str]],
    *,
    principal: Mapping[str, Any] | None = None,
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Allow ``actions`` on ``resources``; ``principal`` only in policies of resources."""
    return _statement("Allow", sid, actions, resources, principal=principal, condition=condition)


def deny(
    sid: str,
    actions: Iterable[str],
    resources: Sequence[pulumi.Input[str]],
    *,
    principal: Mapping[str, Any] | None = None,
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Deny ``actions`` on ``resources``; ``principal`` only in policies of resources."""
    return _statement("Deny", sid, actions, resources, principal=principal, condition=condition)


def trust(
    sid: str,
    principal: Mapping[str, Any],
    *,
    actions: Iterable[str] = ("sts:AssumeRole",),
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Let ``principal``, such as ``{"Service": "ec2.amazonaws.com"}``, assume the role that carries the policy."""
    return _statement("Allow", sid, actions, (), principal=principal, condition=condition)


def _statement(
    effect: str,
    sid: str,
    actions: Iterable[str],
    resources: Sequence[pulumi.Input[str]],
    *,
    principal: Mapping[str, Any] | None,
    condition: Mapping[str, Mapping[str, Any]] | None,
) -> Statement:
    statement = Statement(Sid=sid, Effect=effect, Action=sorted(set(actions)))
    if resources:
        statement["Resource"] = list(resources)
    if principal is not None:
        statement["Principal"] = principal
    if condition is not None:
        statement["Condition"] = condition
    return statement


def document(*statements: Statement) -> pulumi.Input[str]:
    """Return the policy document of ``statements`` as JSON: text where all of it is known, else an output.

    Raises ``ValueError`` where IAM would refuse it: without statements, or with a ``Sid`` that occurs twice or has
    other characters than letters and digits.
    """
    sids = [statement["Sid"] for statement in statements]
    if not sids:
        raise ValueError("a policy document needs a statement")
    wrong = sorted({sid for sid in sids if not re.fullmatch(r"[A-Za-z0-9]+", sid) or sids.count(sid) > 1})
    if wrong:
        raise ValueError(f"statements of one policy need names of their own, of letters and digits; got {wrong}")
    content = {"Version": "2012-10-17", "Statement": list(statements)}
    if _holds_output(content):
        return pulumi.Output.json_dumps(content, sort_keys=True)
    return json.dumps(content, sort_keys=True)


def _holds_output(value: Any) -> bool:  # noqa: ANN401  any JSON-like value
    if isinstance(value, pulumi.Output):
        return True
    if isinstance(value, Mapping):
        return any(_holds_output(each) for each in value.values())
    return isinstance(value, list | tuple) and any(_holds_output(each) for each in value)
