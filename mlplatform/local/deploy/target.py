"""The cluster that is deployed to, and the programs that do it."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FIELD_MANAGER: Final = "mlplatform"
"""Who the API server records as the owner of the fields that are applied."""


@dataclass(frozen=True)
class Target:
    """One cluster, reached by a context of a kubeconfig file, and the programs to reach it with."""

    environment: str
    kubeconfig: Path
    context: str
    kubectl: Path
    helm: Path

    @property
    def scratch(self) -> Path:
        """Directory beside the kubeconfig for files that go away with the cluster; it holds no secrets."""
        return self.kubeconfig.parent

    def command(self, *args: str) -> str:
        """Write out a kubectl command that a user can paste."""
        return shlex.join([str(self.kubectl), "--kubeconfig", str(self.kubeconfig), "--context", self.context, *args])

    def helm_command(self, *args: str) -> str:
        """Write out a helm command that a user can paste."""
        access = ["--kubeconfig", str(self.kubeconfig), "--kube-context", self.context]
        return shlex.join([str(self.helm), *access, *args])
