"""Home volumes: encrypted, there in every zone, mounted by roles only, backed up, and kept."""

import json
from typing import Any

import pytest

from mlplatform.graph import Evaluation, EvaluationError
from tests.support.components import (
    AWS_ENVIRONMENT,
    AWS_KEYS,
    AWS_NETWORK,
    evaluate_component,
    evaluate_program,
    of_type,
    only,
)
from tests.support.iam import documents, faults

COMPONENT = "components.aws.homes:AwsHomes"


def arguments(**changes: Any) -> dict[str, Any]:
    return {"environment": AWS_ENVIRONMENT, "network": AWS_NETWORK, "keys": AWS_KEYS, **changes}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    program = """
    import pulumi_kubernetes as kubernetes
    from components.aws.homes import AwsHomes

    homes = AwsHomes("it", given["args"])
    pulumi.export("facts", homes.facts)
    kubernetes.core.v1.PersistentVolumeClaim("user", spec={
        "access_modes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storage_class_name": homes.facts["home_storage_class"],
    })
    """
    return evaluate_program(tmp_path_factory.mktemp("homes"), program, args=arguments())


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    args = arguments(
        environment={**AWS_ENVIRONMENT, "let_go": ["homes"]},
        network={**AWS_NETWORK, "pod_cidr": AWS_NETWORK["vpc_cidr"]},
        user_id=10001.0,
        group_id=10001.0,
        backup_days=7.0,
    )
    return evaluate_component(tmp_path_factory.mktemp("released"), COMPONENT, args)


def _file_system_arn(evaluation: Evaluation) -> str:
    identity = only(evaluation, "efs/fileSystem:FileSystem").outputs["id"]
    return f"arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/{identity}"


def test_files_are_encrypted_and_kept(made: Evaluation, released: Evaluation) -> None:
    files = only(made, "efs/fileSystem:FileSystem")
    assert files.inputs["encrypted"] is True
    assert files.inputs["kmsKeyId"] == AWS_KEYS["disks"]
    assert files.inputs["throughputMode"] == "elastic"
    assert files.inputs["creationToken"] == files.inputs["tags"]["Name"] == "mlp-test-homes"
    assert {"transitionToIa": "AFTER_30_DAYS"} in files.inputs["lifecyclePolicies"]
    for kept in (files, only(made, "backup/vault:Vault")):
        assert kept.options.protect
        assert kept.options.retain_on_delete
    vault = only(released, "backup/vault:Vault")
    assert vault.inputs["forceDestroy"] is True
    for gone in (vault, only(released, "efs/fileSystem:FileSystem")):
        assert not gone.options.protect
        assert not gone.options.retain_on_delete


def test_every_zone_mounts_from_itself(made: Evaluation) -> None:
    targets = of_type(made, "MountTarget")
    assert {name.removeprefix("it-"): each.inputs["subnetId"] for name, each in targets.items()} == AWS_NETWORK[
        "intra_subnets"
    ]
    group = only(made, "ec2/securityGroup:SecurityGroup")
    assert all(each.inputs["securityGroups"] == [group.outputs["id"]] for each in targets.values())


def test_machines_and_pods_alone_reach_the_files(made: Evaluation, released: Evaluation) -> None:
    def rules(evaluation: Evaluation) -> list[tuple[Any, ...]]:
        found = of_type(evaluation, "SecurityGroupIngressRule").values()
        return sorted((each.inputs["cidrIpv4"], each.inputs["fromPort"], each.inputs["toPort"]) for each in found)

    assert rules(made) == [("10.64.0.0/16", 2049, 2049), ("100.64.0.0/16", 2049, 2049)]
    # EC2 refuses the same rule twice.
    assert rules(released) == [("10.64.0.0/16", 2049, 2049)]
    assert of_type(made, "SecurityGroupEgressRule") == {}
    assert only(made, "ec2/securityGroup:SecurityGroup").inputs.keys().isdisjoint({"ingress", "egress"})


def test_nobody_mounts_without_a_role_or_in_plain_text(made: Evaluation) -> None:
    (policy,) = [each for each in documents(made.filled) if each.resource.type.endswith("FileSystemPolicy")]
    allowed = [each for each in policy.statements if each["Effect"] == "Allow"]
    assert [each["Principal"] for each in allowed] == [{"AWS": "arn:aws:iam::111122223333:root"}]
    assert allowed[0]["Action"] == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert allowed[0]["Condition"] == {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    (denied,) = [each for each in policy.statements if each["Effect"] == "Deny"]
    assert denied["Principal"] == {"AWS": "*"}
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert set(allowed[0]["Action"]) < set(denied["Action"])
    assert allowed[0]["Resource"] == denied["Resource"] == [_file_system_arn(made)]
    assert faults(made.filled) == []


def test_home_volumes_outlive_their_claims_and_are_private_to_their_pods(made: Evaluation) -> None:
    homes = of_type(made, "StorageClass")["it-homes"].inputs
    assert homes["metadata"]["name"] == "homes"
    assert homes["provisioner"] == "efs.csi.aws.com"
    assert homes["reclaimPolicy"] == "Retain"
    # A volume of every zone is bound before anybody knows where its pod will run.
    assert homes["volumeBindingMode"] == "Immediate"
    assert "iam" in homes["mountOptions"]
    parameters = homes["parameters"]
    assert parameters["provisioningMode"] == "efs-ap"
    assert parameters["fileSystemId"] == only(made, "fileSystem:FileSystem").outputs["id"]
    assert (parameters["uid"], parameters["gid"], parameters["directoryPerms"]) == ("1000", "100", "700")
    # A volume's own name is unique, and 40 characters long: EFS takes paths of 100.
    assert (parameters["basePath"], parameters["ensureUniqueDirectory"]) == ("/homes", "false")
    assert parameters["subPathPattern"] == "${.PVC.namespace}/${.PV.name}"
    assert all(isinstance(value, str) for value in parameters.values())


def test_owner_of_files_and_days_of_backups_are_a_choice(released: Evaluation) -> None:
    parameters = of_type(released, "StorageClass")["it-homes"].inputs["parameters"]
    assert (parameters["uid"], parameters["gid"]) == ("10001", "10001")
    (rule,) = only(released, "backup/plan:Plan").inputs["rules"]
    assert rule["lifecycle"] == {"deleteAfter": 7}


def test_disks_are_the_default_and_encrypted(made: Evaluation) -> None:
    disks = of_type(made, "StorageClass")["it-fast"].inputs
    assert disks["provisioner"] == "ebs.csi.aws.com"
    assert disks["volumeBindingMode"] == "WaitForFirstConsumer"
    assert disks["allowVolumeExpansion"] is True
    parameters = disks["parameters"]
    assert (parameters["type"], parameters["encrypted"], parameters["kmsKeyId"]) == ("gp3", "true", AWS_KEYS["disks"])
    tags = {value for key, value in parameters.items() if key.startswith("tagSpecification_")}
    # The driver may only touch disks with the environment's tag.
    assert {"mlplatform/environment=mlp-test", "owner=ml-platform", "costCenter=research"} <= tags
    defaults = [
        name
        for name, each in of_type(made, "StorageClass").items()
        if each.inputs["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    ]
    assert defaults == ["it-fast"]


def test_homes_are_backed_up_daily_with_the_key(made: Evaluation) -> None:
    vault = only(made, "backup/vault:Vault")
    assert vault.inputs["kmsKeyArn"] == AWS_KEYS["disks"]
    assert vault.inputs["forceDestroy"] is False
    (rule,) = only(made, "backup/plan:Plan").inputs["rules"]
    assert rule["targetVaultName"] == vault.inputs["name"]
    assert rule["schedule"] == "cron(0 3 * * ? *)"
    assert rule["lifecycle"] == {"deleteAfter": 35}
    # AWS Backup wants a window of an hour at least after the last moment at which a job may start.
    assert rule["completionWindow"] >= rule["startWindow"] + 60
    selection = only(made, "backup/selection:Selection")
    assert selection.inputs["resources"] == [_file_system_arn(made)]
    assert only(made, "iam/rolePolicy:RolePolicy").urn in selection.dependencies
    policy = next(each for each in documents(made.filled) if each.resource.name == "it-backup-back-up")
    read = next(each for each in policy.statements if "elasticfilesystem:Backup" in each["Action"])
    assert read["Resource"] == [_file_system_arn(made)]
    role = only(made, "iam/role:Role")
    (trusted,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "backup.amazonaws.com"}
    assert trusted["Condition"] == {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}


def test_a_claim_waits_until_its_volume_can_be_mounted(made: Evaluation) -> None:
    waits = set(only(made, "PersistentVolumeClaim").dependencies)
    homes = of_type(made, "StorageClass")["it-homes"]
    assert homes.urn in waits
    needed = [*of_type(made, "MountTarget").values(), only(made, "FileSystemPolicy")]
    assert {each.urn for each in needed} <= set(homes.dependencies)
    rules = {each.urn for each in of_type(made, "SecurityGroupIngressRule").values()}
    assert all(rules <= set(each.dependencies) for each in of_type(made, "MountTarget").values())
    assert made.outputs["facts"]["home_storage_class"] == "homes"


def test_backups_that_are_not_kept_a_day(tmp_path: Any) -> None:
    with pytest.raises(EvaluationError, match="backup_days: got 0; allowed: from 1"):
        evaluate_component(tmp_path, COMPONENT, arguments(backup_days=0))
