"""Every Kubernetes object of the local platform against Kubernetes' own schemas and those of custom resources."""

import json
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from mlplatform.graph import Resource, Secret
from tests.stacks.environments import kubernetes_objects, local
from tests.support.schemas import custom_resource_schema, needs_schemas

KUBERNETES = "1.36"
WITHOUT_SCHEMA = {"KWOKNodeClass"}
CUSTOM_GROUPS = ("karpenter.sh/", "karpenter.kwok.sh/")


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _split() -> tuple[list[Resource], list[Resource]]:
    objects = list(kubernetes_objects(local()).values())
    custom = [each for each in objects if each.inputs["apiVersion"].startswith(CUSTOM_GROUPS)]
    return [each for each in objects if each not in custom], custom


def test_built_in_kinds_are_valid_strictly() -> None:
    built_in, _ = _split()
    assert len(built_in) > 40
    for resource in built_in:
        kubernetes_validate.validate(_plain(resource.inputs), KUBERNETES, strict=True)


def test_the_strict_check_can_fail() -> None:
    built_in, _ = _split()
    (cron_job,) = [_plain(each.inputs) for each in built_in if each.inputs["kind"] == "CronJob"]
    cron_job["spec"]["jobTemplate"]["spec"]["completion"] = 5
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(cron_job, KUBERNETES, strict=True)


@needs_schemas
def test_custom_kinds_are_valid() -> None:
    _, custom = _split()
    checked = 0
    for resource in custom:
        kind, version = resource.inputs["kind"], resource.inputs["apiVersion"]
        group, name = version.split("/")
        file = custom_resource_schema(group, kind, name)
        if kind in WITHOUT_SCHEMA:
            assert not file.exists(), f"{kind} has a schema now: check it"
            continue
        jsonschema.validate(_plain(resource.inputs), json.loads(file.read_text(encoding="utf-8")))
        checked += 1
    assert checked == 5
