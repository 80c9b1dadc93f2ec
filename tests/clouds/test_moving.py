"""A workload moves between a laptop, AWS and Google Cloud by the environment file alone."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from mlplatform.render.kubernetes import objects

TEMPLATE = "churn-daily"
ENVIRONMENTS = ("local", "aws-prod", "gcp-prod")

DIFFERENCES = {
    ".spec.jobTemplate.spec.template.spec.containers[0].image": {
        "local": r"registry\.local/mlplatform/churn/score:1\.0\.0",
        "aws-prod": r"\d{12}\.dkr\.ecr\.eu-west-1\.amazonaws\.com/[a-z0-9/-]+/churn/score:1\.0\.0",
        "gcp-prod": r"europe-west1-docker\.pkg\.dev/example-ml-prod/churn/score:1\.0\.0",
    },
    "INPUT": {
        "local": r"file:///var/lib/mlplatform/mlplatform-local/datasets/churn/customers",
        "aws-prod": r"s3://[a-z0-9-]+-datasets-\d{12}/churn/customers",
        "gcp-prod": r"gs://[a-z0-9-]+-datasets-\d{12}/churn/customers",
    },
    "OUTPUT": {
        "local": r"file:///var/lib/mlplatform/mlplatform-local/scores/churn",
        "aws-prod": r"s3://[a-z0-9-]+-scores-\d{12}/churn",
        "gcp-prod": r"gs://[a-z0-9-]+-scores-\d{12}/churn",
    },
}
"""What is different in a scoring template, and what it is in each environment."""


@pytest.fixture(scope="module")
def rendered(evaluations) -> Mapping[str, Mapping[tuple[str, str], dict[str, Any]]]:
    """Return each environment's manifests by kind and name."""
    return {
        name: {
            (each.manifest["kind"], each.manifest["metadata"]["name"]): yaml.safe_load(yaml.safe_dump(each.manifest))
            for each in objects(evaluations[name].filled)
        }
        for name in ENVIRONMENTS
    }


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key], f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from leaves(item, f"{path}[{position}]")
    else:
        yield path, value


def differing(rendered, kind: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the paths at which an object is not the same in every environment, with its values."""
    flat = {env: dict(leaves(rendered[env][kind, name])) for env in ENVIRONMENTS}
    paths = sorted({path for values in flat.values() for path in values})
    return {
        path: {env: flat[env].get(path) for env in ENVIRONMENTS}
        for path in paths
        if len({repr(flat[env].get(path)) for env in ENVIRONMENTS}) > 1
    }


def test_the_files_ask_for_the_same_workload(environments):
    asked = [environments[name].settings.scoring for name in ENVIRONMENTS]
    assert asked[0][TEMPLATE] == asked[1][TEMPLATE] == asked[2][TEMPLATE]


def test_only_places_are_different_in_the_template(rendered):
    found = differing(rendered, "CronJob", TEMPLATE)
    labels = {path for path in found if re.search(r"labels\.(owner|costCenter|app\.kubernetes\.io/part-of)$", path)}
    selectors = {path for path in found if ".nodeSelector." in path or ".tolerations[" in path}
    rest = {path: values for path, values in found.items() if path not in labels | selectors}
    image = ".spec.jobTemplate.spec.template.spec.containers[0].image"
    addresses = [path for path in rest if path != image]
    assert len(addresses) == 2, "the addresses of the input and of the output"
    for path, name in ((image, image), (addresses[0], "INPUT"), (addresses[1], "OUTPUT")):
        for environment, pattern in DIFFERENCES[name].items():
            assert re.fullmatch(pattern, rest[path][environment]), f"{environment}: {rest[path][environment]}"


def test_pods_select_the_pool_by_the_same_label_and_on_google_cloud_by_its_class_too(rendered):
    pool = {"key": "mlplatform/pool", "operator": "Equal", "value": "scoring", "effect": "NoSchedule"}
    by_class = {**pool, "key": "cloud.google.com/compute-class"}
    label = {"mlplatform/pool": "scoring"}
    expected = {
        "local": (label, [pool]),
        "aws-prod": (label, [pool]),
        "gcp-prod": ({**label, "cloud.google.com/compute-class": "scoring"}, [pool, by_class]),
    }
    for environment, (selector, tolerations) in expected.items():
        pod = rendered[environment]["CronJob", TEMPLATE]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert (pod["nodeSelector"], pod["tolerations"]) == (selector, tolerations), environment


def test_the_identity_is_the_clouds_own_and_has_no_key(evaluations, rendered):
    for environment in ENVIRONMENTS:
        account = rendered[environment]["ServiceAccount", "runner"]
        assert account["automountServiceAccountToken"] is False
    principals = {name: evaluations[name].outputs["identities"]["churn"] for name in ENVIRONMENTS}
    assert principals["local"] == "system:serviceaccount:team-churn:runner"
    assert re.fullmatch(r"arn:aws:iam::\d{12}:role/[\w/-]*churn[\w-]*", principals["aws-prod"])
    assert re.fullmatch(
        r"principal://iam\.googleapis\.com/projects/\d+/locations/global/workloadIdentityPools/"
        r"example-ml-prod\.svc\.id\.goog/subject/ns/team-churn/sa/runner",
        principals["gcp-prod"],
    )
