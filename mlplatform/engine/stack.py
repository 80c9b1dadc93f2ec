"""Runs the Pulumi CLI for one environment.

A cloud's environment file is the CLI's own stack file, to which it adds what has to be committed with it (the
encryption salt). A local environment has secrets of its own on every machine, so there the CLI gets a copy of the file.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import filelock
import yaml

from mlplatform.engine.backend import Backend, named_backend, own_backend, users_backend
from mlplatform.engine.command import ENGINE_VARIABLE, Command, Found
from mlplatform.engine.credentials import missing_credentials
from mlplatform.errors import UserError
from mlplatform.local.paths import cache_dir

_PROJECT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = ("encryptionsalt", "secretsprovider", "encryptedkey")
"""What the CLI adds to an environment file."""


@dataclass(frozen=True)
class PulumiStack:
    """One environment as a stack of the Pulumi CLI."""

    name: str
    file: Path
    """The committed environment file."""
    command: Command
    backend: Backend
    directory: Path
    """Directory for the lock, and for the copy of the environment file."""
    copied: bool = False
    """Whether the CLI gets a copy of the environment file."""
    project: Path = _PROJECT
    """Directory of ``Pulumi.yaml``."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables for the program and the providers, such as ``KUBECONFIG``."""

    def up(self, *args: str) -> None:
        """Deploy; what the CLI prints goes to the terminal."""
        # A stack in a named backend may be older than the cluster that it describes.
        refresh = ["--refresh"] if self.copied and not self.backend.own else []
        self._deploy("up", ("--yes", *refresh, *args))

    def destroy(self, *args: str) -> None:
        """Delete everything that was deployed."""
        # The cluster of a local stack may be gone before its state is.
        gone = {"PULUMI_K8S_DELETE_UNREACHABLE": "true"} if self.copied else {}
        replace(self, variables={**self.variables, **gone})._deploy("destroy", ("--yes", *args))

    def _deploy(self, verb: str, args: Sequence[str]) -> None:
        if not (self.project / "Pulumi.yaml").is_file():
            raise UserError(
                f"{self.project} holds no Pulumi.yaml: the Pulumi CLI needs the project's source tree",
                f"run mlplatform from a checkout, or set {ENGINE_VARIABLE}=kubectl for the local environment",
            )
        with self._alone():
            file = self._copy_of_file() if self.copied else self.file
            self._create()
            if self.backend.locks():
                # Nobody else uses our own backend while we hold its lock: these are of a run that was killed.
                self._quiet(["cancel", "--yes", "--stack", self.name])
            code = self._run([verb, "--stack", self.name, "--config-file", str(file), *args])
        if code != 0:
            raise UserError(
                f"pulumi {verb} of {self.name} failed with exit code {code}",
                "what it printed above says why; run the same command again when that is mended",
            )

    def exists(self) -> bool:
        """Tell whether the backend has the stack."""
        listed = json.loads(self._quiet(["stack", "ls", "--json"]) or "[]")
        return self.name in {str(each["name"]).rpartition("/")[2] for each in listed}

    def _create(self) -> None:
        """Create the stack where the backend has none.

        That is done in the copy's directory, as the CLI writes the salt of a new stack beside ``Pulumi.yaml``. A
        cloud's stack is not created on the way: who makes it chooses the key that its secrets are encrypted with.
        """
        if self.exists():
            return
        if not self.copied:
            raise UserError(
                f"there is no stack {self.name} in the backend, {self.backend.description}",
                f"make it with a key of your cloud: pulumi stack init {self.name} --secrets-provider=<provider>://<key>",
            )
        self._quiet(["stack", "init", self.name, "--no-select"])

    def _write_project(self) -> None:
        """Make the copy's directory a project of the same name."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        project = yaml.safe_load((self.project / "Pulumi.yaml").read_text(encoding="utf-8"))
        minimal = {"name": project["name"], "runtime": "python"}
        _write(self.directory / "Pulumi.yaml", yaml.safe_dump(minimal, sort_keys=False))

    def _copy_of_file(self) -> Path:
        copy = self.directory / f"Pulumi.{self.name}.yaml"
        settings = _mapping(self.file)
        kept = _mapping(copy) if copy.exists() else {}
        added = {key: kept[key] for key in _KEPT if key in kept and key not in settings}
        _write(
            copy, self.file.read_text(encoding="utf-8").rstrip("\n") + "\n" + (yaml.safe_dump(added) if added else "")
        )
        return copy

    def _environment(self) -> dict[str, str]:
        users = dict(os.environ)
        if self.backend.own:
            # It would come before the file of our own passphrase.
            users.pop("PULUMI_CONFIG_PASSPHRASE", None)
        return {
            **users,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self.backend.environment,
            **self.variables,
        }

    def _quiet(self, args: list[str]) -> str:
        """Run a command of preparation, whose output matters only where it fails."""
        if self.copied:
            self._write_project()
        directory = self.directory if self.copied else self.project
        done = subprocess.run(
            [str(self.command.path), *args, "--non-interactive", "--cwd", str(directory)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self._environment(),
            check=False,
        )
        if done.returncode != 0:
            reason = done.stderr.strip().removeprefix("error: ") or f"exit code {done.returncode}"
            raise UserError(
                f"pulumi {' '.join(args[:2])} failed: {reason}", f"the backend is {self.backend.description}"
            )
        return done.stdout

    def _run(self, args: list[str]) -> int:
        command = [str(self.command.path), *args, "--non-interactive", "--cwd", str(self.project)]
        sys.stdout.flush()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, env=self._environment()) as process:
            interrupted: KeyboardInterrupt | None = None
            while True:
                try:
                    code = process.wait()
                except KeyboardInterrupt as interrupt:
                    # The terminal sent it to the CLI too, which ends in good order at the first, at once at the second.
                    interrupted = interrupt
                else:
                    break
        if interrupted is not None:
            raise interrupted
        return code

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with filelock.FileLock(self.directory / "lock").acquire(timeout=0):
                yield
        except filelock.Timeout:
            raise UserError(
                f"another deployment of {self.name} is under way", "wait for it to end, and run this again"
            ) from None


def local_stack(name: str, file: Path, command: Command, cluster_state: Path, kubeconfig: Path) -> PulumiStack:
    """Return the local environment as a stack, whose state lives and goes with the cluster.

    A login is no reason to share it: every machine has a cluster of its own. Where ``PULUMI_BACKEND_URL`` names a
    backend, that one is used, and ``destroy`` has to come before the cluster goes.
    """
    directory = cluster_state / "pulumi"
    backend = named_backend() or own_backend(directory)
    variables = {"KUBECONFIG": str(kubeconfig)}
    return PulumiStack(name, file, command, backend, directory, copied=True, variables=variables)


def cloud_stack(name: str, file: Path, cloud: str, config: Mapping[str, str], found: Found) -> PulumiStack:
    """Return a cloud's environment as a stack.

    Raises ``UserError`` that names everything that is missing: the CLI, credentials, a backend. State of a cloud is
    never kept on this machine unless the user says so, as losing it loses track of what was deployed.
    """
    problems = []
    if found.command is None:
        problems.append(f"there is no Pulumi CLI ({found.reason})")
    missing = missing_credentials(cloud, config)
    if missing:
        problems.append(f"there are no credentials for {cloud} (looked for: {missing})")
    backend = users_backend()
    if backend is None:
        problems.append("no Pulumi backend is chosen (run pulumi login, or set PULUMI_BACKEND_URL)")
    if found.command is None or backend is None or problems:
        raise UserError(
            f"{name} cannot be deployed from here:\n" + "\n".join(f"  {problem}" for problem in problems),
            f"what it would deploy is shown without any of that by: mlplatform preview {name}",
        )
    return PulumiStack(name, file, found.command, backend, cache_dir() / "pulumi" / "locks" / name)


def _mapping(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.new")
    partial.write_text(text, encoding="utf-8")
    partial.rename(path)
