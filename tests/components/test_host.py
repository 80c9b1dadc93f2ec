"""The component provider, started as the engine starts it, but without an engine."""

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

import components
from components.host import COMPONENTS, PACKAGE

ROOT = Path(__file__).parents[2]
NO_ENGINE = "127.0.0.1:1"


@pytest.fixture(scope="module")
def schema() -> Iterator[dict[str, Any]]:
    program = subprocess.Popen([sys.executable, str(ROOT), NO_ENGINE], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert program.stdout is not None
        port = program.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)  # type: ignore[no-untyped-call]
            yield json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=60).schema)
    finally:
        program.terminate()
        program.wait(timeout=30)


def _defined_components() -> set[str]:
    """Every component class in the source, hosted or not."""
    package = Path(components.__file__).parent
    return {
        line.split("class ")[1].split("(")[0]
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("class ") and "pulumi.ComponentResource" in line
    }


def _described(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for token, each in [*schema["resources"].items(), *schema["types"].items()]:
        yield token, each
        for section in ("inputProperties", "properties"):
            for name, each_property in each.get(section, {}).items():
                yield f"{token}.{name}", each_property
        for member in each.get("enum", []):
            yield f"{token}.{member['value']}", member


def test_every_component_of_the_project_is_hosted(schema: dict[str, Any]) -> None:
    assert {component.__name__ for component in COMPONENTS} == _defined_components()
    assert set(schema["resources"]) == {f"{PACKAGE}:index:{component.__name__}" for component in COMPONENTS}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_its_inputs_and_outputs_are_in_the_schema(
    schema: dict[str, Any], component: type[pulumi.ComponentResource]
) -> None:
    resource = schema["resources"][f"{PACKAGE}:index:{component.__name__}"]
    arguments = inspect.signature(component.__init__).parameters["args"].annotation
    assert set(resource["inputProperties"]) == {_camel(name) for name in arguments.__annotations__}
    assert set(resource.get("requiredInputs", ())) == {_camel(name) for name in arguments.__required_keys__}
    assert set(resource["properties"]) == {_camel(name) for name in component.__annotations__}


def test_everything_in_the_schema_is_described(schema: dict[str, Any]) -> None:
    entries = list(_described(schema))
    assert len(entries) > 150
    assert [name for name, each in entries if not (each.get("description") or "").strip()] == []


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_it_says_what_it_leaves_out(component: type[pulumi.ComponentResource]) -> None:
    text = (component.__doc__ or "").lower()
    assert any(word in text for word in (" not ", "nothing", "no ", "none", "neither")), text


def test_the_plugin_runs_in_the_projects_own_environment() -> None:
    plugin = yaml.safe_load((ROOT / "PulumiPlugin.yaml").read_text(encoding="utf-8"))
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert plugin["runtime"] == project["runtime"]


def test_hosted_modules_keep_their_annotations() -> None:
    for component in COMPONENTS:
        source = Path(sys.modules[component.__module__].__file__ or "").read_text(encoding="utf-8")
        assert "from __future__ import annotations" not in source, component.__module__
