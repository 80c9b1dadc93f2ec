"""The resource graph: what a program would deploy to one environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

from mlplatform.graph.markers import SECRET_TEXT, UNKNOWN_TEXT, Secret, Unknown, unmask
from mlplatform.graph.urns import STACK_TYPE


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a resource is written: the nearest line of the project that asks for it."""

    file: str
    """Path relative to the project's root, with forward slashes."""
    line: int
    """Line number, from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Options:
    """Resource options as the engine receives them; a default means that the option is not set."""

    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    aliases: tuple[str, ...] = ()
    """Former URNs, resolved from alias specifications, in the program's order."""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    hide_diffs: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, str] = field(default_factory=dict)
    """Durations such as ``10m`` by operation: create, update, delete, read."""
    version: str = ""
    plugin_download_url: str = ""
    import_id: str = ""
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    replacement_trigger: Any = None
    providers: Mapping[str, str] = field(default_factory=dict)
    """URNs of the providers that a component hands down, by package."""
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of lifecycle hooks by event; hooks never run in an evaluation."""
    read: str = ""
    """ID of an existing resource that is only read; empty for a managed one."""
    component: bool = False
    """Not a resource of a provider but a group of resources."""
    remote: bool = False
    """A component whose children are made by a provider plugin, and so cannot be seen here."""

    def to_dict(self) -> dict[str, Any]:
        """Give the options that are set, by their names in Pulumi's documentation."""
        return {
            _camel(item.name): list(value) if isinstance(value, tuple) else value
            for item in fields(self)
            if (value := getattr(self, item.name)) != getattr(_DEFAULTS, item.name)
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_dict`` gives."""
        values: dict[str, Any] = {}
        for item in fields(cls):
            if (name := _camel(item.name)) in data:
                value = data[name]
                values[item.name] = tuple(value) if isinstance(value, list) and item.name in _LISTS else value
        if "hooks" in values:
            values["hooks"] = {event: tuple(names) for event, names in values["hooks"].items()}
        return cls(**values)


_DEFAULTS = Options()
_LISTS = frozenset(
    {"aliases", "ignore_changes", "replace_on_changes", "hide_diffs", "additional_secret_outputs", "replace_with"}
)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


@dataclass(frozen=True, slots=True)
class Resource:
    """One registration. Values are plain JSON types plus the markers ``Secret`` and ``Unknown``; keys are sorted."""

    urn: str
    type: str
    """Type token, such as ``kubernetes:core/v1:ConfigMap``."""
    name: str
    parent: str | None
    """URN of the parent; None for the stack itself."""
    inputs: dict[str, Any]
    dependencies: tuple[str, ...] = ()
    """URNs, sorted, without repetition."""
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each input that depends on other resources, their URNs, sorted."""
    provider: str | None = None
    """URN of the explicit provider; None where the engine would use a default one."""
    options: Options = field(default_factory=Options)
    source: Source | None = None
    """None where no line of the project asks for the resource (the stack, or a resource made by a library)."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """A component's registered outputs; a custom resource's state: its ID, inputs, stand-ins and known outputs."""

    @property
    def short_type(self) -> str:
        """The last part of the type token: ``Namespace`` of ``kubernetes:core/v1:Namespace``."""
        return self.type.rpartition(":")[2]

    @property
    def custom(self) -> bool:
        """Whether a provider manages it, as opposed to a component."""
        return not self.options.component

    @property
    def remote(self) -> bool:
        """Whether it is a component whose children cannot be seen."""
        return self.options.remote

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON object, markers and all; ``outputs`` are no part of it."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "inputs": self.inputs,
            "dependencies": list(self.dependencies),
            "propertyDependencies": {key: list(urns) for key, urns in self.property_dependencies.items()},
            "provider": self.provider,
            "options": self.options.to_dict(),
            "source": None if self.source is None else {"file": self.source.file, "line": self.source.line},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read a JSON object that ``ResourceGraph.to_json`` wrote."""
        source = data["source"]
        return cls(
            urn=data["urn"],
            type=data["type"],
            name=data["name"],
            parent=data["parent"],
            inputs=unmask(data["inputs"]),
            dependencies=tuple(data["dependencies"]),
            property_dependencies={key: tuple(urns) for key, urns in data["propertyDependencies"].items()},
            provider=data["provider"],
            options=Options.from_dict(unmask(data["options"])),
            source=None if source is None else Source(source["file"], source["line"]),
        )


@dataclass(frozen=True)
class ResourceGraph:
    """Everything one program registers for one environment.

    Resources come in canonical order: parents before children and dependencies before dependents, and by URN where
    neither rule decides. The order of registration in a run is no such thing: the SDK registers concurrently.
    """

    environment: str
    resources: tuple[Resource, ...]

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    def top(self, resource: Resource) -> Resource:
        """Return the child of the stack that the resource is, or is below: a component, or a resource by itself."""
        while (parent := self.by_urn.get(resource.parent or "")) is not None and parent.type != STACK_TYPE:
            resource = parent
        return resource

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON object, with markers where ``to_json`` writes texts."""
        return {"environment": self.environment, "resources": [resource.to_dict() for resource in self.resources]}

    def to_json(self) -> str:
        """Write the graph: same graph, same bytes; ``[secret]`` for secrets, ``[unknown]`` for unknown values."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, ensure_ascii=False, default=_marker_text) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote. Secrets are gone for good: they come back as ``Secret("[secret]")``."""
        data = json.loads(text)
        return cls(data["environment"], tuple(Resource.from_dict(item) for item in data["resources"]))


def _marker_text(value: object) -> str:
    if isinstance(value, Secret):
        return SECRET_TEXT
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    raise TypeError(f"a resource graph cannot hold a {type(value).__name__}")
