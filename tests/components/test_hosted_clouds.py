"""The clouds' components made from what the engine sends a provider, for the arguments that the environments give."""

import base64
import collections.abc
import json
import textwrap
import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.host import COMPONENTS, PACKAGE
from mlplatform.graph import Evaluation, EvaluationRequest, Secret, evaluate
from stacks.settings import pulumi_config

STACKS = Path(__file__).parents[2] / "stacks"

RECORD = """
    import pulumi

    from components.host import COMPONENTS

    recorded = {}


    def record(component):
        original = component.__init__

        def construct(self, name, args, opts=None):
            recorded.setdefault(component.__name__, args)
            original(self, name, args, opts)

        component.__init__ = construct


    for component in COMPONENTS:
        record(component)

    from stacks.composition import build
    from stacks.settings import from_pulumi

    build(from_pulumi())
    for name, args in recorded.items():
        pulumi.export(name, args)
"""
"""Exports what the environment gives each component."""

CONSTRUCT = """
    import json
    from pathlib import Path

    import pulumi
    from pulumi.provider.experimental.component import ComponentProvider

    from components.host import COMPONENTS, PACKAGE

    provider = ComponentProvider(list(COMPONENTS), PACKAGE)
    for name, inputs in json.loads(Path(__file__).with_name("inputs.json").read_text()).items():
        result = provider.construct("it", f"{PACKAGE}:index:{name}", inputs, pulumi.ResourceOptions())
        pulumi.export(name, result.state)
"""
"""Makes each component of the package from inputs as the engine sends them."""

EXISTING_AWS = {
    "apiClientCidrs": [],
    "existingNetwork": {
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "privateSubnets": {f"eu-west-1{zone}": f"subnet-0000000000000000{zone}" for zone in "abc"},
        "intraSubnets": {f"eu-west-1{zone}": f"subnet-1111111111111111{zone}" for zone in "abc"},
        "podSubnets": {f"eu-west-1{zone}": f"subnet-2222222222222222{zone}" for zone in "abc"},
        "intraCidrs": ["10.64.240.0/24"],
    },
    "existingCluster": {
        "name": "shared",
        "endpoint": "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
        "certificateAuthority": base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode(),
        "securityGroup": "sg-0a1b2c3d4e5f60718",
    },
}
EXISTING_GCP = {
    "existingNetwork": {
        "network": "shared",
        "subnetwork": "machines",
        "podRange": "pods",
        "serviceRange": "services",
        "controlPlaneCidr": "10.64.255.0/28",
    },
    "existingCluster": {"name": "shared", "location": "europe-west1", "endpoint": "gke-0123.europe-west1.gke.goog"},
}


def environment(name: str, tmp: Path, sections: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of each component that an environment makes, with ``sections`` added to its own."""
    config = pulumi_config(STACKS / f"Pulumi.{name}.yaml")
    for key, value in sections.items():
        own = json.loads(config.get(f"mlplatform:{key}", "{}"))
        config[f"mlplatform:{key}"] = json.dumps({**own, **value})
    (tmp / "__main__.py").write_text(textwrap.dedent(RECORD), encoding="utf-8")
    evaluation = evaluate(EvaluationRequest(name, config, tmp))
    return {key: value for key, value in evaluation.outputs.items() if key[0].isupper()}


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    wanted = [
        ("aws-prod", {"services": {"managedAirflow": {"enabled": True}}, "delivery": {"runner": True}}),
        ("gcp-prod", {"services": {"managedAirflow": {"enabled": True}}}),
        ("aws-prod", {"aws": EXISTING_AWS, "network": {"natPerZone": False}}),
        ("gcp-prod", {"gcp": EXISTING_GCP}),
    ]
    found: dict[str, Any] = {}
    for name, sections in wanted:
        made = environment(name, tmp_path_factory.mktemp("recorded"), sections)
        found = {**made, **found}
    return found


def type_hints(annotated: Any) -> dict[str, Any]:
    """Return annotations; ``pulumi.Input`` names ``Output`` in a text, which only the SDK's module knows."""
    return typing.get_type_hints(annotated, localns={"Output": pulumi.Output, "T": Any}, include_extras=True)


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def wire(value: Any, hint: Any) -> Any:
    """Return a value as the engine sends it: keys of types in camelCase, every number a float, no secret marker."""
    value = value.value if isinstance(value, Secret | Enum) else value
    hint = innermost(hint)
    if isinstance(value, dict):
        if typing.is_typeddict(hint):
            hints = type_hints(hint)
            return {camel(key): wire(each, hints[key]) for key, each in value.items()}
        return {key: wire(each, typing.get_args(hint)[1]) for key, each in value.items()}
    if isinstance(value, list):
        return [wire(each, typing.get_args(hint)[0]) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def innermost(hint: Any) -> Any:
    """Return the type of an argument without what makes it optional or an output."""
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.NotRequired:
        return innermost(members[0])
    if origin in (typing.Union, types.UnionType):
        outside = (collections.abc.Awaitable, pulumi.Output)
        plain = (each for each in members if each is not type(None) and typing.get_origin(each) not in outside)
        return innermost(next(plain))
    return hint


@pytest.fixture(scope="module")
def hosted(arguments: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    directory = tmp_path_factory.mktemp("hosted")
    hints = {each.__name__: type_hints(each.__init__)["args"] for each in COMPONENTS}
    inputs = {name: wire(value, hints[name]) for name, value in sorted(arguments.items())}
    (directory / "__main__.py").write_text(textwrap.dedent(CONSTRUCT), encoding="utf-8")
    (directory / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
    return evaluate(EvaluationRequest("test", {}, directory))


def test_the_environments_use_every_component_of_the_clouds(arguments: dict[str, Any]) -> None:
    of_clouds = {each.__name__ for each in COMPONENTS if each.__name__.startswith(("Aws", "Gcp"))}
    assert sorted(of_clouds - set(arguments)) == []


def test_each_is_made_from_what_the_engine_sends_without_a_finding(hosted: Evaluation) -> None:
    assert [str(each) for each in hosted.findings if each.severity == "error"] == []
    made = {each.type for each in hosted.filled.resources}
    assert {f"{PACKAGE}:index:AwsCluster", f"{PACKAGE}:index:GcpCluster"} <= made


def test_no_number_is_a_fraction_where_it_has_to_be_whole(hosted: Evaluation) -> None:
    def fractions(value: Any, path: str) -> list[str]:
        if isinstance(value, dict):
            return [found for key, each in value.items() for found in fractions(each, f"{path}.{key}")]
        if isinstance(value, list):
            return [found for each in value for found in fractions(each, f"{path}[]")]
        return [path] if isinstance(value, float) and value == int(value) else []

    whole = [each for each in hosted.filled.resources if each.type.startswith("kubernetes:")]
    assert len(whole) > 10
    assert [found for each in whole for found in fractions(each.inputs, each.name)] == []
