"""A live cluster with two teams' workspaces, a pool of each kind that they need, and a scoring template."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from mlplatform.local.binaries import resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.render.kubernetes import objects
from tests.stacks.environments import changed, section

POOLS = {"scoring": "ws-scoring", "serving": "ws-serving", "training-gpu": "ws-gpu"}
TEAMS = {"churn": "ws-alpha", "pricing": "ws-beta"}
TEMPLATE = "ws-daily"


@dataclass
class Cluster:
    """Runs kubectl as the administrator, or as somebody else."""

    command: tuple[str, ...]
    applied: list[dict[str, Any]] = field(default_factory=list)

    def run(self, *args: str, stdin: Any = None) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail; ``stdin`` is an object to send."""
        text = None if stdin is None else json.dumps(stdin)
        return subprocess.run(
            [*self.command, *args], input=text, capture_output=True, text=True, check=False, timeout=60
        )

    def do(self, *args: str, stdin: Any = None) -> str:
        """Run a command that has to succeed, and return what it printed."""
        done = self.run(*args, stdin=stdin)
        assert done.returncode == 0, f"{args}: {done.stderr}"
        return done.stdout

    def get(self, *args: str) -> dict[str, Any]:
        """Return one object, or a list of them."""
        found: dict[str, Any] = json.loads(self.do("get", "--output=json", *args))
        return found

    def may(self, user: str, verb: str, resource: str, namespace: str, *, group: str = "") -> bool:
        """Tell whether the API server would let ``user`` do it."""
        who = [f"--as={user}", *([f"--as-group={group}"] if group else [])]
        return self.run("auth", "can-i", verb, resource, f"--namespace={namespace}", *who).stdout.strip() == "yes"

    def refusal(self, manifest: Mapping[str, Any]) -> str:
        """Return why the API server refuses to create an object; empty where it would."""
        done = self.run("create", "--dry-run=server", "--filename=-", stdin=manifest)
        return "" if done.returncode == 0 else done.stderr


def _two_teams() -> list[dict[str, Any]]:
    """Render the workspaces, pools, classes and template of a local environment of other names."""
    pools = {new: section("nodePools")[old] for old, new in POOLS.items()}
    teams = {new: section("teams")[old] for old, new in TEAMS.items()}
    teams["ws-alpha"]["pools"] = ["ws-scoring", "ws-gpu"]
    teams["ws-alpha"]["people"]["admins"] = ["alpha-leads"]
    teams["ws-beta"]["pools"] = ["ws-scoring"]
    scoring = section("scoring")["churn-daily"] | {"team": "ws-alpha", "pool": "ws-scoring"}
    evaluation = changed(
        {
            "nodePools": {"system": section("nodePools")["system"], **pools},
            "teams": teams,
            "scoring": {TEMPLATE: scoring | {"shards": 20, "parallelism": 20}},
            "databases": {},
        }
    )
    shared = ("mlplatform-system", "system")
    rendered = [each for each in objects(evaluation.filled) if each.component.partition(" ")[2] not in shared]
    return [dict(each.manifest) for each in rendered]


def _apply(cluster: Cluster, manifests: Sequence[Mapping[str, Any]]) -> str:
    stream = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    return cluster.do(
        "apply", "--server-side", "--validate=strict", "--field-manager=workspace-tests", "--filename=-", stdin=stream
    )


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    """Give the shared control plane with two workspaces on it, which are removed in the end."""
    program = resolve(["kubectl"], print)["kubectl"]
    access = control_plane.access
    cluster = Cluster((str(program), f"--kubeconfig={access.kubeconfig}", f"--context={access.context}"))
    cluster.applied = _two_teams()
    try:
        _apply(cluster, cluster.applied)
        yield cluster
    finally:
        stream = {"apiVersion": "v1", "kind": "List", "items": cluster.applied}
        cluster.run("delete", "--ignore-not-found", "--wait=false", "--filename=-", stdin=stream)
        cluster.run("wait", "--for=delete", "namespace/team-ws-alpha", "namespace/team-ws-beta", "--timeout=50s")
