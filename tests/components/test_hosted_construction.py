"""Components made from what the engine sends a provider: camelCase keys, and every number a float."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError, EvaluationRequest, evaluate

POOL = {
    "name": "scoring",
    "purpose": "scoring",
    "nodeSelector": {"mlplatform/pool": "scoring"},
    "tolerations": [{"key": "mlplatform/pool", "value": "scoring", "effect": "NoSchedule"}],
    "maxNodes": 20.0,
    "gpusPerNode": 1.0,
}

CLUSTER = {
    "name": "mlplatform-test",
    "kubernetesVersion": "1.36",
    "identityEndpoints": ["169.254.170.23/32"],
    "apiServerCidrs": ["10.96.0.1/32"],
    "homeStorageClass": "homes",
}

NODE_POOL = {
    "purpose": "scoring",
    "shapes": [{"cpu": 16.0, "memoryGib": 64.0}],
    "families": [],
    "minNodes": 1.0,
    "maxNodes": 3.0,
    "capacity": "spot-with-fallback",
    "diskGib": 100.0,
    "idleSeconds": 5.0,
    "labels": {"rack-unit": "7"},
    "taints": [],
    "gpu": {"model": "nvidia-l4", "count": 2.0},
}

TEMPLATE = {
    "template": "daily",
    "namespace": "team-churn",
    "serviceAccount": "runner",
    "pool": POOL,
    "image": "registry.local/mlplatform/churn/score:1.0.0",
    "inputUrl": "s3://datasets",
    "outputUrl": "s3://scores",
    "shards": 10.0,
    "parallelism": 5.0,
    "cpu": 2.0,
    "memoryGib": 4.0,
    "retriesPerShard": 3.0,
    "maxFailedShards": 1.0,
    "deadlineSeconds": 3600.0,
    "ttlSeconds": 60.0,
    "environment": {"MODEL": "churn-3"},
    "labels": {"owner": "us"},
}

INPUTS: dict[str, dict[str, Any]] = {
    "LocalCluster": {
        "clusterName": "mlplatform-test",
        "kubernetesVersion": "1.36",
        "serviceCidr": "10.96.0.0/16",
        "labels": {"owner": "us"},
    },
    "LocalDatabase": {"databaseName": "hub", "database": {"owner": "hub", "storageGib": 20.0}},
    "LocalNodePool": {"poolName": "scoring", "pool": NODE_POOL, "labels": {"owner": "us"}},
    "LocalObjectStore": {"storeName": "scores", "store": {"retentionDays": 0.0}, "dataDirectory": "/data"},
    "LocalRegistry": {"platform": "mlplatform", "registry": {"repositories": ["churn/score"]}},
    "LocalSecret": {
        "secretName": "token",
        "secret": {"namespace": "team-churn", "values": {"token": "t0k3n"}, "labels": {}},
    },
    "LocalWorkloadIdentity": {
        "identity": {
            "namespace": "team-churn",
            "serviceAccount": "runner",
            "readStores": ["datasets"],
            "writeStores": ["scores"],
            "labels": {},
        }
    },
    "PriorityClasses": {"labels": {"owner": "us"}},
    "ScoringJobTemplate": TEMPLATE,
    "SystemNamespace": {"cluster": CLUSTER, "labels": {}},
    "TeamWorkspace": {
        "team": "churn",
        "cluster": CLUSTER,
        "people": {"members": ["scientists"]},
        "pools": [POOL],
        "quota": {"cpu": 100.0, "memoryGib": 400.0, "gpus": 4.0, "pods": 200.0},
        "registry": {"prefix": "registry.local/mlplatform", "repositories": ["churn/score"]},
        "labels": {},
    },
}

PROGRAM = """
    import json
    from pathlib import Path

    import pulumi
    from pulumi.provider.experimental.component import ComponentProvider

    from components.host import COMPONENTS, PACKAGE

    provider = ComponentProvider(list(COMPONENTS), PACKAGE)
    for name, inputs in json.loads(Path(__file__).with_name("inputs.json").read_text()).items():
        result = provider.construct("it", f"{PACKAGE}:index:{name}", inputs, pulumi.ResourceOptions())
        pulumi.export(name, result.state)
"""


def _construct(directory: Path, inputs: dict[str, dict[str, Any]]) -> Evaluation:
    (directory / "__main__.py").write_text(textwrap.dedent(PROGRAM), encoding="utf-8")
    (directory / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
    return evaluate(EvaluationRequest("test", {}, directory))


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return _construct(tmp_path_factory.mktemp("hosted"), INPUTS)


def _inputs(hosted: Evaluation, resource_type: str) -> dict[str, Any]:
    (found,) = [each.inputs for each in hosted.filled.resources if each.type == resource_type]
    return dict(found)


def _free_of_fractions(value: object) -> bool:
    if isinstance(value, dict):
        return all(_free_of_fractions(each) for each in value.values())
    if isinstance(value, list):
        return all(_free_of_fractions(each) for each in value)
    return not isinstance(value, float)


def test_every_hosted_component_is_constructed_without_a_finding(hosted: Evaluation) -> None:
    assert [str(finding) for finding in hosted.findings] == []
    made = {each.type.rsplit(":", 1)[1] for each in hosted.filled.resources if each.type.startswith("mlplatform:")}
    assert made == set(INPUTS)


def test_quantities_are_whole_although_the_numbers_came_as_floats(hosted: Evaluation) -> None:
    pool = _inputs(hosted, "kubernetes:karpenter.sh/v1:NodePool")["spec"]
    assert pool["limits"] == {"nodes": "2", "cpu": "32", "memory": "128Gi", "nvidia.com/gpu": "4"}
    assert pool["disruption"]["consolidateAfter"] == "5s"
    types = [each["values"] for each in pool["template"]["spec"]["requirements"] if "instance-type" in each["key"]]
    assert types == [["local-16x64-nvidia-l4-2"]]
    hard = _inputs(hosted, "kubernetes:core/v1:ResourceQuota")["spec"]["hard"]
    assert hard["requests.cpu"] == "100"
    assert hard["pods"] == "200"
    job = _inputs(hosted, "kubernetes:batch/v1:CronJob")["spec"]["jobTemplate"]["spec"]
    assert job["completions"] == 10
    (container,) = job["template"]["spec"]["containers"]
    assert container["resources"]["requests"] == {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": "1"}
    assert _free_of_fractions(job)


def test_enumerations_arrive_as_the_components_know_them(hosted: Evaluation) -> None:
    pool = _inputs(hosted, "kubernetes:karpenter.sh/v1:NodePool")["spec"]["template"]
    capacity = [each["values"] for each in pool["spec"]["requirements"] if each["key"] == "karpenter.sh/capacity-type"]
    assert capacity == [["spot", "on-demand"]]
    assert pool["metadata"]["labels"]["mlplatform/purpose"] == "scoring"
    job = _inputs(hosted, "kubernetes:batch/v1:CronJob")["spec"]["jobTemplate"]["spec"]
    assert job["template"]["spec"]["priorityClassName"] == "mlplatform-scoring"


def test_outputs_go_back_under_the_names_of_the_schema(hosted: Evaluation) -> None:
    assert hosted.outputs["LocalObjectStore"] == {"url": "file:///data/scores"}
    assert hosted.outputs["LocalCluster"]["apiServerCidrs"] == ["10.96.0.1/32"]
    assert hosted.outputs["TeamWorkspace"] == {"namespace": "team-churn", "submitter": "submitter"}
    assert hosted.outputs["LocalWorkloadIdentity"]["principal"] == "system:serviceaccount:team-churn:runner"


IMPOSSIBLE: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "node-pool": (
        "LocalNodePool",
        {"pool": {**NODE_POOL, "families": ["m7i"], "minNodes": 9.0}},
        [
            "node pool scoring: families: got ['m7i']; allowed: none",
            "node pool scoring: min_nodes: got 9; allowed: from 0 to max_nodes, 3",
        ],
    ),
    "object-store": (
        "LocalObjectStore",
        {"dataDirectory": "data"},
        ["object store scores: data_directory: got 'data'; allowed: an absolute path"],
    ),
    "scoring-template": (
        "ScoringJobTemplate",
        {"parallelism": 11.0, "gpus": 2.0},
        [
            "scoring template daily: parallelism: got 11; allowed: from 1 to shards, 10",
            "scoring template daily: gpus: got 2; allowed: at most 1, the GPUs of a node of the pool scoring",
        ],
    ),
}


@pytest.mark.parametrize(("component", "changes", "expected"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_component_that_cannot_be_made_names_every_argument_at_fault(
    tmp_path: Path, component: str, changes: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(EvaluationError) as caught:
        _construct(tmp_path, {component: {**INPUTS[component], **changes}})
    for text in expected:
        assert text in str(caught.value)
