import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from components.gcp.cluster_security import allowed_images
from components.gcp.cluster_spec import maintenance_policy
from components.gcp.kubeconfig import kubeconfig
from mlplatform.graph import Evaluation, EvaluationError, Resource
from tests.support.components import (
    GCP_CLUSTER,
    GCP_ENVIRONMENT,
    GCP_KEYS,
    GCP_NETWORK,
    evaluate_program,
    of_type,
    only,
)

CONTROL_PLANE = "projects/example-project/regions/europe-west1/subnetworks/mlp-test-control-plane"


def pool(purpose: str, shapes: list[tuple[int, int]], **changes: Any) -> dict[str, Any]:
    return {
        "purpose": purpose,
        "shapes": [{"cpu": cpu, "memory_gib": memory} for cpu, memory in shapes],
        "families": [],
        "min_nodes": 0,
        "max_nodes": 10.0,
        "capacity": "on-demand",
        "disk_gib": 100,
        "idle_seconds": 90,
        "labels": {},
        "taints": [],
        **changes,
    }


POOLS = {
    "system": pool("system", [(4, 16)], min_nodes=3, max_nodes=6),
    "scoring": pool("scoring", [(16, 64), (32, 128)], capacity="spot-with-fallback"),
    "training": pool("training", [(8, 32)], gpu={"model": "nvidia-l4", "count": 1}, max_nodes=4),
}

ARGS: dict[str, Any] = {
    "environment": GCP_ENVIRONMENT,
    "network": {**GCP_NETWORK, "control_plane_subnetwork": CONTROL_PLANE},
    "keys": GCP_KEYS,
    "kubernetes_version": "1.35",
    "release_channel": "regular",
    "maintenance": {"day": "sunday", "start_time": "03:00", "hours": 12.0},
    "exclusions": [],
    "pools": POOLS,
    "image_patterns": ["quay.io/jetstack/*"],
}

PROGRAM = """
import pulumi_kubernetes as kubernetes

from components.contracts import Capacity, PoolPurpose
from components.gcp.cluster import GcpCluster, contract

args = given["args"]
for pool in args["pools"].values():
    pool["purpose"], pool["capacity"] = PoolPurpose(pool["purpose"]), Capacity(pool["capacity"])
cluster = GcpCluster("it", args)
kubernetes.core.v1.Namespace("inside", opts=pulumi.ResourceOptions(provider=cluster.provider))
pulumi.export("facts", cluster.facts)
pulumi.export("contract", contract(cluster.facts, args["network"], "10.96.0.0/20", "homes"))
"""


def evaluated(directory: Path, **changes: Any) -> Evaluation:
    return evaluate_program(directory, PROGRAM, args={**ARGS, **changes})


def cluster_of(evaluation: Evaluation) -> Resource:
    return only(evaluation, "container/cluster:Cluster")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluated(tmp_path_factory.mktemp("cluster"))


def test_the_api_server_has_no_public_address_and_is_reached_by_name(cluster: Evaluation) -> None:
    inputs = cluster_of(cluster).inputs
    assert inputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"] == {
        "allowExternalTraffic": True,
        "enableK8sTokensViaDns": False,
        "enableK8sCertsViaDns": False,
    }
    assert inputs["privateClusterConfig"] == {
        "enablePrivateNodes": True,
        "enablePrivateEndpoint": True,
        "privateEndpointSubnetwork": CONTROL_PLANE,
    }
    assert inputs["masterAuthorizedNetworksConfig"] == {
        "cidrBlocks": [],
        "gcpPublicCidrsAccessEnabled": False,
        "privateEndpointEnforcementEnabled": True,
    }


def test_given_ranges_reach_a_public_address(tmp_path: Path) -> None:
    inputs = cluster_of(evaluated(tmp_path, public_cidrs=["203.0.113.0/24"])).inputs
    assert inputs["privateClusterConfig"]["enablePrivateEndpoint"] is False
    (block,) = inputs["masterAuthorizedNetworksConfig"]["cidrBlocks"]
    assert block["cidrBlock"] == "203.0.113.0/24"


def test_secrets_disks_images_and_identities_are_guarded(cluster: Evaluation) -> None:
    inputs = cluster_of(cluster).inputs
    assert inputs["databaseEncryption"] == {"state": "ENCRYPTED", "keyName": GCP_KEYS["cluster"]}
    assert inputs["workloadIdentityConfig"] == {"workloadPool": "example-project.svc.id.goog"}
    assert inputs["binaryAuthorization"] == {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"}
    assert inputs["datapathProvider"] == "ADVANCED_DATAPATH"
    assert inputs["enableShieldedNodes"]
    assert not inputs["enableLegacyAbac"]
    assert inputs["masterAuth"] == {"clientCertificateConfig": {"issueClientCertificate": False}}
    assert inputs["serviceExternalIpsConfig"] == {"enabled": False}
    assert set(inputs["loggingConfig"]["enableComponents"]) == {
        "APISERVER",
        "CONTROLLER_MANAGER",
        "SCHEDULER",
        "SYSTEM_COMPONENTS",
        "WORKLOADS",
    }


def test_only_known_images_run(cluster: Evaluation) -> None:
    policy = only(cluster, "binaryauthorization/policy:Policy").inputs
    assert policy["defaultAdmissionRule"] == {
        "evaluationMode": "ALWAYS_DENY",
        "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG",
    }
    assert policy["globalPolicyEvaluationMode"] == "ENABLE"
    patterns = [each["namePattern"] for each in policy["admissionWhitelistPatterns"]]
    assert patterns == allowed_images(GCP_ENVIRONMENT, ["quay.io/jetstack/*"])
    assert "europe-west1-docker.pkg.dev/example-project/**" in patterns
    assert not {"*", "**"} & set(patterns)


def test_auto_provisioning_stays_within_what_all_pools_may_have(cluster: Evaluation) -> None:
    scaling = cluster_of(cluster).inputs["clusterAutoscaling"]
    assert {each["resourceType"]: each["maximum"] for each in scaling["resourceLimits"]} == {
        "cpu": 6 * 4 + 10 * 32 + 4 * 8,
        "memory": 6 * 16 + 10 * 128 + 4 * 32,
        "nvidia-l4": 4,
    }
    assert scaling["defaultComputeClassEnabled"]
    defaults = scaling["autoProvisioningDefaults"]
    assert defaults["bootDiskKmsKey"] == GCP_KEYS["disks"]
    assert defaults["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    assert defaults["serviceAccount"].endswith("@example-project.iam.gserviceaccount.com")


@pytest.mark.parametrize("gpus", [True, False])
def test_gpus_are_measured_where_there_are_any(cluster: Evaluation, tmp_path: Path, *, gpus: bool) -> None:
    pools = {name: each for name, each in POOLS.items() if "gpu" not in each}
    inputs = cluster_of(cluster if gpus else evaluated(tmp_path, pools=pools)).inputs["monitoringConfig"]
    assert inputs["managedPrometheus"] == {"enabled": gpus}
    assert ("DCGM" in inputs["enableComponents"]) is gpus


def test_machines_may_write_logs_before_there_are_any(cluster: Evaluation) -> None:
    grants = of_type(cluster, "projects/iAMMember:IAMMember")
    # Repositories grant the right to pull, each by itself.
    assert {each.inputs["role"] for each in grants.values()} == {"roles/container.defaultNodeServiceAccount"}
    assert {each.urn for each in grants.values()} <= set(cluster_of(cluster).dependencies)
    node = cluster_of(cluster).inputs["nodeConfig"]
    assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    assert node["serviceAccount"] == cluster.outputs["facts"]["node_service_account"]


def test_the_first_node_pool_is_removed_and_never_looked_at_again(cluster: Evaluation) -> None:
    resource = cluster_of(cluster)
    assert resource.inputs["removeDefaultNodePool"]
    assert resource.options.ignore_changes == ("nodeConfig",)


def test_the_cluster_stays_until_it_is_let_go(cluster: Evaluation, tmp_path: Path) -> None:
    kept = cluster_of(cluster)
    assert (kept.inputs["deletionProtection"], kept.options.protect, kept.options.retain_on_delete) == (True,) * 3
    released = cluster_of(evaluated(tmp_path, environment={**GCP_ENVIRONMENT, "let_go": ["cluster"]}))
    assert (released.inputs["deletionProtection"], released.inputs["deletionPolicy"]) == (False, "DELETE")
    assert (released.options.protect, released.options.retain_on_delete) == (False, False)


def test_a_preview_does_not_need_the_endpoint(cluster: Evaluation) -> None:
    (provider,) = (each for each in cluster.preview.resources if each.type == "pulumi:providers:kubernetes")
    inside = next(each for each in cluster.preview.resources if each.name == "inside")
    assert inside.provider == provider.urn
    assert cluster_of(cluster).urn in provider.dependencies
    assert provider.inputs["clusterIdentifier"] == "mlp-test"


def test_the_kubeconfig_holds_no_credential_and_no_certificate() -> None:
    config = json.loads(kubeconfig("mlp-test", GCP_CLUSTER["endpoint"]))
    assert config["clusters"] == [{"name": "mlp-test", "cluster": {"server": f"https://{GCP_CLUSTER['endpoint']}"}}]
    assert config["current-context"] == config["contexts"][0]["name"] == "mlp-test"
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"


def test_workloads_learn_where_identity_and_api_server_are(cluster: Evaluation) -> None:
    facts = cluster.outputs["contract"]
    assert facts["identity_endpoints"] == ["169.254.169.254/32"]
    assert facts["api_server_cidrs"] == ["10.96.0.1/32", GCP_NETWORK["control_plane_cidr"]]
    assert (facts["kubernetes_version"], facts["home_storage_class"]) == ("1.35", "homes")


@pytest.mark.parametrize("day", ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
def test_a_window_opens_on_its_day(day: str) -> None:
    window = maintenance_policy({"day": day, "start_time": "22:30", "hours": 12}, [])["recurring_window"]
    start, end = (datetime.fromisoformat(window[key]) for key in ("start_time", "end_time"))
    assert start.strftime("%A").lower() == day
    assert (end - start).total_seconds() == 12 * 3600
    assert window["recurrence"] == f"FREQ=WEEKLY;BYDAY={start.strftime('%a').upper()[:2]}"


def test_nothing_is_upgraded_in_an_exclusion() -> None:
    window = {"day": "sunday", "start_time": "03:00", "hours": 12}
    policy = maintenance_policy(window, [{"name": "year-end", "start": "2026-12-20", "end": "2027-01-04"}])
    assert policy["maintenance_exclusions"] == [
        {
            "exclusion_name": "year-end",
            "start_time": "2026-12-20T00:00:00Z",
            "end_time": "2027-01-04T00:00:00Z",
            "exclusion_options": {"scope": "NO_UPGRADES"},
        }
    ]


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluated(
            tmp_path,
            environment={**GCP_ENVIRONMENT, "name": "m" * 41},
            release_channel="fast",
            maintenance={"day": "someday", "start_time": "3", "hours": 4},
            exclusions=[{"name": "long", "start": "2026-01-01", "end": "2026-03-01"}],
            public_cidrs=["0.0.0.0/0"],
        )
    text = str(raised.value)
    for path in ("environment.name", "release_channel", "maintenance.day", "maintenance.start_time"):
        assert f": {path}: got" in text
    assert "maintenance.hours: got 4; allowed: 12 to 24" in text
    assert "exclusions: got long, 59 days; allowed: 1 to 30" in text
    assert "public_cidrs: got 0.0.0.0/0" in text


def test_a_cluster_that_is_there_is_only_added_to(tmp_path: Path) -> None:
    program = """
    from components.gcp.cluster import GcpExistingCluster

    pulumi.export("facts", GcpExistingCluster("it", given["args"]).facts)
    """
    args = {
        "environment": GCP_ENVIRONMENT,
        "kubernetes_version": "1.35",
        "cluster_name": "shared",
        "location": "europe-west1-b",
        "endpoint": GCP_CLUSTER["endpoint"],
    }
    evaluation = evaluate_program(tmp_path, program, args=args)
    assert of_type(evaluation, "container/cluster:Cluster") == {}
    assert of_type(evaluation, "binaryauthorization/policy:Policy") == {}
    assert evaluation.outputs["facts"]["location"] == "europe-west1-b"
    assert evaluation.outputs["facts"]["workload_pool"] == "example-project.svc.id.goog"
