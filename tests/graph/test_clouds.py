"""Stand-ins of the clouds: well-formed, and in the account, project and region of the provider."""

import pulumi_aws
import pulumi_gcp
import pytest

from mlplatform.graph import Resource
from mlplatform.graph.clouds import outputs
from mlplatform.graph.markers import UNKNOWN
from mlplatform.graph.standins import for_type, within

assert pulumi_aws.eks.Cluster is not pulumi_gcp.container.Cluster  # both SDKs are loaded, so that their types are known

AWS = {"region": "eu-west-1", "allowedAccountIds": '["111122223333"]'}
GOOGLE = {"project": "example", "region": "europe-west1"}


def told(type_, inputs, provider):
    return outputs(Resource(f"urn:pulumi:s::p::{type_}::it", type_, "it", None, inputs), provider, "it-0")


@pytest.mark.parametrize(
    ("type_", "inputs", "arn"),
    [
        ("aws:s3/bucket:Bucket", {"bucket": "scores"}, "arn:aws:s3:::scores"),
        ("aws:iam/role:Role", {"name": "runner", "path": "/teams/"}, "arn:aws:iam::111122223333:role/teams/runner"),
        ("aws:eks/cluster:Cluster", {"name": "mlp"}, "arn:aws:eks:eu-west-1:111122223333:cluster/mlp"),
        ("aws:sqs/queue:Queue", {"name": "q"}, "arn:aws:sqs:eu-west-1:111122223333:q"),
        ("aws:ecr/repository:Repository", {"name": "a/b"}, "arn:aws:ecr:eu-west-1:111122223333:repository/a/b"),
    ],
)
def test_arns_have_the_form_of_their_service(type_, inputs, arn):
    assert told(type_, inputs, AWS)[1]["arn"] == arn


def test_ids_have_the_form_of_their_service():
    identity, found = told("aws:ec2/subnet:Subnet", {}, AWS)
    assert identity.startswith("subnet-")
    assert found["arn"] == f"arn:aws:ec2:eu-west-1:111122223333:subnet/{identity}"
    assert told("aws:iam/policy:Policy", {"name": "p"}, AWS)[0] == "arn:aws:iam::111122223333:policy/p"
    assert told("gcp:serviceaccount/account:Account", {"accountId": "nodes"}, GOOGLE)[1]["member"] == (
        "serviceAccount:nodes@example.iam.gserviceaccount.com"
    )
    assert told("gcp:compute/network:Network", {"name": "n"}, GOOGLE)[0] == ("projects/example/global/networks/n")


def test_a_provider_without_an_account_gives_one_that_nobody_has():
    assert told("aws:iam/role:Role", {"name": "r"}, {})[1]["arn"] == "arn:aws:iam::000000000000:role/r"


def test_inside_an_output_what_a_provider_computes_is_filled_in():
    made = for_type("aws:eks/cluster:Cluster", "urn:x")
    assert made["certificateAuthority"]["data"]
    assert "kmsKeyId" not in made, "absent outputs of the resource itself stay absent"


def test_an_object_among_the_inputs_gets_the_fields_that_a_provider_computes():
    inputs = {"vpcConfig": {"endpointPublicAccess": True, "subnetIds": ["a"]}}
    filled = within("aws:eks/cluster:Cluster", "urn:x", inputs, known=True)["vpcConfig"]
    assert filled["clusterSecurityGroupId"]
    assert filled["endpointPublicAccess"] is True
    assert filled["subnetIds"] == ["a"]
    preview = within("aws:eks/cluster:Cluster", "urn:x", inputs, known=False)["vpcConfig"]
    assert preview["clusterSecurityGroupId"] == UNKNOWN
    assert preview["endpointPublicAccess"] is True


def test_objects_deep_inside_inputs_are_completed_too():
    inputs = {"controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"allowExternalTraffic": True}}}
    filled = within("gcp:container/cluster:Cluster", "urn:x", inputs, known=True)
    assert filled["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["endpoint"].endswith(".stand-in.invalid")
