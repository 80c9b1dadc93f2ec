"""Components by themselves: small programs that make one, and what they are given."""

import functools
import json
import textwrap
from pathlib import Path
from typing import Any

from mlplatform.graph import Evaluation, EvaluationRequest, Resource, Severity, evaluate
from mlplatform.preload import preload

TAGS = {"owner": "ml-platform", "costCenter": "research"}
LABELS = {"owner": "ml-platform", "costCenter": "research", "app.kubernetes.io/part-of": "mlp"}

AWS_ENVIRONMENT: dict[str, Any] = {
    "name": "mlp-test",
    "account_id": "111122223333",
    "region": "eu-west-1",
    "zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
    "tags": TAGS,
    "labels": LABELS,
    "let_go": [],
}

AWS_NETWORK: dict[str, Any] = {
    "vpc_id": "vpc-0a1b2c3d4e5f60718",
    "vpc_cidr": "10.64.0.0/16",
    "pod_cidr": "100.64.0.0/16",
    "private_subnets": {f"eu-west-1{zone}": f"subnet-0000000000000000{zone}" for zone in "abc"},
    "intra_subnets": {f"eu-west-1{zone}": f"subnet-1111111111111111{zone}" for zone in "abc"},
    "pod_subnets": {f"eu-west-1{zone}": f"subnet-2222222222222222{zone}" for zone in "abc"},
    "intra_cidrs": ["10.64.240.0/24", "10.64.241.0/24", "10.64.242.0/24"],
}

AWS_KEYS: dict[str, Any] = {
    purpose: f"arn:aws:kms:eu-west-1:111122223333:key/{number}1111111-2222-4333-8444-555555555555"
    for number, purpose in enumerate(("cluster", "disks", "stores", "images", "databases", "secrets", "logs"), 1)
}

AWS_CLUSTER: dict[str, Any] = {
    "name": "mlp-test",
    "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/mlp-test",
    "kubernetes_version": "1.35",
    "endpoint": "https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
    "certificate_authority": "Y2VydGlmaWNhdGU=",
    "security_group_id": "sg-0a1b2c3d4e5f60718",
}

GCP_ENVIRONMENT: dict[str, Any] = {
    "name": "mlp-test",
    "project": "example-project",
    "project_number": "111122223333",
    "region": "europe-west1",
    "zones": ["europe-west1-b", "europe-west1-c", "europe-west1-d"],
    "resource_labels": {"owner": "ml-platform", "cost-center": "research"},
    "labels": LABELS,
    "let_go": [],
}

GCP_NETWORK: dict[str, Any] = {
    "network": "projects/example-project/global/networks/mlp-test",
    "subnetwork": "projects/example-project/regions/europe-west1/subnetworks/mlp-test",
    "pod_range": "pods",
    "service_range": "services",
    "control_plane_cidr": "10.64.255.0/28",
    "private_services": "projects/example-project/global/networks/mlp-test",
}

GCP_KEYS: dict[str, Any] = {
    purpose: f"projects/example-project/locations/europe-west1/keyRings/mlp-test/cryptoKeys/{purpose}"
    for purpose in ("cluster", "disks", "stores", "images", "databases", "secrets")
}

GCP_CLUSTER: dict[str, Any] = {
    "name": "mlp-test",
    "location": "europe-west1",
    "kubernetes_version": "1.35",
    "endpoint": "gke-0123456789abcdef.europe-west1.gke.goog",
    "workload_pool": "example-project.svc.id.goog",
    "node_service_account": "mlp-test-nodes@example-project.iam.gserviceaccount.com",
}

_PRELUDE = """
import json
from pathlib import Path

import pulumi

given = json.loads(Path(__file__).with_name("given.json").read_text())
"""


def _preload(source: str) -> None:
    for cloud in ("aws", "gcp"):
        if f"components.{cloud}" in source:
            preload(cloud)


def evaluate_program(directory: Path, source: str, **given: Any) -> Evaluation:
    """Evaluate a program that finds ``given`` under that name; refuse one whose arguments a provider would refuse."""
    (directory / "__main__.py").write_text(_PRELUDE + textwrap.dedent(source), encoding="utf-8")
    (directory / "given.json").write_text(json.dumps(given), encoding="utf-8")
    evaluation = evaluate(EvaluationRequest("test", {}, directory, preload=functools.partial(_preload, source)))
    # A chart's content is not looked into, which is a note.
    assert [str(finding) for finding in evaluation.findings if finding.severity is not Severity.NOTE] == []
    return evaluation


def evaluate_component(directory: Path, component: str, args: dict[str, Any], **given: Any) -> Evaluation:
    """Evaluate the component at ``component``, such as ``components.aws.keys:AwsKeys``, made with ``args``."""
    module, _, name = component.partition(":")
    program = f"""
    from {module} import {name}

    {name}("it", given["args"])
    """
    return evaluate_program(directory, program, args=args, **given)


def of_type(evaluation: Evaluation, suffix: str) -> dict[str, Resource]:
    """Return the filled graph's resources whose type ends with ``suffix``, such as ``s3/bucket:Bucket``, by name."""
    return {each.name: each for each in evaluation.filled.resources if each.type.endswith(suffix)}


def only(evaluation: Evaluation, suffix: str) -> Resource:
    """Return the one resource of the filled graph whose type ends with ``suffix``."""
    (found,) = of_type(evaluation, suffix).values()
    return found
