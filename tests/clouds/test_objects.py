"""Kubernetes objects of the cloud environments against Kubernetes' own schemas."""

from typing import Any

import kubernetes_validate
import pytest

from mlplatform.graph import Secret
from mlplatform.graph.kubernetes import is_object, is_release
from mlplatform.graph.sdk_types import resource_class

CLOUDS = ("aws-dev", "aws-prod", "gcp-dev", "gcp-prod")


def plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", CLOUDS)
def test_built_in_kinds_are_valid_strictly(evaluations, environments, name):
    version = environments[name].settings.cluster.kubernetes_version
    objects = [
        each
        for each in evaluations[name].filled.resources
        if is_object(each.type) and not is_release(each.type) and resource_class(each.type) is not None
    ]
    assert len(objects) > 40
    for resource in objects:
        kubernetes_validate.validate(plain(resource.inputs), version, strict=True)
