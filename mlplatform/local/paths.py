"""Where the local environment keeps its files: a cache that outlives clusters, and one state directory per cluster."""

import os
from pathlib import Path

import platformdirs

from mlplatform.errors import UserError

CACHE_VARIABLE = "MLPLATFORM_CACHE_DIR"
"""Environment variable that replaces the user's cache directory."""

STATE_VARIABLE = "MLPLATFORM_STATE_DIR"
"""Environment variable that replaces the user's state directory."""


def cache_dir() -> Path:
    """Return the cache directory, which need not exist yet."""
    return _directory(CACHE_VARIABLE, platformdirs.user_cache_path("mlplatform"))


def state_dir() -> Path:
    """Return the directory that holds one directory per cluster; it need not exist yet."""
    return _directory(STATE_VARIABLE, platformdirs.user_state_path("mlplatform"))


def _directory(variable: str, default: Path) -> Path:
    chosen = os.environ.get(variable)
    try:
        return (Path(chosen) if chosen else default).expanduser().resolve()
    except RuntimeError as error:
        raise UserError(f"{variable}: got {chosen!r}; allowed: a directory of a user that exists") from error
