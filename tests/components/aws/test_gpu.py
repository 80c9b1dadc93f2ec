"""GPUs: what serves them runs where they are, and nowhere else."""

from typing import Any

import pytest

from components.aws.gpu import device_plugin_values, exporter_values, tolerations
from mlplatform.graph import Evaluation, EvaluationError
from tests.components.aws.eks import named, whole
from tests.support.components import evaluate_component

NIGHT = {"key": "dedicated", "value": "night", "effect": "NoExecute"}
OWN = {"key": "mlplatform/pool", "value": "training-gpu", "effect": "NoSchedule"}
POOL: Any = {
    "name": "training-gpu",
    "purpose": "training",
    "node_selector": {"mlplatform/pool": "training-gpu"},
    "tolerations": [OWN, NIGHT],
    "max_nodes": 4,
    "gpus_per_node": 1,
}


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


def test_taints_of_all_pools_are_tolerated_each_once() -> None:
    other = {**POOL, "name": "other", "tolerations": [{**OWN, "value": "other"}, NIGHT]}
    assert tolerations([POOL, other]) == [
        {**NIGHT, "operator": "Equal"},
        {**OWN, "value": "other", "operator": "Equal"},
        {**OWN, "operator": "Equal"},
    ]


@pytest.mark.parametrize("values", [device_plugin_values([POOL]), exporter_values([POOL], service_monitor=False)])
def test_both_run_on_machines_with_gpus_only(values: dict[str, Any]) -> None:
    assert values["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert values["tolerations"] == tolerations([POOL])


def test_metrics_need_a_custom_resource_that_may_not_be_there() -> None:
    assert exporter_values([POOL], service_monitor=False)["serviceMonitor"] == {"enabled": False}
    assert exporter_values([POOL], service_monitor=True)["serviceMonitor"] == {"enabled": True}


def test_nodes_carry_the_label_that_both_look_for(made: Evaluation) -> None:
    labels = named(made, "training-gpu-node-pool").inputs["spec"]["template"]["metadata"]["labels"]
    for release in ("gpu-device-plugin", "gpu-exporter"):
        inputs = named(made, release).inputs
        assert inputs["values"]["nodeSelector"].items() <= labels.items()
        assert inputs["namespace"] == "kube-system"
        assert inputs["repositoryOpts"]["repo"].startswith("https://nvidia.github.io/")
        assert not inputs["version"].startswith("v")


def test_without_gpus_there_is_nothing_to_serve(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match="pools: got none with GPUs"):
        evaluate_component(tmp_path, "components.aws.gpu:AwsGpuSupport", {"pools": [{**POOL, "gpus_per_node": 0}]})
