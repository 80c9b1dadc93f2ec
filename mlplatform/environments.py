"""The environments of a project: which there are, their settings, and how to evaluate them."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlplatform.errors import UserError
from mlplatform.graph import EvaluationRequest
from mlplatform.preload import preload
from stacks.clouds import cluster_name
from stacks.settings import Problem, Settings, SettingsError, environments, load_file, pulumi_config

PROGRAM = Path(__file__).resolve().parent.parent / "stacks"
"""Directory of the Pulumi program, and of its environment files unless the user names another."""


@functools.cache
def _preloading(cloud: str) -> Callable[[], None]:
    """Return the loading of a cloud's modules, the same for all of its environments."""
    return functools.partial(preload, cloud)


@dataclass(frozen=True)
class Environment:
    """One environment: a name, its file and what the file says."""

    name: str
    file: Path
    settings: Settings

    @property
    def cluster_name(self) -> str:
        """Name of the environment's cluster and of its kubeconfig context."""
        return cluster_name(self.settings)

    def request(self, known_outputs: Mapping[str, Mapping[str, Any]] | None = None) -> EvaluationRequest:
        """Ask for an evaluation of the environment; ``known_outputs`` replaces stand-ins, by URN."""
        return EvaluationRequest(
            environment=self.name,
            config=pulumi_config(self.file),
            program=PROGRAM,
            known_outputs=known_outputs or {},
            preload=_preloading(self.settings.cloud.value),
        )


def environment_file(stacks: Path, name: str) -> Path:
    """Where the environment's file is or would be."""
    return stacks / f"Pulumi.{name}.yaml"


def load(stacks: Path, names: Sequence[str] = ()) -> list[Environment]:
    """Read the named environments, or all of them, in order of name.

    Raises ``SettingsError`` with the problems of every file at once.
    """
    loaded: list[Environment] = []
    problems: list[Problem] = []
    chosen = sorted(set(names)) or environments(stacks)
    if not chosen:
        raise UserError(f"{stacks}: holds no environment file", "name another directory with --stacks")
    for name in chosen:
        file = environment_file(stacks, name)
        try:
            loaded.append(Environment(name, file, load_file(file)))
        except SettingsError as error:
            problems.extend(error.problems)
    if problems:
        raise SettingsError(tuple(problems))
    return loaded
