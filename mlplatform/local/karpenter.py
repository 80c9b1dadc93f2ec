"""Karpenter with its simulated cloud, as a process beside the control plane.

It is started here and not by kwokctl, because its custom resource definitions have to be served before it starts, and
because it is the same process whatever the control plane itself runs in.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlplatform.errors import UserError
from mlplatform.local import processes
from mlplatform.local.layout import Layout, Record

_KEPT_VARIABLES = ("HOME", "PATH", "TMPDIR")


def definitions(record: Record) -> list[Mapping[str, Any]]:
    """Read the custom resource definitions that lie beside the program, in order of name."""
    directory = Path(record.programs["karpenter"]).parent / "crds"
    loaded = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.yaml"))]
    if not loaded:
        raise UserError(f"{directory} holds no custom resource definitions of Karpenter")
    return sorted(loaded, key=lambda definition: str(definition["metadata"]["name"]))


def start(layout: Layout, record: Record) -> None:
    """Start Karpenter. Its definitions have to be served by then."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment |= {
        "KUBECONFIG": str(layout.kubeconfig),
        "INSTANCE_TYPES_FILE_PATH": str(layout.instance_types),
        "DISABLE_LEADER_ELECTION": "true",
        "HEALTH_PROBE_PORT": str(record.ports.karpenter),
        # 0 lets the system choose one: nobody reads the metrics, and Karpenter cannot be told not to serve them.
        "METRICS_PORT": "0",
        # Machines of a simulated cloud take no time to start, so there is little to gain from large batches.
        "BATCH_IDLE_DURATION": "500ms",
        "BATCH_MAX_DURATION": "3s",
    }
    with (layout.logs / "karpenter.log").open("ab") as log:
        # The process outlives this one on purpose; `processes` finds it again.
        subprocess.Popen(
            [record.programs["karpenter"]],
            cwd=layout.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(layout: Layout) -> None:
    """End Karpenter if it runs."""
    processes.end(layout.root, [processes.KARPENTER])
