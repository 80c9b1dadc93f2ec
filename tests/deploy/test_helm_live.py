"""Releases on a real API server, from a chart made here."""

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlplatform.graph import Secret
from mlplatform.local.deploy.charts import ChartSources
from mlplatform.local.deploy.health import State
from mlplatform.local.deploy.helm import Helm
from mlplatform.local.deploy.kubectl import Kubectl
from mlplatform.local.deploy.run import Deployment
from mlplatform.local.deploy.status import status
from tests.support.graphs import Program

pytestmark = pytest.mark.cluster

Up = Callable[..., Deployment]


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A directory of charts with one in it: a hook Job, a workload's settings, a webhook that nothing serves."""
    chart = tmp_path / "mirror" / "sample"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "sample", "version": "1.2.3"}))
    (chart / "values.yaml").write_text("greeting: hello\n")
    (chart / "templates" / "settings.yaml").write_text(
        "apiVersion: v1\n"
        "kind: ConfigMap\n"
        "metadata: {name: '{{ .Release.Name }}-settings'}\n"
        "data: {greeting: '{{ .Values.greeting }}', digest: '{{ sha256sum .Values.token }}'}\n"
    )
    (chart / "templates" / "hook.yaml").write_text(
        "apiVersion: batch/v1\n"
        "kind: Job\n"
        "metadata:\n"
        "  name: '{{ .Release.Name }}-migrate'\n"
        "  annotations: {helm.sh/hook: 'pre-install,pre-upgrade', helm.sh/hook-delete-policy: before-hook-creation,\n"
        "    mlplatform/simulated-seconds: '0'}\n"
        "spec:\n"
        "  template:\n"
        "    metadata: {annotations: {mlplatform/simulated-seconds: '0'}}\n"
        "    spec:\n"
        "      restartPolicy: Never\n"
        "      tolerations: [{operator: Exists}]\n"
        "      containers: [{name: main, image: registry.local/none:1}]\n"
    )
    (chart / "templates" / "webhook.yaml").write_text(
        "apiVersion: admissionregistration.k8s.io/v1\n"
        "kind: ValidatingWebhookConfiguration\n"
        "metadata: {name: '{{ .Release.Name }}-hook'}\n"
        "webhooks:\n"
        "- name: w.example.org\n"
        "  admissionReviewVersions: [v1]\n"
        "  sideEffects: None\n"
        "  failurePolicy: Fail\n"
        "  clientConfig: {service: {name: s, namespace: default}}\n"
        "  rules: [{apiGroups: [''], apiVersions: [v1], operations: ['*'], resources: [configmaps]}]\n"
    )
    return tmp_path / "mirror"


def program(*, greeting: str = "hello", **more: Any) -> Program:
    made = Program()
    namespace = made.namespace("helm-tests")
    sizes = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    node = made.object(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "helm-tests", "annotations": {"kwok.x-k8s.io/node": "fake"}},
            "status": {"capacity": sizes, "allocatable": sizes},
        }
    )
    release = made.release(
        "sample",
        {
            "chart": "sample",
            "version": "1.2.3",
            "namespace": "helm-tests",
            "repositoryOpts": {"repo": "https://charts.invalid"},
            "values": {"greeting": greeting, "token": Secret("hunter2")},
            "timeout": 60,
        },
        depends_on=[namespace, node],
        **more,
    )
    made.config_map("after-chart", "helm-tests", depends_on=[release])
    return made


def revision(kubectl: Kubectl) -> str:
    names = [each["metadata"]["name"] for each in kubectl.items(["secrets"], selector="owner=helm,name=sample")]
    return max(names)


def test_a_release_lives_from_its_installation_to_its_end(up: Up, kubectl: Kubectl, mirror: Path):
    charts = ChartSources(mirror=str(mirror))
    first = up(program().graph(), charts=charts)
    assert [(each.label, each.action) for each in first.releases] == [("Release helm-tests/sample", "installed")]
    assert first.healthy, first.rows
    settings = kubectl.get("configmap", "sample-settings", "helm-tests")
    assert settings["data"]["greeting"] == "hello"
    assert kubectl.get("job", "sample-migrate", "helm-tests")["status"]["succeeded"] == 1, "the hook ran"
    assert kubectl.get("validatingwebhookconfiguration", "sample-hook") is None
    assert kubectl.get("configmap", "after-chart", "helm-tests") is not None

    found = status(kubectl.target, lambda _: program().graph())
    assert found.healthy, found.rows
    assert "ValidatingWebhookConfiguration sample-hook" in [each.label for each in found.simulated]

    before = revision(kubectl)
    again = up(program().graph(), charts=charts)
    assert (again.changes, revision(kubectl)) == (0, before)

    changed = up(program(greeting="bye").graph(), charts=charts)
    assert [each.action for each in changed.releases] == ["upgraded"]
    assert kubectl.get("configmap", "sample-settings", "helm-tests")["data"]["greeting"] == "bye"

    template = mirror / "sample" / "templates" / "settings.yaml"
    template.write_text(template.read_text() + "# changed under the same version\n")
    assert [each.action for each in up(program(greeting="bye").graph(), charts=charts).releases] == ["upgraded"]

    bare = Program()
    bare.namespace("helm-tests")
    gone = up(bare.graph(), charts=charts)
    assert [each.action for each in gone.releases] == ["uninstalled"]
    assert kubectl.get("configmap", "sample-settings", "helm-tests") is None


def test_a_chart_that_cannot_be_reached_is_named_and_everything_else_goes_up(up: Up, kubectl: Kubectl, tmp_path: Path):
    result = up(program().graph(), charts=ChartSources(mirror=str(tmp_path)))
    (release,) = result.releases
    assert release.action == "failed"
    assert "sample-1.2.3.tgz 1.2.3 cannot be reached" in release.detail
    assert result.notes == (f"Release helm-tests/sample: {release.detail}",)
    assert not result.healthy
    row = next(row for row in result.rows if row.component == "Release sample")
    assert row.state is State.FAILED
    assert kubectl.get("configmap", "after-chart", "helm-tests") is not None
    assert "hunter2" not in repr(result)


def test_an_interrupted_installation_is_repaired_and_a_protected_one_kept(up: Up, kubectl: Kubectl, mirror: Path):
    charts = ChartSources(mirror=str(mirror))
    up(program(protect=True).graph(), charts=charts)
    secret = revision(kubectl)
    patch = '{"metadata":{"labels":{"status":"pending-install"}}}'
    _set_status(kubectl, secret, "pending-install")
    kubectl.output(["patch", "secret", secret, "--namespace=helm-tests", "--type=merge", f"--patch={patch}"])
    helm = Helm(kubectl.target, charts)
    assert helm.releases()["helm-tests", "sample"].status == "pending-install"
    repaired = up(program(protect=True).graph(), charts=charts)
    assert [each.action for each in repaired.releases] == ["installed"]
    bare = Program()
    bare.namespace("helm-tests")
    kept = up(bare.graph(), charts=charts)
    assert [each.action for each in kept.releases] == ["kept"]
    command = kubectl.target.helm_command("uninstall", "sample", "--namespace", "helm-tests")
    assert kept.notes[0].endswith(f"to delete it: {command}")
    assert kubectl.get("configmap", "sample-settings", "helm-tests") is not None


def _set_status(kubectl: Kubectl, secret: str, status: str) -> None:
    """Write a release's status as an interrupted helm leaves it."""
    live = kubectl.get("secret", secret, "helm-tests")
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(live["data"]["release"]))))
    release["info"]["status"] = status
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    patch = json.dumps({"data": {"release": packed}})
    kubectl.output(["patch", "secret", secret, "--namespace=helm-tests", "--type=merge", f"--patch={patch}"])
