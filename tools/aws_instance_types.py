"""Renew the table of EC2 instance types from Karpenter's generated reference and botocore's model of EC2.

    python tools/aws_instance_types.py REFERENCE DATE

REFERENCE is ``website/content/en/<version>/reference/instance-types.md`` of the karpenter-provider-aws repository, of
the version that is installed, and DATE the day on which it was read, such as 2026-11-21. Types that botocore's
enumeration of EC2 does not have are refused.
"""

import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import botocore.session

from components import versions

TABLE = Path(__file__).resolve().parent.parent / "components" / "aws" / "instance_types.json"
PREFIX = "karpenter.k8s.aws/instance-"


def instance_types(reference: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each instance type's name and its labels."""
    for block in reference.split("\n### `")[1:]:
        name, _, rest = block.partition("`")
        labels = rest.partition("#### Resources")[0]
        yield name, dict(re.findall(r"^ ?\|([^|\s]+)\|([^|]*)\|$", labels, re.MULTILINE))


def entry(labels: dict[str, str]) -> dict[str, Any]:
    """Return what the table says of one type."""
    found: dict[str, Any] = {
        "cpu": int(labels[f"{PREFIX}cpu"]),
        "memory_mib": int(labels[f"{PREFIX}memory"]),
        "arch": labels["kubernetes.io/arch"],
    }
    if labels.get(f"{PREFIX}gpu-manufacturer") == "nvidia":
        found["gpu"] = labels[f"{PREFIX}gpu-name"]
        found["gpus"] = int(labels[f"{PREFIX}gpu-count"])
    return found


def main(reference: Path, day: date) -> None:
    """Write the table, of a reference that was read on ``day``."""
    types = {name: entry(labels) for name, labels in instance_types(reference.read_text(encoding="utf-8"))}
    session = botocore.session.get_session()
    partition = next(each for each in session.get_data("endpoints")["partitions"] if each["partition"] == "aws")
    known = session.get_service_model("ec2").shape_for("InstanceType").enum
    if unknown := sorted(set(types) - set(known)):
        raise SystemExit(f"not among botocore's instance types: {', '.join(unknown)}")
    sources = {
        "types": f"karpenter-provider-aws {versions.KARPENTER_AWS}, reference/instance-types.md",
        "names": f"botocore {version('botocore')}, ec2 InstanceType",
        "regions": f"botocore {version('botocore')}, endpoints of the partition aws",
        "read": day.isoformat(),
    }
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in sorted(types.items()))
    head = json.dumps({"sources": sources, "regions": sorted(partition["regions"])}, indent=1)
    TABLE.write_text(f'{head.removesuffix("}").rstrip()},\n "types": {{\n{rows}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))
