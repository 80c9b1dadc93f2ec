"""The check of policies itself: it catches what it is for, and nothing else."""

import json
from typing import Any

import pytest

from mlplatform.graph import Resource, ResourceGraph, Secret
from tests.support.iam import documents, faults

BUCKET = "arn:aws:s3:::mlp-test-scores-111122223333"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-4333-8444-555555555555"


def resource(kind: str, name: str = "it", **inputs: Any) -> Resource:
    return Resource(urn=f"urn:{kind}::{name}", type=kind, name=name, parent=None, inputs=inputs)


def policy(*statements: dict[str, Any], kind: str = "aws:iam/policy:Policy") -> ResourceGraph:
    content = {"Version": "2012-10-17", "Statement": list(statements)}
    return ResourceGraph("test", (resource(kind, policy=json.dumps(content)),))


def allow(actions: str | list[str], resources: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Sid": "It", "Effect": "Allow", "Action": actions, "Resource": resources, **more}


SOUND = {
    "read objects": allow(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"]),
    "what cannot be limited": allow(["ec2:DescribeVpcs", "ecr:GetAuthorizationToken"], "*"),
    "names with wildcards": allow("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/mlp-*"),
    "a kind of resource": allow("ec2:CreateSubnet", "arn:aws:ec2:eu-west-1:111122223333:subnet/*"),
    "broad denial": {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
    "a service": allow(
        "sns:Publish",
        "arn:aws:sns:eu-west-1:111122223333:mlp-test-alarms",
        Principal={"Service": "cloudwatch.amazonaws.com"},
    ),
}

PLANTED = {
    "everything": (allow("*", "*"), "wildcard action *"),
    "a whole service": (allow("s3:*", f"{BUCKET}/*"), "wildcard action s3:*"),
    "a family of actions": (allow("s3:Get*", f"{BUCKET}/*"), "wildcard action s3:Get*"),
    "one letter": (allow("s3:GetObjec?", f"{BUCKET}/*"), "wildcard action s3:GetObjec?"),
    "an action that is misspelled": (allow("s3:GetObjects", f"{BUCKET}/*"), "unknown action s3:GetObjects"),
    "a service that is misspelled": (allow("s4:GetObject", f"{BUCKET}/*"), "unknown action s4:GetObject"),
    "any object": (allow("s3:GetObject", "*"), "s3:GetObject on *, though it can be limited to"),
    "any key among others": (allow("kms:Decrypt", [KEY, "*"]), "kms:Decrypt on *, though it can be limited to"),
    "anything of a service": (
        allow("ec2:DeleteVpc", "arn:aws:ec2:eu-west-1:111122223333:*"),
        "ec2:DeleteVpc on arn:aws:ec2:eu-west-1:111122223333:*, though it can be limited to",
    ),
    "one action among others": (
        allow(["ec2:DescribeVpcs", "ec2:DeleteVpc"], "*"),
        "ec2:DeleteVpc on *, though it can be limited to",
    ),
    "the bucket in place of its objects": (allow("s3:GetObject", BUCKET), "s3:GetObject grants nothing: it is about"),
    "objects in place of their bucket": (
        allow("s3:ListBucket", f"{BUCKET}/*"),
        "s3:ListBucket grants nothing: it is about",
    ),
    "another service's resource": (allow("sqs:SendMessage", KEY), "sqs:SendMessage grants nothing: it is about"),
    "a limit that there is not": (
        allow("ecr:GetAuthorizationToken", "arn:aws:ecr:eu-west-1:111122223333:repository/mlp-test/churn"),
        "ecr:GetAuthorizationToken grants nothing: it can be limited to no resource",
    ),
    "all actions but one": (
        {"Sid": "It", "Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": BUCKET},
        "NotAction allows all but what it names",
    ),
    "all resources but one": (
        {"Sid": "It", "Effect": "Allow", "Action": "s3:GetObject", "NotResource": f"{BUCKET}/*"},
        "NotResource allows all but what it names",
    ),
    "everybody": (allow("s3:GetObject", f"{BUCKET}/*", Principal="*"), "everybody may do it"),
    "every account": (allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": ["*"]}), "everybody may do it"),
    "all but one": (
        allow("s3:GetObject", f"{BUCKET}/*", NotPrincipal={"AWS": "111122223333"}),
        "NotPrincipal allows everybody but whom it names",
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_statements_pass(name: str) -> None:
    assert faults(policy(SOUND[name])) == []


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_told_with_its_place(name: str) -> None:
    statement, told = PLANTED[name]
    found = faults(policy(SOUND["read objects"], statement))
    assert [each for each in found if each.startswith(f"Policy it: policy: It: {told}")], found


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({}, ["aud", "sub"]),
        ({"aud": "sts.amazonaws.com"}, ["sub"]),
        ({"aud": "sts.amazonaws.com", "sub": "repo:*"}, ["sub"]),
        ({"aud": "sts.amazonaws.com", "sub": "repo:exam*/platform:ref:refs/heads/main"}, ["sub"]),
        ({"aud": "sts.amazonaws.com", "sub": "repo:example/platform:ref:refs/heads/main"}, []),
    ],
)
def test_a_role_for_tokens_of_others_checks_whose_they_are(claims: dict[str, str], told: list[str]) -> None:
    issuer = "token.actions.githubusercontent.com"
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"},
        "Condition": {"StringLike": {f"{issuer}:{claim}": value for claim, value in claims.items()}},
    }
    found = faults(policy(statement))
    assert [each.partition("a token's ")[2].partition(" ")[0] for each in found] == told


def test_a_key_calls_itself_by_a_star_and_nothing_else_does() -> None:
    itself = allow("kms:Decrypt", "*", Principal={"AWS": "arn:aws:iam::111122223333:root"})
    assert faults(policy(itself, kind="aws:kms/key:Key")) == []
    assert faults(policy(itself, kind="aws:s3/bucketPolicy:BucketPolicy")) != []


def test_documents_are_found_wherever_they_are() -> None:
    statement = allow("*", "*")
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    graph = ResourceGraph(
        "test",
        (
            resource("aws:iam/role:Role", "inline", inlinePolicies=[{"name": "all", "policy": text}]),
            resource("aws:sqs/queue:Queue", "secret", policy=Secret(text)),
            resource("aws:ec2/vpcEndpoint:VpcEndpoint", "object", policy={"Statement": [statement]}),
            resource("aws:iam/role:Role", "trust", assumeRolePolicy=text),
            resource("aws:ssm/parameter:Parameter", "other", value="{not json", more='{"a": 1}'),
        ),
    )
    assert [(each.resource.name, each.path) for each in documents(graph)] == [
        ("inline", "inlinePolicies[0].policy"),
        ("secret", "policy"),
        ("object", "policy"),
        ("trust", "assumeRolePolicy"),
    ]
    assert {each.split(":")[0] for each in faults(graph)} == {
        "Role inline",
        "Queue secret",
        "VpcEndpoint object",
        "Role trust",
    }


def test_policies_beyond_the_quotas_are_told() -> None:
    many = [allow("s3:GetObject", f"{BUCKET}/{index:060}*", Sid=f"S{index}") for index in range(60)]
    assert any("at most 6144" in each for each in faults(policy(*many)))
    inline = [
        resource("aws:iam/rolePolicy:RolePolicy", f"p{part}", role="r", policy=json.dumps({"Statement": many[:30]}))
        for part in range(2)
    ]
    assert any("role r: inline policies of" in each for each in faults(ResourceGraph("test", tuple(inline))))
    attached = [
        resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"a{index}", role="r", policyArn="p")
        for index in range(11)
    ]
    assert faults(ResourceGraph("test", tuple(attached[:10]))) == []
    assert faults(ResourceGraph("test", tuple(attached))) == ["role r: 11 policies are attached; at most 10"]
