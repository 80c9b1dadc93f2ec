"""What tests of the deployment share: a live cluster with nothing of theirs in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.contracts import SYSTEM_NAMESPACE
from mlplatform.graph import ResourceGraph
from mlplatform.local.binaries import resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.deploy.applyset import ApplySet
from mlplatform.local.deploy.charts import ChartSources
from mlplatform.local.deploy.helm import Helm
from mlplatform.local.deploy.kubectl import Kubectl
from mlplatform.local.deploy.ownership import MARKER
from mlplatform.local.deploy.run import Deployment, deploy
from mlplatform.local.deploy.target import Target


@pytest.fixture
def target(control_plane: ControlPlane) -> Iterator[Target]:
    """The shared cluster as a deployment sees it; what a test deploys is removed after it."""
    programs = resolve(["kubectl", "helm"], print)
    target = Target(
        environment="local",
        kubeconfig=control_plane.access.kubeconfig,
        context=control_plane.access.context,
        kubectl=programs["kubectl"],
        helm=programs["helm"],
    )
    existing = {
        each["metadata"]["name"]
        for each in Kubectl(target).items(["namespaces"])
        if "deletionTimestamp" not in each["metadata"]
    }
    yield target
    kubectl = Kubectl(target)
    for installed in Helm(target, ChartSources()).releases().values():
        kubectl.run(["delete", "secrets", "-n", installed.namespace, "-l", f"owner=helm,name={installed.name}"])
    made = sorted({each["metadata"]["name"] for each in kubectl.items(["namespaces"])} - existing)
    for key in ApplySet(target.environment).members(kubectl):
        if key[1] != "Namespace" and key[2] not in made:
            where = [f"--namespace={key[2]}"] if key[2] else []
            kubectl.output(["delete", kubectl.resource(key), key[3], *where, "--ignore-not-found", "--wait=false"])
    kubectl.output(["delete", "configmap", MARKER, "--namespace=kube-system", "--ignore-not-found"])
    kubectl.output(["delete", "crd", "environments.mlplatform.internal", "--ignore-not-found"])
    if made:
        kubectl.output(["delete", "namespace", *made, "--ignore-not-found", "--wait=false"])
    if SYSTEM_NAMESPACE in made:
        # The only namespace whose name tests share.
        kubectl.output(["wait", "--for=delete", f"namespace/{SYSTEM_NAMESPACE}", "--timeout=60s"])


@pytest.fixture
def kubectl(target: Target) -> Kubectl:
    return Kubectl(target)


@pytest.fixture
def up(target: Target) -> Callable[..., Deployment]:
    """Deploy a graph as ``up`` does, with a short wait."""

    def run(graph: ResourceGraph, **more: Any) -> Deployment:
        more.setdefault("wait_seconds", 30)
        return deploy(target, lambda _: graph, print, **more)

    return run
