"""What AWS and Google Cloud answer in a form of their own: IDs, ARNs, addresses of accounts.

Programs put these together to policies and grants, and checks read them, so a stand-in has to be well-formed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlplatform.graph import standins
from mlplatform.graph.markers import Plain
from mlplatform.graph.model import Resource

ACCOUNT = "000000000000"
"""Account of a stand-in where the provider is bound to none."""

REGION = "us-east-1"
PROJECT = "stand-in"

_GLOBAL_SERVICES = frozenset({"iam", "cloudfront", "route53", "budgets", "organizations"})
"""Services of AWS whose resources belong to no region."""

_SERVICES = {"efs": "elasticfilesystem", "mwaa": "airflow"}
"""What ARNs call a service whose name in the SDK is another."""


def outputs(resource: Resource, provider: Mapping[str, Plain], name: str) -> tuple[str, dict[str, Plain]]:
    """Give a stand-in for the ID, and outputs of a known form; ``provider`` has the inputs of the provider.

    ``name`` is the ID where the type is none of a cloud.
    """
    package, _, rest = resource.type.partition(":")
    module = rest.partition("/")[0]
    if package == "aws":
        return _of_aws(resource, module, provider, name)
    if package == "gcp":
        return _of_google(resource, module, provider, name)
    return name, {}


def _text(value: Plain, default: str) -> str:
    return value if isinstance(value, str) and value else default


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a resource of AWS is, and what it is called."""

    service: str
    region: str
    account: str
    name: str
    urn: str
    inputs: Mapping[str, Plain]

    def arn(self, resource: str, *, service: str = "") -> str:
        region = "" if self.service in _GLOBAL_SERVICES else self.region
        return f"arn:aws:{service or self.service}:{region}:{self.account}:{resource}"

    def hex(self, length: int) -> str:
        return standins.text(length, self.urn, "id")


def _of_aws(resource: Resource, service: str, provider: Mapping[str, Plain], name: str) -> tuple[str, dict[str, Plain]]:
    accounts = provider.get("allowedAccountIds")
    listed = re.findall(r"\d{12}", accounts if isinstance(accounts, str) else "")
    place = _Place(
        _SERVICES.get(service, service),
        _text(provider.get("region"), REGION),
        listed[0] if listed else ACCOUNT,
        _text(resource.inputs.get("name"), name),
        resource.urn,
        resource.inputs,
    )
    identity, told = _identify(resource, place)
    return identity, {"region": place.region, "accountId": place.account, "ownerId": place.account, **told}


def _identify(resource: Resource, place: "_Place") -> tuple[str, dict[str, Plain]]:
    if (special := _AWS.get(resource.type)) is not None:
        return special(place)
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", resource.short_type).lower()
    if place.service == "ec2" and (prefix := _EC2_IDS.get(resource.short_type)) is not None:
        identity = f"{prefix}-{standins.unique_id(resource.urn).replace('-', '')[:17]}"
        return identity, {"arn": place.arn(f"{kind}/{identity}")}
    return place.name, {"arn": place.arn(f"{kind}/{place.name}")}


def _bucket(place: _Place) -> tuple[str, dict[str, Plain]]:
    bucket = _text(place.inputs.get("bucket"), place.name)
    domain = f"{bucket}.s3.{place.region}.amazonaws.com"
    return bucket, {
        "arn": f"arn:aws:s3:::{bucket}",
        "bucket": bucket,
        "bucketDomainName": f"{bucket}.s3.amazonaws.com",
        "bucketRegionalDomainName": domain,
    }


def _key(place: _Place) -> tuple[str, dict[str, Plain]]:
    identity = standins.unique_id(place.urn)
    return identity, {"arn": place.arn(f"key/{identity}"), "keyId": identity}


def _iam(kind: str) -> Callable[[_Place], tuple[str, dict[str, Plain]]]:
    def found(place: _Place) -> tuple[str, dict[str, Plain]]:
        path = _text(place.inputs.get("path"), "/")
        arn = place.arn(f"{kind}{path}{place.name}")
        return (arn if kind == "policy" else place.name), {"arn": arn, "name": place.name}

    return found


def _queue(place: _Place) -> tuple[str, dict[str, Plain]]:
    url = f"https://sqs.{place.region}.amazonaws.com/{place.account}/{place.name}"
    return url, {"arn": place.arn(place.name), "url": url, "name": place.name}


def _named_arn(template: str, *, identity_is_arn: bool = False) -> Callable[[_Place], tuple[str, dict[str, Plain]]]:
    def found(place: _Place) -> tuple[str, dict[str, Plain]]:
        arn = place.arn(template.format(name=place.name, hex=place.hex(6)))
        return (arn if identity_is_arn else place.name), {"arn": arn}

    return found


def _cluster(place: _Place) -> tuple[str, dict[str, Plain]]:
    host = f"{place.hex(32).upper()}.gr7.{place.region}.eks.amazonaws.com"
    return place.name, {"arn": place.arn(f"cluster/{place.name}"), "endpoint": f"https://{host}"}


def _database(place: _Place) -> tuple[str, dict[str, Plain]]:
    identifier = _text(place.inputs.get("identifier"), place.name)
    address = f"{identifier}.{place.hex(12)}.{place.region}.rds.amazonaws.com"
    return f"db-{place.hex(26).upper()}", {
        "arn": place.arn(f"db:{identifier}"),
        "address": address,
        "endpoint": f"{address}:5432",
        "port": 5432,
    }


def _repository(place: _Place) -> tuple[str, dict[str, Plain]]:
    return place.name, {
        "arn": place.arn(f"repository/{place.name}"),
        "repositoryUrl": f"{place.account}.dkr.ecr.{place.region}.amazonaws.com/{place.name}",
        "registryId": place.account,
    }


def _file_system(place: _Place) -> tuple[str, dict[str, Plain]]:
    identity = f"fs-{standins.unique_id(place.urn).replace('-', '')[:17]}"
    return identity, {"arn": place.arn(f"file-system/{identity}")}


_EC2_IDS: Mapping[str, str] = {
    "Eip": "eipalloc",
    "FlowLog": "fl",
    "InternetGateway": "igw",
    "LaunchTemplate": "lt",
    "NatGateway": "nat",
    "NetworkAcl": "acl",
    "RouteTable": "rtb",
    "SecurityGroup": "sg",
    "Subnet": "subnet",
    "Vpc": "vpc",
    "VpcEndpoint": "vpce",
}
"""Prefixes of the IDs of EC2's resources by type."""

_AWS: Mapping[str, Callable[[_Place], tuple[str, dict[str, Plain]]]] = {
    "aws:cloudwatch/logGroup:LogGroup": _named_arn("log-group:{name}"),
    "aws:ecr/repository:Repository": _repository,
    "aws:efs/fileSystem:FileSystem": _file_system,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:iam/policy:Policy": _iam("policy"),
    "aws:iam/role:Role": _iam("role"),
    "aws:kms/key:Key": _key,
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _named_arn("secret:{name}-{hex}", identity_is_arn=True),
    "aws:sns/topic:Topic": _named_arn("{name}", identity_is_arn=True),
    "aws:sqs/queue:Queue": _queue,
}


def _of_google(
    resource: Resource, service: str, provider: Mapping[str, Plain], name: str
) -> tuple[str, dict[str, Plain]]:
    inputs = resource.inputs
    project = _text(inputs.get("project"), _text(provider.get("project"), PROJECT))
    location = _text(inputs.get("location"), _text(inputs.get("region"), _text(provider.get("region"), "global")))
    own = _text(inputs.get("name"), name)
    if resource.type == "gcp:serviceaccount/account:Account":
        email = f"{_text(inputs.get('accountId'), own)}@{project}.iam.gserviceaccount.com"
        identity = f"projects/{project}/serviceAccounts/{email}"
        return identity, {"email": email, "member": f"serviceAccount:{email}", "name": identity}
    if resource.type == "gcp:storage/bucket:Bucket":
        return own, {"name": own, "url": f"gs://{own}", "selfLink": f"https://www.googleapis.com/storage/v1/b/{own}"}
    if resource.type == "gcp:kms/cryptoKey:CryptoKey":
        return f"{_text(inputs.get('keyRing'), own)}/cryptoKeys/{own}", {}
    collection = f"{resource.short_type[0].lower()}{resource.short_type[1:]}s"
    place = f"locations/{location}"
    if service == "compute":
        place = f"regions/{location}" if "region" in inputs else "global"
    identity = f"projects/{project}/{place}/{collection}/{own}"
    return identity, {"selfLink": f"https://www.googleapis.com/{service}/v1/{identity}", "project": project}
