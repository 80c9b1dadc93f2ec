"""Terraform's own view of a plan, for those who have Terraform and its providers at hand."""

from typing import Any

from mlplatform.render.terraform import Plan


def configuration(plan: Plan) -> dict[str, Any]:
    """Return a configuration (``.tf.json``) of the plan's resources, which ``terraform validate`` can be asked about.

    Unknown arguments refer to what the plan says that they come from.
    """
    document = plan.document
    expressions = {
        each["address"]: each["expressions"] for each in document["configuration"]["root_module"]["resources"]
    }
    resources: dict[str, Any] = {}
    providers: dict[str, str] = {}
    for each in document["planned_values"]["root_module"]["resources"]:
        body = _filled(each["values"], expressions[each["address"]])
        resources.setdefault(each["type"], {})[each["name"]] = body
        source = each["provider_name"]
        providers[source.rpartition("/")[2]] = source
    return {
        "terraform": {"required_providers": {name: {"source": source} for name, source in sorted(providers.items())}},
        "resource": resources,
    }


def _filled(value: Any, expression: Any) -> Any:
    """Put references where the plan has no value."""
    if isinstance(value, dict) and isinstance(expression, dict):
        referring = {
            key: "${%s}" % item["references"][0]  # noqa: UP031  braces of its own
            for key, item in expression.items()
            if key not in value and isinstance(item, dict) and "references" in item
        }
        return {**{key: _filled(item, expression.get(key)) for key, item in value.items()}, **referring}
    if isinstance(value, list) and isinstance(expression, list) and len(value) == len(expression):
        return [_filled(*pair) for pair in zip(value, expression, strict=True)]
    if isinstance(value, list) and isinstance(expression, dict) and None in value:
        names = iter(expression.get("references", [])[::2])
        return ["${%s}" % next(names) if item is None else item for item in value]  # noqa: UP031
    return value
