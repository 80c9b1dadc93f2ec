"""The cache of programs: one directory per program and version, with the hashes of what was put there.

An entry appears by one rename, so a program that is killed while it fills the cache leaves no half entry. An entry
whose files no longer match their recorded hashes counts as absent and is obtained again.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlplatform.local.tools import Tool, target

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """A program in the cache."""

    directory: Path
    """Directory of the program and the files beside it."""
    path: Path
    """The program."""
    source: str
    """``download`` or ``build``."""


class Store:
    """The part of the cache that holds programs."""

    def __init__(self, root: Path) -> None:
        self._root = root / "bin"
        self._scratch = root / "tmp"

    def directory(self, tool: Tool) -> Path:
        """Return where the program of this version and machine is kept."""
        return self._root / tool.name / "-".join((tool.version, *target()))

    def find(self, tool: Tool, *, full: bool = False) -> Entry | None:
        """Return the program if it is there and unchanged since it was put there.

        Sizes and modification times are compared; a file whose modification time differs is hashed, and with ``full``
        every file is.
        """
        directory = self.directory(tool)
        manifest = _read_manifest(directory)
        if manifest is None or tool.name not in manifest["files"]:
            return None
        touched = False
        for name, facts in manifest["files"].items():
            path = directory / name
            try:
                stat = path.stat()
            except OSError:
                return None
            if stat.st_size != facts["size"]:
                return None
            moved = stat.st_mtime_ns != facts["mtime_ns"]
            if (moved or full) and sha256(path) != facts["sha256"]:
                return None
            if moved:
                facts["mtime_ns"] = stat.st_mtime_ns
                touched = True
        if touched:
            # A cache that cannot be written is hashed again the next time.
            with suppress(OSError):
                _write_manifest(directory, manifest)
        return Entry(directory, directory / tool.name, manifest["source"])

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give an empty directory on the cache's file system, and remove it afterwards."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch) as name:
            yield Path(name)

    def sweep(self) -> None:
        """Remove what killed programs left of their staging directories. Call it only under the cache's lock."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def put(self, tool: Tool, staged: Path, source: str) -> Entry:
        """Make the staged directory the program's entry, in place of any other."""
        (staged / tool.name).chmod(0o755)
        files = {}
        for path in sorted(p for p in staged.rglob("*") if p.is_file()):
            stat = path.stat()
            name = path.relative_to(staged).as_posix()
            files[name] = {"sha256": sha256(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        _write_manifest(staged, {"version": tool.version, "source": source, "files": files})
        directory = self.directory(tool)
        directory.parent.mkdir(parents=True, exist_ok=True)
        # A running cluster may still execute the old file: it is unlinked, never written to.
        shutil.rmtree(directory, ignore_errors=True)
        staged.rename(directory)
        return Entry(directory, directory / tool.name, source)


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(directory: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((directory / _MANIFEST).read_text(encoding="utf-8"))
        usable = isinstance(manifest["files"], dict) and isinstance(manifest["source"], str)
        usable = usable and all({"sha256", "size", "mtime_ns"} <= set(facts) for facts in manifest["files"].values())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if usable else None


def _write_manifest(directory: Path, manifest: dict[str, Any]) -> None:
    partial = directory / f"{_MANIFEST}.partial"
    partial.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(directory / _MANIFEST)
