import io
import sys
from typing import Any

import pytest
import yaml

from mlplatform.local.deploy import post_renderer
from mlplatform.local.deploy.simulated import without_servers

SERVICE = {"service": {"namespace": "n", "name": "s"}}
URL = {"url": "https://127.0.0.1:9443/validate"}


def webhooks(*clients: dict[str, Any], kind: str = "ValidatingWebhookConfiguration") -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "w"},
        "webhooks": [{"name": f"w{index}", "clientConfig": client} for index, client in enumerate(clients)],
    }


@pytest.mark.parametrize("kind", ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"])
def test_webhooks_behind_a_service_are_left_out(kind):
    manifest, reason = without_servers(webhooks(SERVICE, SERVICE, kind=kind))
    assert manifest is None
    assert reason == "2 of its 2 webhooks call service n/s, which no process runs"


def test_webhooks_at_a_url_stay_and_the_others_of_the_same_object_go():
    manifest, reason = without_servers(webhooks(SERVICE, URL))
    assert manifest is not None
    assert [each["name"] for each in manifest["webhooks"]] == ["w1"]
    assert reason.startswith("1 of its 2 webhooks")
    assert without_servers(webhooks(URL)) == (webhooks(URL), "")


def test_an_aggregated_api_behind_a_service_is_left_out_and_a_local_one_stays():
    api = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "a"}}
    assert without_servers({**api, "spec": SERVICE}) == (
        None,
        "its API is served by service n/s, which no process runs",
    )
    assert without_servers({**api, "spec": {"group": "g"}}) == ({**api, "spec": {"group": "g"}}, "")


def test_a_definition_keeps_its_versions_and_loses_only_their_conversion():
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "c"},
        "spec": {"group": "g", "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": SERVICE}}},
    }
    manifest, reason = without_servers(definition)
    assert manifest is not None
    assert manifest["spec"] == {"group": "g", "conversion": {"strategy": "None"}}
    assert "converted by service n/s" in reason


def test_anything_else_is_left_alone():
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "webhooks": [SERVICE]}
    assert without_servers(config_map) == (config_map, "")


def test_the_post_renderer_filters_a_chart_and_lists_what_it_left_out(monkeypatch, capsys):
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"y": "on", "n": "012"}}
    text = "---\n# Source: a\n" + yaml.safe_dump(config_map) + "---\n# empty\n---\n" + yaml.safe_dump(webhooks(SERVICE))
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    monkeypatch.setattr(sys, "argv", ["post_renderer", "queue"])
    assert post_renderer.main() == 0
    kept, listed = yaml.safe_load_all(capsys.readouterr().out)
    assert kept == config_map
    assert listed["metadata"] == {"name": "queue-simulated", "labels": {"mlplatform/simulated": "true"}}
    assert listed["data"]["left-out"].startswith("ValidatingWebhookConfiguration w: 1 of its 1 webhooks")


def test_the_post_renderer_adds_nothing_to_a_chart_without_servers():
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    assert post_renderer.filtered([config_map, None], "queue") == [config_map]
