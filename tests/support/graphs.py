"""Resource graphs made by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlplatform.graph import Options, Resource, ResourceGraph, Source


class Program:
    """Registers resources as a program would, and returns their URNs."""

    def __init__(self, environment: str = "local") -> None:
        self.environment = environment
        self._resources: list[Resource] = []
        self._stack = self._add("pulumi:pulumi:Stack", f"mlplatform-{environment}", {}, component=True)

    def graph(self) -> ResourceGraph:
        return ResourceGraph(self.environment, tuple(self._resources))

    def component(self, name: str, parent: str | None = None, **more: Any) -> str:
        return self._add("mlplatform:index:Thing", name, {}, parent=parent or self._stack, component=True, **more)

    def object(self, manifest: Mapping[str, Any], registered: str | None = None, **more: Any) -> str:
        token = (
            f"kubernetes:{manifest['apiVersion'] if '/' in manifest['apiVersion'] else 'core/v1'}:{manifest['kind']}"
        )
        parent = more.pop("parent", None) or self._stack
        metadata = manifest.get("metadata", {})
        name = registered or "-".join([manifest["kind"], metadata.get("namespace", ""), metadata.get("name", "")])
        return self._add(token, name, dict(manifest), parent=parent, **more)

    def config_map(
        self, name: str, namespace: str = "default", data: Mapping[str, Any] | None = None, **more: Any
    ) -> str:
        return self.object(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": namespace},
                "data": dict(data or {"key": "value"}),
            },
            **more,
        )

    def namespace(self, name: str, **more: Any) -> str:
        return self.object({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, **more)

    def secret(self, name: str, namespace: str, data: Mapping[str, Any], **more: Any) -> str:
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}
        return self.object({**manifest, "stringData": dict(data)}, **more)

    def release(self, name: str, inputs: Mapping[str, Any], **more: Any) -> str:
        return self._add("kubernetes:helm.sh/v3:Release", name, {"name": name, **inputs}, parent=self._stack, **more)

    def other(self, token: str, name: str, inputs: Mapping[str, Any], **more: Any) -> str:
        return self._add(token, name, dict(inputs), parent=self._stack, **more)

    def _add(
        self,
        token: str,
        name: str,
        inputs: dict[str, Any],
        *,
        parent: str | None = None,
        component: bool = False,
        depends_on: Sequence[str] = (),
        property_dependencies: Mapping[str, tuple[str, ...]] | None = None,
        provider: str | None = None,
        outputs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> str:
        urn = f"urn:pulumi:{self.environment}::mlplatform::{token}::{name}"
        resource = Resource(
            urn=urn,
            type=token,
            name=name,
            parent=parent,
            inputs=inputs,
            dependencies=tuple(sorted(depends_on)),
            property_dependencies=dict(property_dependencies or {}),
            provider=provider,
            options=Options(component=component, **options),
            source=Source("stacks/composition.py", len(self._resources) + 1),
            outputs=dict(outputs or inputs),
        )
        self._resources.append(resource)
        return urn
