"""Fargate: which pods run there, who starts them, and where their logs go."""

from typing import Any

import kubernetes_validate
import pytest

from components.aws.fargate import logging_data
from mlplatform.graph import Evaluation, EvaluationError
from tests.components.aws.eks import named, policies, statements, whole
from tests.support.components import AWS_CLUSTER, AWS_ENVIRONMENT, AWS_NETWORK, evaluate_component, only
from tests.support.order import before


@pytest.fixture(scope="module")
def made() -> Evaluation:
    return whole()


def test_pods_of_the_namespace_run_in_private_subnets(made: Evaluation) -> None:
    profile = only(made, "fargateProfile:FargateProfile").inputs
    assert profile["selectors"] == [{"namespace": "workflow-server"}]
    assert profile["subnetIds"] == sorted(AWS_NETWORK["private_subnets"].values())
    assert profile["podExecutionRoleArn"].endswith(":role/mlp-test-fargate")


def test_only_fargate_of_this_cluster_takes_the_role(made: Evaluation) -> None:
    (trust,) = statements(named(made, "fargate-role").inputs["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "eks-fargate-pods.amazonaws.com"}
    assert trust["Condition"]["ArnLike"] == {
        "aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:fargateprofile/mlp-test/*"
    }


def test_logs_go_to_the_group_that_the_role_may_write_to(made: Evaluation) -> None:
    config = only(made, "core/v1:ConfigMap").inputs
    namespace = only(made, "core/v1:Namespace").inputs
    for each in (config, namespace):
        kubernetes_validate.validate(each, "1.35", strict=True)
    assert (config["metadata"]["namespace"], config["metadata"]["name"]) == ("aws-observability", "aws-logging")
    assert namespace["metadata"]["labels"]["aws-observability"] == "enabled"
    assert "    log_group_name /mlp-test/fargate\n" in config["data"]["output.conf"]
    assert "    auto_create_group false\n" in config["data"]["output.conf"]
    written = policies(made, "mlp-test-fargate")["WriteLogs"]["Resource"]
    assert written == ["arn:aws:logs:eu-west-1:111122223333:log-group:/mlp-test/fargate:log-stream:fargate-*"]
    assert policies(made, "mlp-test-fargate")["FindStreams"]["Resource"] == [
        "arn:aws:logs:eu-west-1:111122223333:log-group:/mlp-test/fargate:*"
    ]


def test_sections_are_those_that_fargate_takes() -> None:
    data = logging_data("/mlp-test/fargate", "eu-west-1")
    sections = {key: value.splitlines()[0] for key, value in data.items() if key.endswith(".conf")}
    assert sections == {"filters.conf": "[FILTER]", "output.conf": "[OUTPUT]"}


def test_logging_is_there_before_the_first_pod(made: Evaluation) -> None:
    assert "fargate-logging" in before(made.filled, only(made, "fargateProfile:FargateProfile"))


def test_namespaces_whose_pods_need_machines_are_refused(tmp_path: Any) -> None:
    args = {
        "environment": AWS_ENVIRONMENT,
        "network": AWS_NETWORK,
        "cluster": AWS_CLUSTER,
        "namespaces": ["kube-system", "servers", "servers"],
        "log_group": "/mlp-test/fargate",
    }
    with pytest.raises(EvaluationError) as raised:
        evaluate_component(tmp_path, "components.aws.fargate:AwsFargateProfile", args)
    assert "namespaces[0]: got kube-system" in str(raised.value)
    assert "namespaces[2]: got servers twice" in str(raised.value)
