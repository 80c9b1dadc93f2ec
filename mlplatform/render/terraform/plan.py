"""A resource graph as a Terraform plan, in the JSON form of ``terraform show -json``."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from mlplatform.graph.markers import Plain
from mlplatform.graph.model import Resource, ResourceGraph
from mlplatform.graph.urns import PROVIDER_PREFIX
from mlplatform.render.terraform import shapes, tables
from mlplatform.render.terraform.names import snake
from mlplatform.render.terraform.references import References
from mlplatform.render.terraform.unknowns import forget

FORMAT_VERSION: Final = "1.2"
TERRAFORM_VERSION: Final = "1.11.4"
"""The version whose output the plan is modelled on."""

_KUBERNETES: Final = "kubernetes"
"""Its objects are rendered as Kubernetes objects."""

_NAMESPACE: Final = "hashicorp/"
"""What precedes a provider's name in a plan, without the host of the registry it is from: nothing is from there."""


@dataclass(frozen=True)
class Plan:
    """A plan to create everything that a graph has of AWS and GCP."""

    document: Mapping[str, Any]
    """The plan as JSON-like data; secrets are masked."""
    urns: Mapping[str, str]
    """URNs by Terraform address."""
    unmapped: tuple[Resource, ...]
    """Resources of AWS and GCP whose types the tables lack: they are not in the plan."""
    strange: tuple[str, ...]
    """Arguments that the tables lack, as ``address: path``: they are in the plan, under names made by rule."""
    others: Mapping[str, int]
    """How many resources other providers have, by package; they are not in the plan either."""

    def to_json(self) -> str:
        """Write the plan: same graph, same bytes."""
        return json.dumps(self.document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def plan(graph: ResourceGraph, preview: ResourceGraph | None = None) -> Plan:
    """Return the plan that Terraform would make of the same resources in an empty account.

    With ``preview``, the same program's graph without stand-ins, values that only a deployment would tell are marked
    as such; without it they are the stand-ins of ``graph``. Existing resources that the program only reads have no
    place in it.
    """
    return _Planner(graph, preview).plan()


class _Planner:
    def __init__(self, graph: ResourceGraph, preview: ResourceGraph | None) -> None:
        self._graph = graph
        self._preview = preview.by_urn if preview else {}
        managed = [each for each in graph.resources if each.custom and not each.options.read]
        self._types = {each.urn: found for each in managed if (found := tables.find(each.type)) is not None}
        self._mapped = [each for each in managed if each.urn in self._types]
        self._addresses = self._name_all()
        self._references = References(self._addresses, graph.by_urn)
        self._providers = {each.urn: each for each in managed if _of_cloud(each) and _is_provider(each)}
        self._keys = self._provider_keys()
        self._unmapped = tuple(
            each for each in managed if _of_cloud(each) and not _is_provider(each) and each.urn not in self._types
        )
        self._others = Counter(
            tables.package(each.type)
            for each in managed
            if not _of_cloud(each) and tables.package(each.type) not in (_KUBERNETES, "pulumi")
        )
        self._strange: list[str] = []

    def plan(self) -> Plan:
        ordered = sorted(self._mapped, key=lambda each: self._addresses[each.urn])
        made = [self._resource(each) for each in ordered]
        document = {
            "format_version": FORMAT_VERSION,
            "terraform_version": TERRAFORM_VERSION,
            "applyable": bool(made),
            "complete": not self._unmapped,
            "errored": False,
            "planned_values": {"root_module": {"resources": [each.planned for each in made]}},
            "resource_changes": [each.change for each in made],
            "configuration": {
                "provider_config": self._provider_config(),
                "root_module": {"resources": [each.configuration for each in made]},
            },
        }
        return Plan(
            document=document,
            urns={self._addresses[each.urn]: each.urn for each in ordered},
            unmapped=self._unmapped,
            strange=tuple(self._strange),
            others=dict(sorted(self._others.items())),
        )

    def _name_all(self) -> dict[str, str]:
        """Give each resource an address; where Pulumi tells names apart by parents, add of the URN's hash."""
        names = {each.urn: f"{self._types[each.urn].name}.{_identifier(each.name)}" for each in self._mapped}
        uses = Counter(names.values())
        return {
            urn: name if uses[name] == 1 else f"{name}_{sha256(urn.encode()).hexdigest()[:8]}"
            for urn, name in names.items()
        }

    def _resource(self, resource: Resource) -> "_Made":
        kind, address = self._types[resource.urn], self._addresses[resource.urn]
        stand_ins = shapes.shape(resource.inputs, kind.level, lambda path: self._strange.append(f"{address}: {path}"))
        before = self._preview.get(resource.urn)
        inputs = resource.inputs if before is None else forget(resource.inputs, before.inputs)
        shaped = shapes.shape(inputs, kind.level, lambda _: None)
        provider = tables.PROVIDERS[tables.package(resource.type)]
        names = {
            "address": address,
            "mode": "managed",
            "type": kind.name,
            "name": address.partition(".")[2],
        }
        after, secret = shapes.known(shaped), shapes.sensitive(shaped)
        unknown = {"id": True, **shapes.unknown(shaped)}
        expressions = {
            argument: expression
            for name, urns in sorted(resource.property_dependencies.items())
            if (argument := kind.level.argument(name)) in shaped
            and (expression := self._references.expression(stand_ins[argument], shaped[argument], urns))
        }
        provider_name = f"{_NAMESPACE}{provider}"
        return _Made(
            planned={
                **names, "provider_name": provider_name, "schema_version": 0, "values": after,
                "sensitive_values": secret,
            },
            change={
                **names,
                "provider_name": provider_name,
                "change": {
                    "actions": ["create"],
                    "before": None,
                    "after": after,
                    "after_unknown": unknown,
                    "before_sensitive": False,
                    "after_sensitive": secret,
                },
            },
            configuration={
                **names,
                "provider_config_key": self._keys.get(resource.provider or "", provider),
                "expressions": expressions,
                "schema_version": 0,
                "depends_on": self._explicit(resource, expressions),
            },
        )  # fmt: skip

    def _explicit(self, resource: Resource, expressions: Mapping[str, Any]) -> list[str]:
        """Return the addresses of what it depends on without any argument saying so."""
        referred = set(_referred(expressions))
        needed = {self._addresses[urn] for urn in resource.dependencies if urn in self._addresses}
        return sorted(needed - referred)

    def _provider_keys(self) -> dict[str, str]:
        """Name explicit providers as Terraform does; the first of each package, by URN, is the default one."""
        keys: dict[str, str] = {}
        for urn, each in sorted(self._providers.items()):
            name = tables.PROVIDERS[each.type.removeprefix(PROVIDER_PREFIX)]
            keys[urn] = f"{name}.{_identifier(each.name)}" if name in keys.values() else name
        return keys

    def _provider_config(self) -> dict[str, Any]:
        used = {tables.PROVIDERS[tables.package(each.type)] for each in self._mapped}
        config = {name: _provider(name, name, {}) for name in sorted(used - set(self._keys.values()))}
        for urn, key in self._keys.items():
            config[key] = _provider(key.partition(".")[0], key, self._providers[urn].inputs)
        return dict(sorted(config.items()))


@dataclass(frozen=True)
class _Made:
    planned: dict[str, Any]
    change: dict[str, Any]
    configuration: dict[str, Any]


_PROVIDER_ARGUMENTS: Final = ("allowedAccountIds", "project", "region", "zone")
"""Arguments of a provider that say where it works; others may hold credentials."""


def _provider(name: str, key: str, inputs: Mapping[str, Plain]) -> dict[str, Any]:
    shaped = {
        snake(argument): {"constant_value": value}
        for argument in _PROVIDER_ARGUMENTS
        if (value := shapes.known({"": inputs.get(argument)}).get("")) is not None
    }
    alias = key.partition(".")[2]
    return {
        "name": name,
        "full_name": f"{_NAMESPACE}{name}",
        **({"alias": alias} if alias else {}),
        "expressions": shaped,
    }


def _of_cloud(resource: Resource) -> bool:
    return tables.package(resource.type.removeprefix(PROVIDER_PREFIX)) in tables.PROVIDERS


def _is_provider(resource: Resource) -> bool:
    return resource.type.startswith(PROVIDER_PREFIX)


def _identifier(name: str) -> str:
    """Return the name as one that Terraform accepts."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return cleaned if re.match("[A-Za-z_]", cleaned) else f"_{cleaned}"


def _referred(expression: Plain) -> Iterator[str]:
    if isinstance(expression, dict):
        yield from (each for each in expression.get("references", ()) if isinstance(each, str))
        for item in expression.values():
            yield from _referred(item)
    elif isinstance(expression, list):
        for item in expression:
            yield from _referred(item)
