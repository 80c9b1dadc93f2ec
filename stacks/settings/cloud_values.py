"""Constrained values that only environments in a cloud have, each with what it may be in words."""

from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from stacks.settings.values import label, text

_OWNER: Final = "[A-Za-z0-9](-?[A-Za-z0-9]){0,38}"
_REPOSITORY: Final = "[A-Za-z0-9._-]{1,100}"
_NUMBER: Final = "[0-9]{1,20}"
_HOST: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"


def check_date(value: str) -> str:
    """Refuse a day that the calendar has not."""
    try:
        date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "not a day of the calendar") from None
    return value


Email = Annotated[
    str,
    text(
        f"^[A-Za-z0-9][A-Za-z0-9.!#%&'*+/=?^_`{{|}}~-]{{0,63}}@{_HOST}$",
        "an e-mail address",
        max_length=254,
    ),
]
"""An e-mail address of a person or a group."""

Day = Annotated[
    str,
    text("^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", 'a day of this century in quotes, such as "2026-12-24"'),
    AfterValidator(check_date),
]
"""A day, which begins at midnight UTC."""

TimeOfDay = Annotated[
    str, text("^([01][0-9]|2[0-3]):[0-5][0-9]$", 'hours and minutes in quotes, from "00:00" to "23:59"')
]
"""A time of the day, UTC."""

ExclusionName = Annotated[str, label(40)]
"""Name of a time without maintenance."""

AwsAccountId = Annotated[str, text("^[0-9]{12}$", "the account's 12 digits, in quotes")]
"""ID of an AWS account."""

AwsConnectionArn = Annotated[
    str,
    text(
        "^arn:aws:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]{36}$",
        "the ARN of a connection to GitHub, arn:aws:codeconnections:<region>:<account>:connection/<id>",
    ),
]
"""ARN of a connection of AWS to GitHub."""

AwsIdentityProviderArn = Annotated[
    str,
    text(
        "^arn:aws:iam::[0-9]{12}:oidc-provider/token[.]actions[.]githubusercontent[.]com$",
        "the ARN of GitHub's identity provider, "
        "arn:aws:iam::<account>:oidc-provider/token.actions.githubusercontent.com",
    ),
]
"""ARN of an account's provider of GitHub's identities."""

AwsRoleArn = Annotated[
    str,
    text(
        "^arn:aws:iam::[0-9]{12}:role(/[A-Za-z0-9+=,.@_-]+)+$",
        "the ARN of an IAM role, such as arn:aws:iam::111122223333:role/admin",
        max_length=608,
    ),
]
"""ARN of an IAM role."""

AwsVpcId = Annotated[str, text("^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", "a VPC's ID, such as vpc-0a1b2c3d4e5f60718")]
"""ID of a VPC."""

AwsSubnetId = Annotated[
    str, text("^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", "a subnet's ID, such as subnet-0a1b2c3d4e5f60718")
]
"""ID of a subnet."""

AwsSecurityGroupId = Annotated[
    str, text("^sg-([0-9a-f]{8}|[0-9a-f]{17})$", "a security group's ID, such as sg-0a1b2c3d4e5f60718")
]
"""ID of a security group."""

EksClusterName = Annotated[
    str,
    text(
        "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$",
        "letters, digits, hyphens and underscores, beginning with a letter or digit, at most 100 characters",
    ),
]
"""Name of an EKS cluster."""

EksEndpoint = Annotated[str, text(f"^https://[A-Z0-9]+[.]{_HOST}$", "the https:// address of an EKS API server")]
"""Address of an EKS API server."""

CertificateAuthority = Annotated[
    str,
    text(
        "^LS0tLS1CRUdJTi[A-Za-z0-9+/]+={0,2}$",
        "a PEM certificate in base64, which begins with LS0tLS1CRUdJTi",
        max_length=16384,
    ),
]
"""Certificate authority of an API server."""

Namespace = Annotated[str, label(63)]
"""A Kubernetes namespace."""

PullSecretName = Annotated[
    str,
    text(
        "^ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]{1,491}$",
        "the name of a secret of AWS Secrets Manager, which ECR requires to begin with ecr-pullthroughcache/",
    ),
]
"""Secret with which ECR logs in to an upstream registry."""

GcpProjectId = Annotated[
    str,
    text(
        "^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        "a project's ID: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter, not ending with a "
        "hyphen",
    ),
]
"""ID of a Google Cloud project."""

GcpProjectNumber = Annotated[str, text("^[1-9][0-9]{5,18}$", "the project's number, 6 to 19 digits, in quotes")]
"""Number of a Google Cloud project."""

GcpBillingAccount = Annotated[
    str, text("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", "a billing account's ID, such as 012345-6789AB-CDEF01")
]
"""ID of a Google Cloud billing account."""

GkeSecurityGroup = Annotated[
    str, text(f"^gke-security-groups@{_HOST}$", "gke-security-groups@ and the domain, the name that GKE requires")
]
"""Google group whose members are the groups that Kubernetes roles are given to."""

GcpName = Annotated[str, label(63)]
"""Name of a network, a subnet or one of its secondary ranges."""

GkeClusterName = Annotated[str, label(40)]
"""Name of a GKE cluster."""

GkeEndpoint = Annotated[
    str, text(f"^{_HOST}$", "the host name of a GKE cluster's DNS endpoint, such as gke-0a1b2c.europe-west1.gke.goog")
]
"""Host name of a GKE cluster's DNS endpoint."""

DatasetName = Annotated[
    str,
    text(
        "^[a-z][a-z0-9_]{0,62}$",
        "lower-case letters, digits and underscores, beginning with a letter, at most 63 characters",
    ),
]
"""Name of a BigQuery dataset."""

GithubRepository = Annotated[
    str,
    text(
        f"^{_OWNER}(/{_REPOSITORY}|@{_NUMBER}/{_REPOSITORY}@{_NUMBER})$",
        "a repository of GitHub as <owner>/<name> or <owner>@<id>/<name>@<id>",
    ),
]
"""A repository of GitHub."""

Branch = Annotated[
    str,
    text(
        "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
        "a branch: names of letters, digits and . _ - joined by single slashes, without wildcards",
        max_length=200,
    ),
]
"""A branch of a Git repository."""

LET_GO_SINGLE: Final = ("airflow", "cluster", "homes", "keys", "logs", "network")
"""Protected things of which an environment has one."""

LET_GO_NAMED: Final = ("databases", "datasets", "registries", "secrets", "stores")
"""Kinds of protected things that are let go by name."""

ProtectedThing = Annotated[
    str,
    text(
        f"^({'|'.join(LET_GO_SINGLE)}|({'|'.join(LET_GO_NAMED)})[.][a-z]([a-z0-9_-]{{0,61}}[a-z0-9])?)$",
        f"one of {', '.join(LET_GO_SINGLE)}, databases.<name>, datasets.<name>, registries.<team>, secrets.<name>, "
        "stores.<name>",
    ),
]
"""Something that is protected from deletion."""
