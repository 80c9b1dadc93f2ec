"""Runs checkov over several inputs in one process: it is run by checkov's own interpreter, and imports nothing of ours.

The first argument names a JSON file with the inputs, a list of objects: ``name``, ``kind`` (``terraform`` or
``kubernetes``) and ``files``. The second names the file that the results are written to, a list of the same length:
``name``, ``seen`` (files or Terraform addresses that were looked at), ``unread`` (files that could not be parsed) and
``records`` (``rule``, ``title``, ``result``, ``file``, ``resource``, ``keys``, ``guideline``).
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

_ADDRESS = "__address__"


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:  # noqa: ARG001  the signature of audit hooks
    """Make sure that nothing about an environment leaves the machine."""
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise RuntimeError(f"checkov tried to reach the network: {event}")


def scan(kind: str, files: list[str]) -> dict[str, Any]:
    """Run checkov's rules of one kind over files."""
    framework = "terraform_plan" if kind == "terraform" else "kubernetes"
    module = "checkov.terraform.plan_runner" if kind == "terraform" else "checkov.kubernetes.runner"
    runner = importlib.import_module(module).Runner()
    settings = importlib.import_module("checkov.runner_filter").RunnerFilter(
        framework=[framework], show_progress_bar=False, download_external_modules=False
    )
    report = runner.run(root_folder=None, files=files, runner_filter=settings)
    records = [*report.passed_checks, *report.failed_checks, *report.skipped_checks]
    return {
        "seen": sorted(_seen(kind, runner.definitions or {})),
        "unread": sorted(report.parsing_errors),
        "records": [_record(each) for each in records],
    }


def _seen(kind: str, definitions: dict[Any, Any]) -> set[str]:
    if kind == "kubernetes":
        return {str(file) for file, objects in definitions.items() if objects}
    return {
        str(body[_ADDRESS])
        for definition in definitions.values()
        for resource in definition.get("resource", [])
        for bodies in resource.values()
        for body in bodies.values()
    }


def _record(record: Any) -> dict[str, Any]:  # noqa: ANN401  checkov's class
    return {
        "rule": record.check_id,
        "title": record.check_name,
        "result": record.check_result["result"].value,
        "file": record.file_abs_path,
        "resource": record.resource_address or record.resource,
        "keys": [str(key) for key in record.check_result.get("evaluated_keys") or []],
        "guideline": record.guideline,
    }


def main(inputs: Path, results: Path) -> None:
    """Scan every input."""
    sys.addaudithook(_refuse_network)
    found = [
        {"name": each["name"], "kind": each["kind"], **scan(each["kind"], each["files"])}
        for each in json.loads(inputs.read_text(encoding="utf-8"))
    ]
    results.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
