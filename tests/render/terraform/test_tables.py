import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi import _types

from mlplatform.graph.sdk_types import resource_class
from mlplatform.render.terraform import tables
from mlplatform.render.terraform.names import snake

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the SDK's own modules

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kmsKeyId", "kms_key_id"),
        ("IAMMember", "iam_member"),
        ("cidrIpv4", "cidr_ipv4"),
        ("useK8sApis", "use_k8s_apis"),
    ],
)
def test_names_are_spelt_as_terraform_spells_them(text: str, name: str):
    assert snake(text) == name


@pytest.mark.parametrize(
    "token",
    [
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
        "aws:kms/key:Key",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "gcp:artifactregistry/repository:Repository",
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:container/cluster:Cluster",
        "gcp:container/nodePool:NodePool",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "gcp:storage/bucket:Bucket",
    ],
)
def test_the_tables_have_every_argument_of_the_sdk(token: str):
    importlib.import_module(f"pulumi_{tables.package(token)}")
    found = resource_class(token)
    assert found is not None
    module = sys.modules[found.__module__]
    arguments = getattr(module, f"{found.__name__}InitArgs", None) or getattr(module, f"{found.__name__}Args")
    kind = tables.find(token)
    assert kind is not None
    assert [name for name in _types._raw_return_hints(arguments) if not kind.level.knows(name)] == []


@pytest.mark.parametrize("provider", sorted(tables.PROVIDERS))
def test_the_tables_name_their_sources(provider: str):
    file = PROJECT / "mlplatform" / "render" / "terraform" / "data" / f"{provider}.json"
    source = json.loads(file.read_text(encoding="utf-8"))["source"]
    assert f"pulumi-{provider}" in source
    assert any(name.startswith("hashicorp/") for name in source)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(str(PROJECT / "tools"))
    module = importlib.import_module("terraform_types")
    monkeypatch.setattr(module, "MODULES", {"aws": {"sqs": (), "dynamodb": ()}})
    monkeypatch.setattr(module, "DATA", tmp_path)
    return module


def test_the_generator_follows_the_providers_schema(generator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text, number, truth = ({"type": each} for each in ("string", "number", "bool"))
    block = {
        "attributes": {"name": text, "billing_mode": text, "tags": {"type": ["map", "string"]}, "hash_key": text,
                       "deletion_protection_enabled": truth, "range_key": text, "read_capacity": number},
        "block_types": {
            "attribute": {"nesting_mode": "set", "block": {"attributes": {"name": text, "type": text}}},
            "global_secondary_index": {
                "nesting_mode": "set",
                "block": {"attributes": {"name": text, "non_key_attributes": {"type": ["set", "string"]}}},
            },
            "timeouts": {"nesting_mode": "single", "block": {"attributes": {"create": text}}},
        },
    }  # fmt: skip
    table = {"aws_dynamodb_table": {"block": block}}
    schema = {"provider_schemas": {"registry.example/hashicorp/aws": {"resource_schemas": table}}}
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    monkeypatch.setattr(generator, "ENOUGH", 0.2)
    monkeypatch.setattr(sys, "argv", ["terraform_types.py", "aws", f"{tmp_path / 'schema.json'}=1.2.3"])
    generator.main()
    written = json.loads((tmp_path / "aws.json").read_text(encoding="utf-8"))
    assert written["source"]["hashicorp/aws"] == "1.2.3"
    made = written["types"]["aws:dynamodb/table:Table"]
    assert made["type"] == "aws_dynamodb_table"
    assert {"billingMode", "deletionProtectionEnabled"} <= set(made["values"].split())
    assert "tags" in made["maps"].split()
    assert made["names"]["attributes"] == "attribute"
    assert made["names"]["globalSecondaryIndexes"] == "global_secondary_index"
    assert "nonKeyAttributes" in made["blocks"]["globalSecondaryIndexes"]["lists"].split()
    assert "aws:sqs/queue:Queue" not in written["types"]
