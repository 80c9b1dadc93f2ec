"""Policy documents as data: what is written is what AWS reads, whether or not all of it is known yet."""

import json
from typing import Any

import pytest

from components.aws.policies import allow, deny, document, trust
from tests.support.components import evaluate_program, only


def test_a_document_is_text_that_does_not_depend_on_the_order_of_writing() -> None:
    first = allow("Read", ["s3:ListBucket", "s3:GetObject", "s3:GetObject"], ["arn:aws:s3:::a"])
    text = document(first, deny("Never", {"s3:DeleteBucket"}, ["*"], condition={"Bool": {"x": "true"}}))
    assert isinstance(text, str)
    assert json.loads(text) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::a"],
            },
            {
                "Sid": "Never",
                "Effect": "Deny",
                "Action": ["s3:DeleteBucket"],
                "Resource": ["*"],
                "Condition": {"Bool": {"x": "true"}},
            },
        ],
    }
    assert text == document(
        allow("Read", ("s3:GetObject", "s3:ListBucket"), ["arn:aws:s3:::a"]),
        deny("Never", ("s3:DeleteBucket",), ["*"], condition={"Bool": {"x": "true"}}),
    )


def test_a_trust_policy_has_no_resource() -> None:
    (statement,) = json.loads(str(document(trust("Machines", {"Service": "ec2.amazonaws.com"}))))["Statement"]
    assert statement == {
        "Sid": "Machines",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": "ec2.amazonaws.com"},
    }


@pytest.mark.parametrize("sids", [["Twice", "Twice"], ["With space"], [""], []])
def test_a_document_that_iam_would_refuse_is_refused_where_it_is_written(sids: list[str]) -> None:
    with pytest.raises(ValueError, match="need"):
        document(*(allow(sid, ["s3:GetObject"], ["arn:aws:s3:::a/*"]) for sid in sids))


def test_an_output_anywhere_makes_the_document_one_that_waits_for_it(tmp_path: Any) -> None:
    evaluation = evaluate_program(
        tmp_path,
        """
        import pulumi_aws as aws
        from components.aws.policies import allow, document

        key = aws.kms.Key("key")
        text = document(allow("Use", ["kms:Decrypt"], [key.arn], condition={"StringEquals": {"a": [key.key_id]}}))
        assert isinstance(text, pulumi.Output)
        aws.iam.Policy("policy", policy=text)
        """,
    )
    policy = only(evaluation, "iam/policy:Policy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Resource"][0].startswith("arn:aws:kms:")
    assert only(evaluation, "kms/key:Key").urn in policy.property_dependencies["policy"]
