"""Runs kubectl. Everything that may be secret goes in and out through pipes."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from mlplatform.errors import UserError
from mlplatform.graph.markers import Plain
from mlplatform.local.deploy.scrub import Scrubber
from mlplatform.local.deploy.target import Target

_TIMEOUT_SECONDS: Final = 600
_UNREACHABLE: Final = (
    "connection to the server",
    "was refused",
    "Unable to connect to the server",
    "i/o timeout",
    "context deadline exceeded",
)

Manifest = Mapping[str, Any]
Key = tuple[str, str, str, str]
"""Identity of an object: group, kind, namespace, name."""


class KubectlError(UserError):
    """A kubectl command failed; ``stderr`` is what it said."""

    def __init__(self, message: str, stderr: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.stderr = stderr


@dataclass(frozen=True)
class Completed:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Kind:
    """One kind that the API server serves."""

    group: str
    kind: str
    resource: str
    """Plural name with its group, as kubectl takes it: ``deployments.apps``."""
    namespaced: bool


def key_of(manifest: Manifest) -> Key:
    """Return the identity of an object."""
    metadata = manifest.get("metadata", {})
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    return group, str(manifest.get("kind")), str(metadata.get("namespace", "")), str(metadata.get("name"))


def label_of(key: Key) -> str:
    """Name an object in a message: ``Deployment team-a/web``."""
    _, kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def stream(manifests: Iterable[Manifest]) -> str:
    """Write objects one after the other for kubectl's standard input.

    Not as one list: kubectl checks a list by itself and as a whole, so that one bad object would keep back all others.
    """
    return "\n".join(json.dumps(manifest) for manifest in manifests)


class Kubectl:
    """kubectl, bound to one cluster."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.scrub = Scrubber()
        """Applied to what kubectl says on its standard error."""

    def run(
        self, args: Sequence[str], stdin: str | None = None, environment: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a command to its end, whether it succeeds or not."""
        command = [
            str(self.target.kubectl),
            f"--kubeconfig={self.target.kubeconfig}",
            f"--context={self.target.context}",
            f"--cache-dir={self.target.scratch / 'kubectl-cache'}",
            *args,
        ]
        # A user's kuberc may change defaults of the commands that are relied on here.
        variables = {**os.environ, "KUBERC": "off", "KUBECTL_KUBERC": "false", **(environment or {})}
        try:
            done = subprocess.run(
                command,
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                text=True,
                env=variables,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except OSError as error:
            raise UserError(f"{self.target.kubectl}: cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired:
            raise UserError(f"kubectl {args[0]} gave no answer within {_TIMEOUT_SECONDS} s") from None
        return Completed(done.returncode, done.stdout, self.scrub(done.stderr))

    def output(self, args: Sequence[str], stdin: str | None = None) -> str:
        """Run a command and return what it printed; raise ``KubectlError`` where it fails."""
        done = self.run(args, stdin)
        if done.code != 0:
            raise self.error(args, done)
        return done.stdout

    def error(self, args: Sequence[str], done: Completed) -> KubectlError:
        """Say why a command failed."""
        text = done.stderr.strip().removeprefix("error: ").removeprefix("Error from server ")
        if any(mark in text for mark in _UNREACHABLE):
            return KubectlError(
                f"the API server of {self.target.context} does not answer",
                done.stderr,
                f"start it again with: mlplatform up {self.target.environment}",
            )
        return KubectlError(f"kubectl {args[0]} failed: {text or f'exit code {done.code}'}", done.stderr)

    def json(self, args: Sequence[str], stdin: str | None = None) -> Plain:
        """Run a command with JSON output and return it; None where it printed nothing."""
        text = self.output([*args, "--output=json"], stdin)
        return json.loads(text) if text.strip() else None

    def get(self, resource: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Return one live object, or None where it does not exist."""
        args = ["get", resource, name, "--ignore-not-found", *in_namespace(namespace)]
        found: dict[str, Any] | None = self.json(args)
        return found

    def items(self, resources: Sequence[str], *, selector: str = "", namespace: str = "") -> list[dict[str, Any]]:
        """List live objects of some kinds; of all namespaces where none is given."""
        if not resources:
            return []
        args = ["get", ",".join(resources), *(in_namespace(namespace) or ["--all-namespaces"]), "--ignore-not-found"]
        if selector:
            args.append(f"--selector={selector}")
        return _listed(self.json(args))

    def live(self, manifests: Iterable[Manifest], *, managers: bool = False) -> dict[Key, dict[str, Any]]:
        """Return those of the objects that exist, as they are now. All kinds must be served."""
        wanted = list(manifests)
        if not wanted:
            return {}
        args = ["get", "--filename=-", "--ignore-not-found", *(["--show-managed-fields"] if managers else [])]
        return {key_of(each): each for each in _listed(self.json(args, stream(wanted)))}

    @cached_property
    def kinds(self) -> dict[tuple[str, str], Kind]:
        """Kinds that the API server serves, by group and kind."""
        served: dict[tuple[str, str], Kind] = {}
        for each in self.json(["api-resources"])["resources"]:
            group, kind = each.get("group", ""), each["kind"]
            if {"get", "list"} <= set(each.get("verbs", ())):
                resource = f"{each['name']}.{group}" if group else each["name"]
                served.setdefault((group, kind), Kind(group, kind, resource, bool(each.get("namespaced"))))
        return served

    def forget_kinds(self) -> None:
        """Read the served kinds anew at their next use: after definitions came or went."""
        self.__dict__.pop("kinds", None)

    def serves(self, manifest: Manifest) -> bool:
        """Tell whether the API server knows an object's kind."""
        return key_of(manifest)[:2] in self.kinds

    def resource(self, key: Key) -> str:
        """Return what kubectl calls the object's kind, such as ``deployments.apps``."""
        return self.kinds[key[0], key[1]].resource


def in_namespace(namespace: str) -> list[str]:
    """Return the argument that names a namespace; none for objects without one."""
    return [f"--namespace={namespace}"] if namespace else []


def _listed(answer: Plain) -> list[dict[str, Any]]:
    if answer is None:
        return []
    if str(answer.get("kind", "")).endswith("List") and "items" in answer:
        items: list[dict[str, Any]] = answer["items"]
        return items
    return [answer]
