"""Custom resources and chart values, right and wrong."""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.helm.v3 import Release

METADATA = {"name": "it"}
CustomResource("good", "example.com/v1", "Pool", METADATA and {"size": 3, "mode": "fast"}, METADATA)
CustomResource(
    "bad",
    "example.com/v1",
    "Pool",
    {"siez": 3, "mode": "slow", "nodes": [{"zone": 1}], "token": pulumi.Output.secret("planted-token")},
    {"name": "it", "lables": {}},
)
CustomResource("unheard-of", "nowhere.org/v1", "Thing", {"anything": "goes"}, METADATA)
Release(
    "hub",
    chart="oci://registry.internal/charts/hub",
    values={"cull": {"enabled": "yes"}, "proksy": {}, "db": {"password": pulumi.Output.secret(1234)}},
)
