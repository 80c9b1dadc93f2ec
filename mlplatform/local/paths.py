"""Where the local environment keeps its files: a cache that outlives clusters, and one state directory per cluster."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "MLPLATFORM_CACHE_DIR"
"""Environment variable that replaces the user's cache directory."""

STATE_VARIABLE = "MLPLATFORM_STATE_DIR"
"""Environment variable that replaces the user's state directory."""


def cache_dir() -> Path:
    """Return the cache directory, which need not exist yet."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return (Path(chosen) if chosen else platformdirs.user_cache_path("mlplatform")).expanduser().resolve()


def state_dir() -> Path:
    """Return the directory that holds one directory per cluster; it need not exist yet."""
    chosen = os.environ.get(STATE_VARIABLE)
    return (Path(chosen) if chosen else platformdirs.user_state_path("mlplatform")).expanduser().resolve()
