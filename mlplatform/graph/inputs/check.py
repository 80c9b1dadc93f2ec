"""Check the inputs of one resource."""

import sys
from collections.abc import Iterable, Iterator
from functools import cache

from mlplatform.graph import kubernetes
from mlplatform.graph.findings import Finding
from mlplatform.graph.inputs import problems
from mlplatform.graph.inputs.checkers import ObjectChecker, object_checker
from mlplatform.graph.inputs.problems import Problem
from mlplatform.graph.inputs.schemas import Schemas
from mlplatform.graph.model import Resource
from mlplatform.graph.sdk_types import resource_class

_MISSHAPEN = frozenset({problems.WRONG_TYPE, problems.BAD_VALUE})


def check(resource: Resource, schemas: Schemas) -> list[Finding]:
    """Give a finding for each input that the resource's provider would refuse or ignore."""
    if not resource.custom or resource.options.read or kubernetes.is_provider(resource.type):
        return []
    return [
        Finding(resource.urn, problem.path, problem.code, problem.message, resource.source)
        for problem in sorted(set(_problems(resource, schemas)))
    ]


def misshapen(findings: Iterable[Finding]) -> bool:
    """Tell whether some value has not the form that the SDK expects of the resource's outputs, too."""
    return any(finding.code in _MISSHAPEN for finding in findings)


def _problems(resource: Resource, schemas: Schemas) -> Iterator[Problem]:
    checker = _checker(resource.type)
    if checker is not None:
        yield from checker.check(resource.inputs, ())
        if kubernetes.is_release(resource.type):
            yield from _release_values(resource, schemas)
    elif kubernetes.is_object(resource.type):
        yield from _custom_resource(resource, schemas)


@cache
def _checker(token: str) -> ObjectChecker | None:
    """Find the arguments of a resource type, in the module of its class."""
    found = resource_class(token)
    if found is None:
        return None
    module = sys.modules[found.__module__]
    for suffix in ("InitArgs", "Args"):
        if (arguments := getattr(module, f"{found.__name__}{suffix}", None)) is not None:
            return object_checker(arguments)
    return None


def _custom_resource(resource: Resource, schemas: Schemas) -> Iterator[Problem]:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgs  # noqa: PLC0415 there are no custom resources without it

    if (metadata := resource.inputs.get("metadata")) is not None:
        yield from object_checker(ObjectMetaArgs).check(metadata, ("metadata",))
    api_version, kind = resource.inputs.get("apiVersion"), resource.inputs.get("kind")
    if isinstance(api_version, str) and isinstance(kind, str):
        schema = schemas.custom_resource(api_version, kind)
        if schema is not None:
            yield from schema.check_object(resource.inputs)


def _release_values(resource: Resource, schemas: Schemas) -> Iterator[Problem]:
    chart, values = resource.inputs.get("chart"), resource.inputs.get("values")
    if isinstance(chart, str) and values is not None:
        schema = schemas.chart(chart)
        if schema is not None:
            yield from schema.check_values(values, ("values",))
