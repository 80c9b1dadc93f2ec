"""Where Pulumi keeps its state: the user's backend where there is one, else files of ours."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_BACKEND: Final = "PULUMI_BACKEND_URL"
_TOKEN: Final = "PULUMI_ACCESS_TOKEN"  # noqa: S105  a variable's name


@dataclass(frozen=True)
class Backend:
    """A backend, and what has to be in the environment of the CLI to use it."""

    own: bool
    """Whether its files are ours, and go away with the environment."""
    description: str
    environment: Mapping[str, str] = field(default_factory=dict)
    state: Path | None = None
    """Directory of the state, where it is our own."""

    def locks(self) -> list[Path]:
        """Return the locks that an interrupted run left in our own state."""
        return sorted(self.state.glob(".pulumi/locks/**/*.json")) if self.state is not None else []


def named_backend(environ: Mapping[str, str] = os.environ) -> Backend | None:
    """Return the backend that the user has named by a variable, or None."""
    if not environ.get(_BACKEND):
        return None
    return Backend(own=False, description=f"the one that {_BACKEND} names")


def users_backend(environ: Mapping[str, str] = os.environ) -> Backend | None:
    """Return the backend that the user has chosen by a variable or a login, or None."""
    named = named_backend(environ)
    if named is not None:
        return named
    if environ.get(_TOKEN):
        return Backend(own=False, description=f"the one that {_TOKEN} is for")
    home = Path(environ.get("PULUMI_HOME") or Path(environ.get("HOME") or Path.home()) / ".pulumi")
    try:
        current = json.loads((home / "credentials.json").read_text(encoding="utf-8")).get("current")
    except (OSError, ValueError, AttributeError):
        return None
    return Backend(own=False, description=f"{current}, which you are logged in to") if current else None


def own_backend(directory: Path) -> Backend:
    """Make a backend of files below ``directory``, with a passphrase that only the user can read.

    A passphrase that the user has set for other projects is not used: without it the state could not be read again.
    """
    state = directory / "state"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    variables = {
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase(directory / "passphrase")),
    }
    return Backend(own=True, description=f"files in {state}", environment=variables, state=state)


def _passphrase(path: Path) -> Path:
    if not path.exists():
        partial = path.with_suffix(".new")
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - the mode has to be set as the file is made
            file.write(secrets.token_urlsafe(32))
        partial.rename(path)
    return path
