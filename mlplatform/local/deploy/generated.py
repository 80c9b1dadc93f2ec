"""Random values of the graph: made once, kept in a Secret of the cluster, read back ever after.

They pass through memory and pipes only. A value is never deleted: one whose arguments changed is made anew, as the
provider would, and the former one stays in the Secret beside it; one whose resource left the graph waits there for the
resource to come back.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from components.contracts import SYSTEM_NAMESPACE
from mlplatform.errors import UserError
from mlplatform.graph.markers import Secret
from mlplatform.graph.model import Resource, ResourceGraph
from mlplatform.local.deploy.kubectl import Kubectl, Manifest, stream
from mlplatform.local.deploy.random_values import MAKERS, SECRET_OUTPUTS
from mlplatform.render.kubernetes import describe
from mlplatform.render.values import reveal, unknown_paths

STORE: Final = "mlplatform-generated"
"""Name of the Secret, in the platform's namespace."""

_PREFIX: Final = "random:"
_MANAGER: Final = "mlplatform-generated"


@dataclass(frozen=True)
class Record:
    """One resource's values, and the arguments they were made from."""

    urn: str
    type: str
    inputs: Mapping[str, Any] = field(repr=False)
    outputs: Mapping[str, Any] = field(repr=False)
    former: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Outputs that were replaced, oldest first."""

    def known(self) -> dict[str, Any]:
        """Return the outputs for an evaluation, secrets marked."""
        secret = SECRET_OUTPUTS.get(self.type, frozenset())
        return {key: Secret(value) if key in secret else value for key, value in self.outputs.items()}


Records = dict[str, Record]
KnownOutputs = dict[str, dict[str, Any]]


def read(kubectl: Kubectl) -> Records:
    """Return what the cluster keeps, by URN; nothing where it keeps nothing yet."""
    return _records(kubectl.get("secret", STORE, SYSTEM_NAMESPACE))


def known_outputs(records: Records) -> KnownOutputs:
    """Return the values as an evaluation takes them, by URN."""
    return {urn: record.known() for urn, record in sorted(records.items())}


def complete(graph: ResourceGraph, records: Records) -> Records:
    """Return the records with a value for each random resource of the graph; the same object where none was missing.

    Raises ``UserError`` that lists every resource for which no value can be made.
    """
    problems, made = [], {}
    for resource in graph.resources:
        if resource.type.startswith(_PREFIX) and resource.custom:
            try:
                record = _made(resource, records.get(resource.urn))
            except (ValueError, KeyError) as error:
                problems.append(f"{describe(resource)}: {error}")
            else:
                made[resource.urn] = record
    if problems:
        raise UserError("\n".join(problems))
    new = {urn: record for urn, record in made.items() if records.get(urn) is not record}
    return {**records, **new} if new else records


def save(kubectl: Kubectl, records: Records) -> None:
    """Keep the records in the cluster, before anything is deployed that uses them.

    Raises ``UserError`` where another process wrote the Secret since it was read.
    """
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}}
    if kubectl.get("namespace", SYSTEM_NAMESPACE) is None:
        kubectl.output(_apply_args(), stream([namespace]))
    live = kubectl.get("secret", STORE, SYSTEM_NAMESPACE)
    lost = sorted(set(_records(live)) - set(records))
    if lost:
        raise UserError(f"secret {SYSTEM_NAMESPACE}/{STORE}: another process added values to it", "run it again")
    kubectl.output(_apply_args(), stream([_manifest(records, live)]))


def _apply_args() -> list[str]:
    return ["apply", "--server-side", f"--field-manager={_MANAGER}", "--filename=-"]


def _made(resource: Resource, record: Record | None) -> Record:
    unknown = list(unknown_paths(resource.inputs))
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is known only after a deployment")
    inputs = reveal(resource.inputs)
    if record is not None and record.inputs == inputs:
        return record
    if record is not None and resource.options.protect:
        raise ValueError("it is protected, and its arguments changed, which would replace its value")
    maker = MAKERS.get(resource.type)
    if maker is None:
        raise ValueError(f"only the Pulumi engine can make it; here are supported: {', '.join(sorted(MAKERS))}")
    former = (*record.former, record.outputs) if record is not None else ()
    return Record(resource.urn, resource.type, inputs, maker(inputs), former)


def _key(urn: str) -> str:
    return sha256(urn.encode()).hexdigest()[:40]


def _manifest(records: Records, live: Manifest | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": STORE,
        "namespace": SYSTEM_NAMESPACE,
        "labels": {"app.kubernetes.io/part-of": "mlplatform", "app.kubernetes.io/managed-by": "mlplatform"},
    }
    if live is not None:
        # The API server refuses the write if someone else wrote in between.
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
    data = {_key(urn): _encoded(record) for urn, record in sorted(records.items())}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def _encoded(record: Record) -> str:
    fields = {
        "urn": record.urn,
        "type": record.type,
        "inputs": record.inputs,
        "outputs": record.outputs,
        "former": record.former,
    }
    return base64.b64encode(json.dumps(fields, sort_keys=True).encode()).decode()


def _records(live: Manifest | None) -> Records:
    records = {}
    for key, value in (live or {}).get("data", {}).items():
        try:
            fields = json.loads(base64.b64decode(value))
            record = Record(fields["urn"], fields["type"], fields["inputs"], fields["outputs"], tuple(fields["former"]))
        except (ValueError, KeyError, TypeError):
            raise UserError(f"secret {SYSTEM_NAMESPACE}/{STORE}: the value of key {key} is damaged") from None
        records[record.urn] = record
    return records
