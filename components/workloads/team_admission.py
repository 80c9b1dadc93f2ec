"""What pods of a team's namespace may name: a ValidatingAdmissionPolicy, as plain data.

The API server evaluates it in its own process, so it holds without a webhook and on every cluster alike.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from components.contracts import POOL_LABEL, NodePool
from components.workloads.priorities import PRIORITY_OF_PURPOSE

_VERSIONED = "(:[^/:@]+|@sha256:[0-9a-f]{64})$"
"""End of an image reference with a tag or a digest."""


def _literal(values: Sequence[str]) -> str:
    """Return ``values`` as a CEL list; JSON's string syntax is a subset of CEL's."""
    return json.dumps(sorted(set(values)))


def _words(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values))) or "none"


def priority_classes(pools: Sequence[NodePool]) -> list[str]:
    """Return the priority classes of the work that ``pools`` are for."""
    return sorted({PRIORITY_OF_PURPOSE[pool["purpose"]] for pool in pools if pool["purpose"] in PRIORITY_OF_PURPOSE})


def _selectors(pools: Sequence[NodePool]) -> list[dict[str, str]]:
    """Return the labels that select each pool, in order of the pools' names."""
    return [dict(sorted(pool["node_selector"].items())) for pool in sorted(pools, key=lambda pool: pool["name"])]


def _taints(pools: Sequence[NodePool]) -> dict[str, list[str]]:
    """Return the taint keys by which pools are told apart, each with the values that are the team's."""
    selectors = _selectors(pools)
    keys = sorted({POOL_LABEL, *(key for selector in selectors for key in selector)})
    return {key: sorted({selector[key] for selector in selectors if key in selector}) for key in keys}


def _placement_rules(pools: Sequence[NodePool]) -> list[dict[str, str]]:
    taints = list(_taints(pools))
    names = _words(pool["name"] for pool in pools)
    beside = [key for key in taints if key != POOL_LABEL]
    together = f", and {' and '.join(beside)} of the same pool" if beside else ""
    return [
        {
            "expression": (
                "variables.selectors.exists(selector, selector.all(key, "
                "object.spec.?nodeSelector[?key].orValue('') == selector[key]))"
            ),
            "message": f"the pod must select one of the team's pools: nodeSelector {POOL_LABEL}: {names}{together}",
            "reason": "Forbidden",
        },
        {
            "expression": (
                "object.spec.?tolerations.orValue([]).all(t, t.?key.orValue('') != '' && "
                "(!(t.key in variables.taints) || (t.?operator.orValue('Equal') == 'Equal' && "
                "t.?value.orValue('') in variables.taints[t.key])))"
            ),
            "message": (
                f"the pod may tolerate the taint {' or '.join(taints)} with operator Equal and one of these values "
                f"only: {names}; a toleration without a key is not allowed"
            ),
            "reason": "Forbidden",
        },
        {
            "expression": "request.operation != 'CREATE' || object.spec.?nodeName.orValue('') == ''",
            "message": "the pod may not name its node: nodeName passes by the scheduler",
            "reason": "Forbidden",
        },
    ]


def pod_policy(namespace: str, pools: Sequence[NodePool], repositories: Sequence[str], shared: str) -> dict[str, Any]:
    """Return the specification of the policy on the pods of ``namespace``.

    A pod has to select one of ``pools`` by all of its labels, tolerates no other pool's taint, takes a priority class
    of work that those pools are for, and runs images with a tag or digest from ``repositories`` or from below the path
    ``shared``, where the platform's own images are. Updates that leave the specification alone pass, so that a pod
    which was let in under earlier rules can still end and be removed.
    """
    classes = priority_classes(pools)
    sources = f"images must come, with a tag or digest, from: {_words([*repositories, f'{shared}/*'])}"
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                    "scope": "Namespaced",
                }
            ],
        },
        "matchConditions": [
            {
                "name": "specification-changes",
                "expression": "request.operation == 'CREATE' || object.spec != oldObject.spec",
            }
        ],
        "variables": [
            {"name": "selectors", "expression": json.dumps(_selectors(pools))},
            {"name": "taints", "expression": json.dumps(_taints(pools))},
            {"name": "repositories", "expression": _literal(repositories)},
            {
                "name": "images",
                "expression": (
                    "object.spec.containers.map(c, c.?image.orValue('')) + "
                    "object.spec.?initContainers.orValue([]).map(c, c.?image.orValue('')) + "
                    "object.spec.?ephemeralContainers.orValue([]).map(c, c.?image.orValue('')) + "
                    "object.spec.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue(''))"
                ),
            },
            {
                "name": "foreignImages",
                "expression": (
                    "variables.images.filter(i, "
                    "!variables.repositories.exists(r, i.startsWith(r + ':') || i.startsWith(r + '@')) && "
                    f"!(i.startsWith({json.dumps(shared + '/')}) && i.matches({json.dumps(_VERSIONED)})))"
                ),
            },
        ],
        "validations": [
            *_placement_rules(pools),
            {
                "expression": f"object.spec.?priorityClassName.orValue('') in {_literal(['', *classes])}",
                "message": f"the pod's priority class must be one of: {_words(classes)}",
                "reason": "Forbidden",
            },
            {
                "expression": "variables.foreignImages.size() == 0",
                "message": sources,
                "messageExpression": (
                    f"'not allowed: ' + variables.foreignImages.join(', ') + {json.dumps(f'; {sources}')}"
                ),
                "reason": "Forbidden",
            },
        ],
    }


def service_policy(namespace: str) -> dict[str, Any]:
    """Return the specification of the policy on the services of ``namespace``: none takes over addresses from outside.

    An external IP that nobody owns would draw other people's traffic to the team's pods (CVE-2020-8554).
    """
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["services"]}
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "resourceRules": [{**rule, "scope": "Namespaced"}],
        },
        "validations": [
            {
                "expression": "object.spec.?externalIPs.orValue([]).size() == 0",
                "message": "a service may not have external IPs",
                "reason": "Forbidden",
            }
        ],
    }


def policy_binding(policy: str) -> dict[str, Any]:
    """Return the specification of the binding that puts ``policy`` into force."""
    return {"policyName": policy, "validationActions": ["Audit", "Deny"]}
