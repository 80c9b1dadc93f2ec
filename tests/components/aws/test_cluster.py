"""The cluster: who may use it, what is encrypted, and what has to be there before a machine joins."""

import json
from typing import Any

import pytest

from components.aws.cni import configuration
from components.aws.eks_versions import COREDNS, KUBE_PROXY, KUBERNETES_VERSIONS
from components.aws.kubeconfig import kubeconfig
from mlplatform.graph import Evaluation, EvaluationError
from tests.components.aws.eks import ADMIN, CLUSTER_ARGS, named, policies, statements, whole
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_NETWORK, evaluate_component, of_type, only
from tests.support.iam import faults
from tests.support.order import before

COMPONENT = "components.aws.cluster:AwsCluster"
EXISTING = "components.aws.existing_cluster:AwsExistingCluster"


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = {
        **CLUSTER_ARGS,
        "environment": {**AWS_ENVIRONMENT, "let_go": ["cluster"]},
        "network": {**AWS_NETWORK, "pod_subnets": {}},
        "public_access_cidrs": ["203.0.113.0/24"],
        "api_client_cidrs": ["10.200.0.0/16"],
    }
    return evaluate_component(tmp_path_factory.mktemp("opened"), COMPONENT, args)


def test_a_cluster_is_private_encrypted_logged_and_kept(made: Evaluation) -> None:
    cluster = only(made, "eks/cluster:Cluster")
    inputs = cluster.inputs
    assert inputs["name"] == "mlp-test"
    assert inputs["vpcConfig"]["subnetIds"] == sorted(AWS_NETWORK["intra_subnets"].values())
    assert inputs["vpcConfig"]["endpointPrivateAccess"] is True
    assert inputs["vpcConfig"]["endpointPublicAccess"] is False
    assert inputs["encryptionConfig"]["provider"]["keyArn"] == CLUSTER_ARGS["keys"]["cluster"]
    assert inputs["enabledClusterLogTypes"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    assert inputs["deletionProtection"] is True
    assert (cluster.options.protect, cluster.options.retain_on_delete) == (True, True)
    # Without its role, a cluster that is kept stands still.
    assert named(made, "cluster-role").options.protect is True
    assert inputs["bootstrapSelfManagedAddons"] is False
    assert inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert inputs["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"


def test_only_who_is_named_may_use_it(made: Evaluation) -> None:
    access = only(made, "eks/cluster:Cluster").inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    granted = {
        each.inputs["principalArn"]: (each.inputs["policyArn"].rpartition("/")[2], each.inputs["accessScope"]["type"])
        for each in of_type(made, "accessPolicyAssociation:AccessPolicyAssociation").values()
    }
    assert granted == {ADMIN: ("AmazonEKSClusterAdminPolicy", "cluster")}


def test_the_provider_waits_for_access_and_for_what_machines_need(made: Evaluation) -> None:
    provider = named(made, "cluster-kubernetes")
    earlier = before(made.filled, provider)
    assert {
        "cluster-administer-platform-admin",
        "cluster-kube-proxy",
        "cluster-pod-identity-agent",
        "cluster-vpc-cni",
    } <= earlier
    assert not {"system-system-nodes", "addons-coredns"} & earlier
    assert provider.inputs["clusterIdentifier"] == "mlp-test"
    assert provider.inputs["enableServerSideApply"] == "true"
    assert provider.inputs["upsertExistingObjects"] == "true"


def test_a_kubeconfig_holds_no_secret() -> None:
    config = json.loads(
        kubeconfig(name="mlp-test", endpoint="https://it", certificate_authority="Y2E=", region="eu-west-1")
    )
    (user,) = config["users"]
    assert list(user["user"]) == ["exec"]
    command = user["user"]["exec"]
    assert command["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert [command["command"], *command["args"]] == [
        *("aws", "eks", "get-token", "--cluster-name", "mlp-test", "--region", "eu-west-1", "--output", "json")
    ]
    (context,) = config["contexts"]
    (cluster,) = config["clusters"]
    assert config["current-context"] == context["name"]
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
    assert cluster["cluster"] == {"server": "https://it", "certificate-authority-data": "Y2E="}


def test_pods_have_addresses_of_their_own_subnets_and_policies_are_enforced() -> None:
    values = configuration(AWS_ENVIRONMENT, AWS_NETWORK["pod_subnets"], "sg-1")  # type: ignore[arg-type]
    assert values["enableNetworkPolicy"] == "true"
    assert values["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    assert values["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true"
    assert values["env"]["ENI_CONFIG_LABEL_DEF"] == "topology.kubernetes.io/zone"
    assert values["eniConfig"]["subnets"] == {
        zone: {"id": subnet, "securityGroups": ["sg-1"]} for zone, subnet in AWS_NETWORK["pod_subnets"].items()
    }
    # The add-on's schema takes variables as text only.
    assert all(isinstance(value, str) for value in values["env"].values())
    assert json.loads(values["env"]["ADDITIONAL_ENI_TAGS"])["mlplatform/environment"] == "mlp-test"


def test_without_subnets_of_their_own_pods_share_the_machines(opened: Evaluation) -> None:
    values = json.loads(named(opened, "it-vpc-cni").inputs["configurationValues"])
    assert "eniConfig" not in values
    assert "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG" not in values["env"]
    assert values["env"]["ENABLE_PREFIX_DELEGATION"] == "true"


def test_the_network_plugin_changes_interfaces_of_the_environment_only(made: Evaluation) -> None:
    allowed = policies(made, "mlp-test-vpc-cni")
    ours = {"aws:ResourceTag/mlplatform/environment": "mlp-test"}
    for sid in ("ChangeOwnInterfaces", "AttachToOwnMachines", "TagOwnInterfaces"):
        assert allowed[sid]["Condition"] == {"StringEquals": ours}, sid
    assert allowed["MakeInterfaces"]["Condition"] == {
        "StringEquals": {"aws:RequestTag/mlplatform/environment": "mlp-test"}
    }
    (trust,) = statements(named(made, "cluster-vpc-cni-role").inputs["assumeRolePolicy"]).values()
    assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"] == "aws-node"


def test_the_role_of_the_control_plane_is_for_this_cluster_only(made: Evaluation) -> None:
    (trust,) = statements(named(made, "cluster-role").inputs["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "eks.amazonaws.com"}
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:cluster/mlp-test"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_every_policy_of_the_cluster_and_its_machines_is_least_privilege(made: Evaluation, opened: Evaluation) -> None:
    assert faults(made.filled) == []
    assert faults(opened.filled) == []


def test_the_contract_tells_where_pods_find_the_api_server_and_their_identity(made: Evaluation) -> None:
    (stack,) = of_type(made, "pulumi:Stack").values()
    assert stack.outputs["contract"] == {
        "name": "mlp-test",
        "kubernetes_version": "1.35",
        "identity_endpoints": ["169.254.170.23/32"],
        "api_server_cidrs": [*AWS_NETWORK["intra_cidrs"], "172.20.0.1/32"],
        "home_storage_class": "homes",
    }


def test_a_public_endpoint_admits_the_given_ranges_only(opened: Evaluation) -> None:
    endpoints = only(opened, "eks/cluster:Cluster").inputs["vpcConfig"]
    assert endpoints["endpointPublicAccess"] is True
    assert endpoints["publicAccessCidrs"] == ["203.0.113.0/24"]
    assert endpoints["endpointPrivateAccess"] is True


def test_clients_inside_are_admitted_to_the_api_server_and_to_nothing_else(opened: Evaluation) -> None:
    rules = of_type(opened, "securityGroupIngressRule:SecurityGroupIngressRule")
    assert [each.inputs.get("cidrIpv4") for each in rules.values()] == ["10.200.0.0/16"]
    assert all("referencedSecurityGroupId" not in each.inputs for each in rules.values())
    assert {(each.inputs["fromPort"], each.inputs["toPort"]) for each in rules.values()} == {(443, 443)}


def test_a_cluster_that_is_let_go_can_be_deleted(opened: Evaluation) -> None:
    cluster = only(opened, "eks/cluster:Cluster")
    assert (cluster.options.protect, cluster.options.retain_on_delete) == (False, False)
    assert cluster.inputs["deletionProtection"] is False


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_add_ons_follow_the_version_of_kubernetes(tmp_path: Any, version: str) -> None:
    made = evaluate_component(tmp_path, COMPONENT, {**CLUSTER_ARGS, "kubernetes_version": version})
    assert named(made, "it-kube-proxy").inputs["addonVersion"].startswith(f"v{version}.")
    assert only(made, "eks/cluster:Cluster").inputs["version"] == version
    assert set(COREDNS) == set(KUBE_PROXY)


def test_every_problem_is_told_at_once(tmp_path: Any) -> None:
    args = {
        **CLUSTER_ARGS,
        "kubernetes_version": "1.20",
        "admin_roles": ["arn:aws:iam::999999999999:role/other", ADMIN, ADMIN],
        "public_access_cidrs": ["0.0.0.0/0"],
        "api_client_cidrs": ["0.0.0.0/0"],
        "network": {**AWS_NETWORK, "intra_subnets": {"eu-west-1a": "subnet-1111111111111111a"}},
    }
    with pytest.raises(EvaluationError) as raised:
        evaluate_component(tmp_path, COMPONENT, args)
    for path in (
        "kubernetes_version: got 1.20; allowed: 1.34, 1.35, 1.36",
        "admin_roles[0]",
        "admin_roles[2]",
        "public_access_cidrs[0]",
        "api_client_cidrs[0]",
        "network.intra_subnets",
    ):
        assert f"cluster mlp-test: {path}" in str(raised.value)


def test_a_cluster_that_nobody_could_use_is_refused(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match="admin_roles: got none"):
        evaluate_component(tmp_path, COMPONENT, {**CLUSTER_ARGS, "admin_roles": []})


def test_without_ranges_there_is_no_public_endpoint(tmp_path: Any) -> None:
    made = evaluate_component(tmp_path, COMPONENT, {**CLUSTER_ARGS, "public_access_cidrs": []})
    endpoints = only(made, "eks/cluster:Cluster").inputs["vpcConfig"]
    assert endpoints["endpointPublicAccess"] is False
    assert endpoints.get("publicAccessCidrs") is None


def existing(**changes: Any) -> dict[str, Any]:
    return {
        "environment": AWS_ENVIRONMENT,
        "network": AWS_NETWORK,
        "cluster_name": "shared",
        "kubernetes_version": "1.35",
        "service_cidr": "172.20.0.0/16",
        "endpoint": AWS_CLUSTER["endpoint"],
        "certificate_authority": "Y2E=",
        "security_group_id": AWS_CLUSTER["security_group_id"],
        "home_storage_class": "homes",
        **changes,
    }


def test_an_existing_cluster_is_reached_and_not_changed(tmp_path: Any) -> None:
    made = evaluate_component(tmp_path, EXISTING, existing())
    types = {each.type for each in made.filled.resources}
    assert types == {"pulumi:pulumi:Stack", "mlplatform:index:AwsExistingCluster", "pulumi:providers:kubernetes"}
    config = json.loads(named(made, "it-kubernetes").inputs["kubeconfig"])
    assert config["clusters"][0]["cluster"]["server"] == AWS_CLUSTER["endpoint"]
    assert "shared" in config["users"][0]["user"]["exec"]["args"]


def test_an_existing_cluster_without_an_address_is_refused(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate_component(tmp_path, EXISTING, existing(endpoint="cluster.example", security_group_id="default"))
    assert "cluster shared: endpoint: got cluster.example" in str(raised.value)
    assert "cluster shared: security_group_id: got default" in str(raised.value)
