"""The state's bucket and key in AWS, made with the ``aws`` command line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.aws.names import bucket_arn, state_bucket_name, state_key_alias
from mlplatform.bootstrap.plan import (
    Argument,
    Check,
    Command,
    Found,
    Identity,
    Place,
    Plan,
    Step,
    Variable,
    difference,
    different,
    done,
    holds,
    missing,
)

KEY: Final = Variable("state_key")
STATE_TAG: Final = "mlplatform/state"
"""Tag by which a key is found whose alias could not be made any more."""

KEPT_VERSIONS: Final = 10
KEPT_DAYS: Final = 90
"""Earlier states that are kept: the latest ones, and all from this many days."""

SPOT_SERVICE: Final = "spot.amazonaws.com"
SPOT_ROLE: Final = "AWSServiceRoleForEC2Spot"

_NO_BUCKET: Final = ("(NoSuchBucket)", "(404)")


@dataclass(frozen=True)
class AwsTarget:
    """One environment's place in AWS."""

    stack: str
    """Name of the stack, which is the environment's."""
    name: str
    """First part of every name in the account."""
    account_id: str
    region: str
    tags: Mapping[str, str]
    profile: str = ""
    """Profile of the command line; its default where there is none."""

    @property
    def bucket(self) -> str:
        """Name of the state's bucket."""
        return state_bucket_name(self.name, self.account_id)

    @property
    def alias(self) -> str:
        """Alias of the state's key."""
        return state_key_alias(self.name)

    @property
    def backend(self) -> str:
        """Address of the state, as Pulumi takes it."""
        return f"s3://{self.bucket}?region={self.region}"

    @property
    def secrets_provider(self) -> str:
        """Address of the key, as Pulumi takes it."""
        return f"awskms:///{self.alias}?region={self.region}"

    def command(self, *args: Argument, keeps: str = "", text: str = "") -> Command:
        """Return a command of ``aws`` in the region, whose answer is JSON, or the value at ``text``."""
        profile = ("--profile", self.profile) if self.profile else ()
        output = ("--query", text, "--output", "text") if text else ("--output", "json")
        return Command(("aws", *args, "--region", self.region, *profile, *output), keeps=keeps)

    def of_bucket(self, verb: str, *args: Argument) -> Command:
        """Return a command about the bucket, which fails where it is another account's."""
        return self.command("s3api", verb, "--bucket", self.bucket, "--expected-bucket-owner", self.account_id, *args)


def aws_plan(target: AwsTarget) -> Plan:
    """Return what the environment's state needs in AWS."""
    return Plan(
        install="install version 2 of the AWS command line: https://docs.aws.amazon.com/cli/",
        identities=(_identity(target),),
        steps=(*_key_steps(target), *_bucket_steps(target), _spot_step(target)),
        environment={"AWS_PAGER": ""},
        afterwards=(
            f"pulumi login '{target.backend}'",
            f"pulumi stack init {target.stack} --secrets-provider='{target.secrets_provider}'",
        ),
    )


def _identity(target: AwsTarget) -> Identity:
    def judge(answer: Any) -> Found:  # noqa: ANN401  JSON
        account = answer.get("Account")
        if account == target.account_id:
            return done(str(answer.get("Arn")))
        return different(f"account {account}, as {answer.get('Arn')}")

    profile = f" --profile {target.profile}" if target.profile else ""
    return Identity(
        Check(target.command("sts", "get-caller-identity"), judge),
        wanted=f"account {target.account_id}",
        log_in=f"aws sso login{profile}, or aws configure{profile}",
        place=Place(target.command("sts", "get-caller-identity", text="Account"), target.account_id),
    )


def _key_steps(target: AwsTarget) -> tuple[Step, ...]:
    tags = json.dumps(
        [{"TagKey": key, "TagValue": value} for key, value in sorted({**target.tags, STATE_TAG: target.name}.items())]
    )
    by_alias = Check(
        target.command("kms", "describe-key", "--key-id", target.alias), _usable_key, absent=("(NotFoundException)",)
    )
    by_tag = Check(
        target.command(
            "resourcegroupstaggingapi", "get-resources", "--resource-type-filters", "kms:key",
            "--tag-filters", f"Key={STATE_TAG},Values={target.name}",
        ),
        _first_resource,
    )  # fmt: skip
    return (
        Step(
            "key",
            f"KMS key of the state of {target.name}",
            "encrypts the state and the secrets in it; whoever may not use it cannot read either",
            (by_alias, by_tag),
            (
                target.command(
                    "kms", "create-key", "--description", f"Pulumi state of {target.name}", "--tags", tags,
                    keeps=KEY.name, text="KeyMetadata.Arn",
                ),
            ),
            keeps=KEY.name,
        ),
        Step(
            "alias",
            f"name {target.alias} of the key",
            "environment files name the key by it",
            (by_alias,),
            (target.command("kms", "create-alias", "--alias-name", target.alias, "--target-key-id", KEY),),
        ),
        Step(
            "rotation",
            "yearly rotation of the key",
            "limits what one version of the key encrypts",
            (
                Check(
                    target.command("kms", "get-key-rotation-status", "--key-id", KEY),
                    holds({"KeyRotationEnabled": True}),
                ),
            ),
            (target.command("kms", "enable-key-rotation", "--key-id", KEY),),
        ),
    )  # fmt: skip


def _usable_key(answer: Any) -> Found:  # noqa: ANN401  JSON
    key = answer["KeyMetadata"]
    if key["KeyState"] != "Enabled":
        return different(f"its key {key['KeyId']} is {key['KeyState']}", by_hand=True)
    return done(str(key["Arn"]))


def _first_resource(answer: Any) -> Found:  # noqa: ANN401  JSON
    arns = sorted(each["ResourceARN"] for each in answer.get("ResourceTagMappingList", []))
    return done(arns[0]) if arns else missing()


def _bucket_steps(target: AwsTarget) -> tuple[Step, ...]:
    location = (
        () if target.region == "us-east-1"  # which refuses to be named
        else ("--create-bucket-configuration", f"LocationConstraint={target.region}")
    )  # fmt: skip
    public = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    key = f"arn:aws:kms:{target.region}:{target.account_id}:{target.alias}"
    encryption = {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
                "BucketKeyEnabled": True,
            }
        ]
    }
    return (
        Step(
            "bucket",
            f"bucket {target.bucket}",
            "holds the state: what Pulumi has deployed, and where",
            (Check(target.of_bucket("head-bucket"), lambda _: done(), absent=_NO_BUCKET),),
            (target.command("s3api", "create-bucket", "--bucket", target.bucket, *location),),
        ),
        _setting(
            target,
            "public",
            what="no public access to the bucket",
            why="no policy or list can open it by mistake",
            subject="public-access-block",
            option="--public-access-block-configuration",
            wanted=public,
            under="PublicAccessBlockConfiguration",
            absent="(NoSuchPublicAccessBlockConfiguration)",
        ),
        _setting(
            target,
            "ownership",
            what="no access lists on the bucket",
            why="policies alone decide who reads it",
            subject="bucket-ownership-controls",
            option="--ownership-controls",
            wanted={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            under="OwnershipControls",
            absent="(OwnershipControlsNotFoundError)",
        ),
        _setting(
            target,
            "encryption",
            what="encryption of the bucket with the key",
            why="the state is not readable without the key",
            subject="bucket-encryption",
            option="--server-side-encryption-configuration",
            wanted=encryption,
            under="ServerSideEncryptionConfiguration",
            absent="(ServerSideEncryptionConfigurationNotFoundError)",
        ),
        _setting(
            target,
            "versioning",
            what="versions of the bucket's objects",
            why="an earlier state can be had back",
            subject="bucket-versioning",
            option="--versioning-configuration",
            wanted={"Status": "Enabled"},
        ),
        _policy_step(target),
        _lifecycle_step(target),
        Step(
            "tags",
            "tags of the bucket",
            "costs are counted by them",
            (
                Check(
                    target.of_bucket("get-bucket-tagging"),
                    holds({"TagSet": _tag_set(target.tags)}, by_hand=True),
                    absent=("(NoSuchTagSet)", *_NO_BUCKET),
                ),
            ),
            (
                target.of_bucket(
                    "put-bucket-tagging", "--tagging", json.dumps({"TagSet": _tag_set(target.tags)}, sort_keys=True)
                ),
            ),
        ),
    )  # fmt: skip


def _tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _spot_step(target: AwsTarget) -> Step:
    return Step(
        "spot",
        f"service-linked role {SPOT_ROLE}",
        "EC2 starts spot machines by it, and Karpenter may not make it; an account has one",
        (
            Check(
                target.command("iam", "get-role", "--role-name", SPOT_ROLE),
                lambda answer: done(str(answer["Role"]["Arn"])),
                absent=("(NoSuchEntity)",),
            ),
        ),
        (target.command("iam", "create-service-linked-role", "--aws-service-name", SPOT_SERVICE),),
        shared=True,
    )


def _setting(
    target: AwsTarget,
    key: str,
    *,
    what: str,
    why: str,
    subject: str,
    option: str,
    wanted: Mapping[str, Any],
    under: str = "",
    absent: str = "",
) -> Step:
    """Return the step of one of the bucket's settings, which is written and read in the same form."""
    return Step(
        key,
        what,
        why,
        (
            Check(
                target.of_bucket(f"get-{subject}"),
                holds({under: wanted} if under else wanted),
                absent=(*filter(None, [absent]), *_NO_BUCKET),
            ),
        ),
        (target.of_bucket(f"put-{subject}", option, json.dumps(wanted, sort_keys=True)),),
    )


def _policy_step(target: AwsTarget) -> Step:
    arn = bucket_arn(target.bucket)
    statement = {
        "Sid": "EncryptedConnectionsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}

    def judge(answer: Any) -> Found:  # noqa: ANN401  JSON
        found = json.loads(answer["Policy"])
        lacking = difference({"Statement": [statement]}, found)
        return different(lacking, by_hand=_others(found["Statement"], "Sid", statement)) if lacking else done()

    return Step(
        "policy",
        "policy of the bucket",
        "the state is never sent in plain text",
        (Check(target.of_bucket("get-bucket-policy"), judge, absent=("(NoSuchBucketPolicy)", *_NO_BUCKET)),),
        (target.of_bucket("put-bucket-policy", "--policy", json.dumps(policy, sort_keys=True)),),
    )


def _others(items: list[Any], key: str, ours: Mapping[str, Any]) -> bool:
    """Tell whether somebody else wrote any of the items, which are told apart by ``key``."""
    return any(item.get(key) != ours[key] for item in items)


def _lifecycle_step(target: AwsTarget) -> Step:
    rule = {
        "ID": "earlier-states",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS, "NewerNoncurrentVersions": KEPT_VERSIONS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }

    def judge(answer: Any) -> Found:  # noqa: ANN401  JSON
        lacking = difference({"Rules": [rule]}, answer)
        return different(lacking, by_hand=_others(answer["Rules"], "ID", rule)) if lacking else done()

    return Step(
        "lifecycle",
        "end of earlier versions",
        f"the latest {KEPT_VERSIONS} earlier versions are kept, and all of the last {KEPT_DAYS} days",
        (
            Check(
                target.of_bucket("get-bucket-lifecycle-configuration"),
                judge,
                absent=("(NoSuchLifecycleConfiguration)", *_NO_BUCKET),
            ),
        ),
        (
            target.of_bucket(
                "put-bucket-lifecycle-configuration",
                "--lifecycle-configuration",
                json.dumps({"Rules": [rule]}, sort_keys=True),
            ),
        ),
    )
