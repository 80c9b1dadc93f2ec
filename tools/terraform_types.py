"""Write the tables by which a resource graph becomes a Terraform plan.

The names of Terraform's types and arguments come from the providers themselves, in the form that Terraform documents,
and those of Pulumi from its SDKs. In a directory whose configuration requires a provider:

    terraform init && terraform providers schema -json > aws.json
    python tools/terraform_types.py aws aws.json=6.25.0

Each file comes with the version of its provider. Several may be given, such as Google's beta provider after the other:
the later ones fill in what the earlier ones lack.

Run it again when a component uses a type that ``mlplatform render --terraform-plan`` reports as unknown, after an
update of an SDK, or with a newer schema. It lists what it had to guess: arguments that the SDK has and the schema
lacks.
"""

import argparse
import importlib
import json
import re
import sys
import types
import typing
from collections import abc
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from mlplatform.render.terraform.names import snake

DATA: Final = Path(__file__).parent.parent / "mlplatform" / "render" / "terraform" / "data"

ENOUGH: Final = 0.6
"""Share of an SDK's arguments that a Terraform type must have, lest a type of a similar name is taken for it."""

PREFIXES: Final = {"aws": "aws", "gcp": "google"}

MODULES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "aws": {
        "accessanalyzer": (), "acm": (), "amp": ("prometheus",), "appautoscaling": (), "athena": (),
        "autoscaling": ("autoscaling_group",), "backup": (), "batch": (), "budgets": (),
        "cfg": ("config", "config_configuration", "config_config"), "cloudtrail": (), "cloudwatch": (),
        "codebuild": (), "codeconnections": (), "cognito": (), "costexplorer": ("ce",), "datasync": (),
        "dynamodb": (), "ebs": (), "ec2": ("vpc",), "ec2transitgateway": ("ec2_transit_gateway", "ec2"), "ecr": (),
        "ecs": (), "efs": (), "eks": (), "elasticache": (), "fsx": (), "glue": (), "grafana": (), "guardduty": (),
        "iam": (), "inspector2": (), "kinesis": (), "kms": (), "lambda": (), "lb": (), "macie2": (), "msk": (),
        "mwaa": (), "opensearch": (), "ram": (), "rds": ("db",), "redshift": (), "resourcegroups": (), "route53": (),
        "s3": (), "sagemaker": (), "scheduler": (), "secretsmanager": (), "securityhub": (), "servicequotas": (),
        "sfn": (), "sns": (), "sqs": (), "ssm": (), "transfer": (), "vpc": ("vpc",),
    },
    "gcp": {
        "artifactregistry": ("artifact_registry",), "bigquery": (), "billing": (),
        "binaryauthorization": ("binary_authorization",), "certificatemanager": ("certificate_manager",),
        "cloudasset": ("cloud_asset",), "cloudfunctionsv2": ("cloudfunctions2",),
        "cloudidentity": ("cloud_identity",), "cloudrunv2": ("cloud_run_v2",), "cloudscheduler": ("cloud_scheduler",),
        "composer": (), "compute": (), "container": (), "containeranalysis": ("container_analysis",), "dataproc": (),
        "dns": (), "filestore": (), "folder": (), "gkebackup": ("gke_backup",), "gkehub": ("gke_hub",), "iam": (),
        "iap": (), "kms": (), "logging": (), "memorystore": (), "monitoring": (),
        "networkconnectivity": ("network_connectivity",), "notebooks": (), "organizations": ("organization",),
        "orgpolicy": ("org_policy",), "projects": ("project",), "pubsub": (), "redis": (),
        "secretmanager": ("secret_manager",), "serviceaccount": ("service_account", "service"),
        "servicenetworking": ("service_networking",), "sql": (), "storage": (), "tags": (), "vertex": (),
        "vpcaccess": ("vpc_access",), "workbench": (), "workflows": (),
    },
}  # fmt: skip
"""Pulumi's modules that the tables cover, with Terraform's name of the service where it is another."""

TYPES: Final = {
    "aws:autoscaling/tag:Tag": "aws_autoscaling_group_tag",
    "aws:cloudwatch/internetMonitor:InternetMonitor": "aws_internetmonitor_monitor",
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
    "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment": "aws_cognito_identity_pool_roles_attachment",
    "aws:ec2/dedicatedHost:DedicatedHost": "aws_ec2_host",
    "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment": (
        "aws_network_interface_sg_attachment"
    ),
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": (
        "aws_vpc_endpoint_service_allowed_principal"
    ),
    "aws:ec2/instance:Instance": "aws_instance",
    "aws:ec2/securityGroupAssociation:SecurityGroupAssociation": "aws_vpc_endpoint_security_group_association",
    "aws:iam/sshKey:SshKey": "aws_iam_user_ssh_key",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:rds/instanceDesiredState:InstanceDesiredState": "aws_rds_instance_state",
    "aws:rds/roleAssociation:RoleAssociation": "aws_db_instance_role_association",
    "aws:s3/analyticsConfiguration:AnalyticsConfiguration": "aws_s3_bucket_analytics_configuration",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
    "aws:s3/inventory:Inventory": "aws_s3_bucket_inventory",
    "aws:sns/dataProtectionPolicy:DataProtectionPolicy": "aws_sns_topic_data_protection_policy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "aws_sqs_queue_redrive_allow_policy",
    "aws:sqs/redrivePolicy:RedrivePolicy": "aws_sqs_queue_redrive_policy",
    "gcp:bigquery/iamBinding:IamBinding": "google_bigquery_table_iam_binding",
    "gcp:bigquery/iamMember:IamMember": "google_bigquery_table_iam_member",
    "gcp:bigquery/iamPolicy:IamPolicy": "google_bigquery_table_iam_policy",
    "gcp:compute/mangedSslCertificate:MangedSslCertificate": "google_compute_managed_ssl_certificate",
    "gcp:compute/securityScanConfig:SecurityScanConfig": "google_security_scanner_scan_config",
    "gcp:containeranalysis/occurence:Occurence": "google_container_analysis_occurrence",
    "gcp:monitoring/genericService:GenericService": "google_monitoring_service",
    "gcp:organizations/project:Project": "google_project",
    "gcp:projects/apiKey:ApiKey": "google_apikeys_key",
    "gcp:serviceaccount/account:Account": "google_service_account",
    "gcp:storage/bucket:Bucket": "google_storage_bucket",
}
"""Types whose names follow no rule."""

RENAMED: Final = {
    "aws_cloudwatch_log_subscription_filter": {"logGroup": "log_group_name"},
    "aws_cloudwatch_metric_alarm": {"name": "alarm_name"},
    "aws_glue_catalog_table": {"partitionIndices": "partition_index"},
    "aws_lambda_function": {"code": "filename", "name": "function_name"},
    "aws_lambda_layer_version": {"code": "filename"},
    "aws_lambda_permission": {"function": "function_name"},
    "aws_sns_topic_subscription": {"topic": "topic_arn"},
}
"""Arguments whose names follow no rule, by Terraform's type."""

_UNIONS: Final = (typing.Union, types.UnionType)


@dataclass
class Level:
    """Arguments of a resource or of a block, by Pulumi's names."""

    values: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    maps: set[str] = field(default_factory=set)
    blocks: dict[str, "Level"] = field(default_factory=dict)
    single: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def place(self, name: str, nesting: str) -> None:
        """Note how an argument nests in Terraform."""
        if name in self.blocks:
            self.single |= {name} if nesting in ("single", "group") else set()
        elif nesting in ("list", "set", "tuple"):
            self.lists.add(name)
        elif nesting in ("map", "object", "dynamic"):
            self.maps.add(name)
        else:
            self.values.add(name)

    def table(self) -> dict[str, Any]:
        """Return what the reader of the tables expects."""
        words = {kind: " ".join(sorted(getattr(self, kind))) for kind in ("values", "lists", "maps", "single")}
        blocks = {name: level.table() for name, level in sorted(self.blocks.items())}
        return {
            **{kind: text for kind, text in words.items() if text},
            **({"blocks": blocks} if blocks else {}),
            **({"names": dict(sorted(self.names.items()))} if self.names else {}),
        }


class Generator:
    """Makes the table of one provider."""

    def __init__(self, provider: str, schemas: Mapping[str, Any]) -> None:
        self._provider = provider
        self._schemas = schemas
        self.guesses: list[str] = []
        self.unmatched: list[str] = []

    def types(self) -> dict[str, Any]:
        """Return the tables of all types of the covered modules, by token."""
        made = {}
        for token, arguments in sorted(_classes(self._provider)):
            name = self._type_of(token, arguments)
            if name is None:
                self.unmatched.append(token)
                continue
            level = self._level(arguments, _fields(self._schemas[name]["block"]), name, (), RENAMED.get(name, {}))
            made[token] = {"type": name, **level.table()}
        return made

    def _type_of(self, token: str, arguments: type) -> str | None:
        if token in TYPES:
            return TYPES[token] if TYPES[token] in self._schemas else None
        module, last = re.split("[:/]", token)[1], snake(token.rpartition(":")[2]).removesuffix("_v2")
        prefix = PREFIXES[self._provider]
        services = (module, *MODULES[self._provider][module])
        candidates = [*(f"{prefix}_{service}_{last}" for service in services), f"{prefix}_{last}"]
        squeezed = {each.replace("_", ""): each for each in self._schemas}
        wanted = {_squeeze(argument) for argument in _hints(arguments)}
        for candidate in candidates:
            found = squeezed.get(candidate.replace("_", ""))
            if found and self._share(wanted, found) >= ENOUGH:
                return found
        return None

    def _share(self, wanted: set[str], name: str) -> float:
        known = {_squeeze(form) for each in _fields(self._schemas[name]["block"]) for form in (each, *_plurals(each))}
        return len(wanted & known) / max(1, len(wanted))

    def _level(
        self, arguments: type, schema: Mapping[str, Any], path: str, above: tuple[type, ...], renamed: Mapping[str, str]
    ) -> Level:
        level = Level()
        exact = {_squeeze(each): each for each in schema}
        plural = {_squeeze(form): each for each in schema for form in _plurals(each)}
        for name, hint in sorted(_hints(arguments).items()):
            kind, inner = _shape(hint)
            found = renamed.get(name) or exact.get(_squeeze(name)) or plural.get(_squeeze(name))
            if found is None:
                self.guesses.append(f"{path}.{name}")
                found = _singular(snake(name)) if kind == "list" and inner is not None else snake(name)
                nesting, fields = kind, {} if inner is not None else None
            else:
                nesting, fields = _nesting(schema[found])
            if found != snake(name):
                level.names[name] = found
            if inner is not None and fields is not None and inner not in above:
                level.blocks[name] = self._level(inner, fields, f"{path}.{name}", (*above, inner), {})
            level.place(name, nesting)
        return level


def _classes(provider: str) -> Iterator[tuple[str, type]]:
    importlib.import_module(f"pulumi_{provider}")
    for modules in rpc._RESOURCE_MODULES.values():
        for module in modules:
            info: Any = getattr(module, "mod_info", None)
            for token, name in (info["classes"] if info else {}).items():
                package, service = re.split("[:/]", token)[:2]
                if package != provider or service not in MODULES[provider]:
                    continue
                source = importlib.import_module(info["fqn"])
                arguments = getattr(source, f"{name}InitArgs", None) or getattr(source, f"{name}Args", None)
                if arguments is not None:
                    yield token, arguments


def _hints(arguments: type) -> dict[str, Any]:
    return dict(_types._raw_return_hints(arguments))


def _shape(hint: object) -> tuple[str, type | None]:
    """Tell whether an argument is a value, a list, a map or an object, and which class its objects have."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNIONS:
        kept = [each for each in inner if each is not type(None) and typing.get_origin(each) not in _WRAPPERS]
        shapes = [_shape(each) for each in kept]
        return next((each for each in shapes if each[1] is not None), shapes[0] if shapes else ("value", None))
    if isinstance(origin, type) and issubclass(origin, abc.Mapping):
        return "map", None
    if isinstance(origin, type) and issubclass(origin, abc.Sequence):
        return "list", _shape(inner[0])[1]
    if isinstance(hint, type) and _types.is_input_type(hint):
        return "object", hint
    return "value", None


_WRAPPERS: Final = (Awaitable, pulumi.Output)


def _fields(block: Mapping[str, Any]) -> dict[str, Any]:
    return {**block.get("attributes", {}), **block.get("block_types", {})}


def _nesting(about: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """Return how an argument nests, and the fields of what is nested, if anything is."""
    if "block" in about:
        return about["nesting_mode"], _fields(about["block"])
    if "nested_type" in about:
        return about["nested_type"]["nesting_mode"], _fields(about["nested_type"])
    kind = about["type"]
    if isinstance(kind, str):
        return kind, None
    if kind[0] == "object":
        return "single", {name: {"type": each} for name, each in kind[1].items()}
    item = kind[1]
    if isinstance(item, list) and item[0] == "object":
        return kind[0], {name: {"type": each} for name, each in item[1].items()}
    return kind[0], None


def _squeeze(name: str) -> str:
    return name.replace("_", "").lower()


def _plurals(name: str) -> tuple[str, ...]:
    if re.search("[^aeiou]y$", name):
        return (f"{name[:-1]}ies",)
    return (f"{name}es", f"{name}s") if re.search("(s|x|ch|sh)$", name) else (f"{name}s",)


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-2] if re.search("(ss|x|ch|sh)es$", name) else re.sub("(?<!s)s$", "", name)


def _text(source: Mapping[str, str], made: Mapping[str, Any]) -> str:
    """Write one type a line, so that a change of the table can be read."""
    lines = [f'"{token}": {json.dumps(table, separators=(",", ":"))}' for token, table in sorted(made.items())]
    return f'{{\n"source": {json.dumps(source)},\n"types": {{\n' + ",\n".join(lines) + "\n}\n}\n"


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    """Return the name and the resource types of the provider of a file."""
    ((name, provider),) = json.loads(file.read_text(encoding="utf-8"))["provider_schemas"].items()
    return name, provider["resource_schemas"]


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return ``first`` with what only ``second`` has, at any depth; scalars and types are those of ``first``."""
    both = {
        key: _merge(first[key], value) if isinstance(value, dict) and isinstance(first[key], dict) else first[key]
        for key, value in second.items()
        if key in first
    }
    return {**second, **first, **both}


def main() -> None:
    """Read the arguments and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("provider", choices=sorted(PREFIXES))
    parser.add_argument(
        "schemas", nargs="+", metavar="FILE=VERSION", help="what terraform providers schema -json printed"
    )
    given = parser.parse_args()
    source = {f"pulumi-{given.provider}": installed_version(f"pulumi-{given.provider}")}
    merged: dict[str, Any] = {}
    for pair in given.schemas:
        file, _, version = pair.rpartition("=")
        name, resources = _read(Path(file))
        source["/".join(name.split("/")[-2:])] = version
        merged = _merge(merged, resources)
    generator = Generator(given.provider, merged)
    made = generator.types()
    DATA.mkdir(exist_ok=True)
    (DATA / f"{given.provider}.json").write_text(_text(source, made), encoding="utf-8")
    report = [f"{len(made)} types"]
    report += [f"no Terraform type: {token}" for token in generator.unmatched]
    report += [f"not in the schema: {path}" for path in generator.guesses]
    sys.stderr.write("\n".join(report) + "\n")


if __name__ == "__main__":
    main()
