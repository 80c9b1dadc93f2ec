from pathlib import Path

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, GCP_KEYS, evaluate_component, of_type

COMPONENT = "components.gcp.homes:GcpHomes"
ARGS = {"environment": GCP_ENVIRONMENT, "keys": GCP_KEYS}
CLASS = "storage.k8s.io/v1:StorageClass"


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("homes"), COMPONENT, ARGS)


def test_a_home_is_in_two_zones_encrypted_and_kept(homes: Evaluation) -> None:
    made = of_type(homes, CLASS)["it-homes"]
    assert made.inputs["provisioner"] == "pd.csi.storage.gke.io"
    assert made.inputs["parameters"] == {
        "type": "pd-balanced",
        "replication-type": "regional-pd",
        "disk-encryption-kms-key": GCP_KEYS["disks"],
    }
    assert made.inputs["allowedTopologies"] == [
        {
            "matchLabelExpressions": [
                {"key": "topology.gke.io/zone", "values": ["europe-west1-b", "europe-west1-c"]},
            ]
        }
    ]
    assert made.inputs["reclaimPolicy"] == "Retain"
    assert made.inputs["volumeBindingMode"] == "WaitForFirstConsumer"
    assert (made.options.protect, made.options.retain_on_delete) == (True, True)


def test_volumes_that_ask_for_no_class_are_encrypted(homes: Evaluation) -> None:
    made = of_type(homes, CLASS)
    default = "storageclass.kubernetes.io/is-default-class"
    defaults = [name for name, each in made.items() if each.inputs["metadata"].get("annotations", {}).get(default)]
    assert defaults == ["it-encrypted"]
    assert made["it-encrypted"].inputs["parameters"]["disk-encryption-kms-key"] == GCP_KEYS["disks"]
    # GKE's own default is older, and no patch takes that from it: Kubernetes goes by the newest.
    assert {each.type for each in homes.filled.resources if each.custom} == {f"kubernetes:{CLASS}"}


def test_one_zone_is_not_enough(tmp_path: Path) -> None:
    args = {**ARGS, "environment": {**GCP_ENVIRONMENT, "zones": ["europe-west1-b"]}}
    with pytest.raises(EvaluationError, match=r"environment\.zones: got europe-west1-b; allowed: at least 2 zones"):
        evaluate_component(tmp_path, COMPONENT, args)
