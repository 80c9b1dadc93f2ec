from pathlib import Path

import pytest

from components.gcp.service_agents import encrypters, member
from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import GCP_ENVIRONMENT, evaluate_component, evaluate_program, of_type, only

COMPONENT = "components.gcp.keys:GcpKeys"
ARGS = {"environment": GCP_ENVIRONMENT, "project": "example-project"}
PURPOSES = {"cluster", "databases", "disks", "images", "secrets", "stores"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate_component(tmp_path_factory.mktemp("keys"), COMPONENT, ARGS)


def _grants(evaluation: Evaluation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, each in of_type(evaluation, "kms/cryptoKeyIAMMember:CryptoKeyIAMMember").items():
        assert each.inputs["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
        found.setdefault(name.split("-")[1], []).append(each.inputs["member"])
    return found


def test_each_kind_of_data_has_a_key_that_rotates_and_stays(keys: Evaluation) -> None:
    made = of_type(keys, "kms/cryptoKey:CryptoKey")
    assert {each.inputs["name"] for each in made.values()} == PURPOSES
    for key in made.values():
        assert key.inputs["rotationPeriod"] == "7776000s"
        assert key.inputs["destroyScheduledDuration"] == "2592000s"
        assert key.inputs["versionTemplate"]["protectionLevel"] == "SOFTWARE"
        assert key.inputs["deletionPolicy"] == "PREVENT"
        assert key.options.protect
        assert key.options.retain_on_delete
    ring = only(keys, "kms/keyRing:KeyRing")
    assert (ring.inputs["location"], ring.options.protect) == ("europe-west1", True)


def test_a_key_is_granted_to_the_agents_that_encrypt_with_it_and_to_nobody_else(keys: Evaluation) -> None:
    number = GCP_ENVIRONMENT["project_number"]
    agent = "serviceAccount:service-{}@{}.iam.gserviceaccount.com"
    assert {key: sorted(members) for key, members in _grants(keys).items()} == {
        "cluster": [agent.format(number, "container-engine-robot")],
        "databases": [agent.format(number, "gcp-sa-cloud-sql")],
        "disks": [agent.format(number, "compute-system")],
        "images": [agent.format(number, "gcp-sa-artifactregistry")],
        "secrets": [agent.format(number, "gcp-sa-secretmanager")],
        "stores": [agent.format(number, "gcp-sa-pubsub"), agent.format(number, "gs-project-accounts")],
    }


def test_an_agent_is_made_before_it_is_granted_anything(keys: Evaluation) -> None:
    identities = of_type(keys, "projects/serviceIdentity:ServiceIdentity")
    grants = of_type(keys, "kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    asked = {each.inputs["service"].removesuffix(".googleapis.com") for each in identities.values()}
    # Compute Engine and Cloud Storage are not asked: the one refuses, the other makes nothing of it.
    assert asked == {"artifactregistry", "container", "pubsub", "secretmanager", "sqladmin"}
    for name, grant in grants.items():
        agent = name.split("-")[2]
        if agent not in {"compute", "storage"}:
            assert identities[f"it-{agent}-agent"].urn in grant.dependencies


def test_further_agents_share_the_key_of_stores() -> None:
    plain = encrypters(datasets=False, managed_airflow=False)
    more = encrypters(datasets=True, managed_airflow=True)
    assert {key: agents for key, agents in more.items() if key != "stores"} == {
        key: agents for key, agents in plain.items() if key != "stores"
    }
    assert more["stores"] == ["artifactregistry", "bigquery", "composer", "compute", "gke", "pubsub", "storage"]
    assert member("bigquery", "42") == "serviceAccount:bq-42@bigquery-encryption.iam.gserviceaccount.com"


def test_what_takes_a_key_waits_until_it_may_be_used(tmp_path: Path) -> None:
    program = """
    import pulumi_gcp as gcp
    from components.gcp.keys import GcpKeys

    keys = GcpKeys("it", given["args"])
    gcp.storage.Bucket("after", location="EU", encryption={"default_kms_key_name": keys.facts["stores"]})
    """
    evaluation = evaluate_program(tmp_path, program, args=ARGS)
    names = {each.urn: each.name for each in evaluation.filled.resources}
    after = next(each for each in evaluation.filled.resources if each.name == "after")
    assert {names[urn] for urn in after.dependencies} >= {"it-stores", "it-stores-storage", "it-stores-pubsub"}
    assert "it-secrets-secretmanager" not in {names[urn] for urn in after.dependencies}


def test_keys_that_are_let_go_may_be_destroyed(tmp_path: Path) -> None:
    args = {**ARGS, "environment": {**GCP_ENVIRONMENT, "let_go": ["keys"]}, "protection_level": "HSM"}
    evaluation = evaluate_component(tmp_path, COMPONENT, args)
    released = of_type(evaluation, "kms/cryptoKey:CryptoKey")
    assert len(released) == len(PURPOSES)
    for key in released.values():
        assert (key.inputs["deletionPolicy"], key.options.protect) == ("DELETE", False)
        assert key.inputs["versionTemplate"]["protectionLevel"] == "HSM"


def test_an_unknown_protection_level_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"protection_level: got 'EXTERNAL'; allowed: SOFTWARE or HSM"):
        evaluate_component(tmp_path, COMPONENT, {**ARGS, "protection_level": "EXTERNAL"})
