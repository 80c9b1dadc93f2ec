"""Official release downloads, each verified by the checksum that its project publishes."""

import hashlib
import re
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import requests

from mlplatform.local.tools import Release, Tool, target

BASES: Final[Mapping[str, str]] = {
    "kubernetes": "https://dl.k8s.io",
    "github": "https://github.com",
    "github-api": "https://api.github.com",
    "helm": "https://get.helm.sh",
}
"""Base addresses by the key that a ``Release`` names."""

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 30.0
_CHUNK = 1 << 20
_SHA256 = re.compile(r"\b[0-9a-fA-F]{64}\b")


class DownloadError(Exception):
    """A program could not be downloaded; the text says why."""


class Downloader:
    """Downloads releases. A host that cannot be reached once is not tried again by the same downloader."""

    def __init__(self, bases: Mapping[str, str] = BASES) -> None:
        self._bases = bases
        self._unreachable: dict[str, str] = {}
        self._session = requests.Session()

    def fetch(self, tool: Tool, staged: Path, begin: Callable[[], None] = lambda: None) -> None:
        """Put the tool's program into ``staged`` under the tool's name; call ``begin`` when there is one to download.

        Raises ``DownloadError`` where there is no release for this machine, no connection, or a checksum differs.
        """
        release = tool.release
        if release is None:
            raise DownloadError("its project publishes no release of it")
        system, arch = target()
        names = {"version": tool.version, "os": system, "arch": arch}
        path = release.path.format_map(names)
        wanted = self._published(release, release.checksum.format_map(names), path.rsplit("/", 1)[-1])
        file = staged / "release"
        begin()
        self._download(self._bases[release.host], path, file, wanted)
        program = staged / tool.name
        if release.member:
            _extract(file, release.member.format_map(names), program)
            file.unlink()
        else:
            file.rename(program)

    def _published(self, release: Release, path: str, name: str) -> str:
        """Return the published SHA-256 of the file ``name``."""
        response = self._get(self._bases[release.checksum_host], path, stream=False)
        if release.checksum_kind == "github":
            return _asset_digest(response, name)
        lines = [line for line in response.text.splitlines() if _SHA256.search(line)]
        named = [line for line in lines if line.split()[-1].lstrip("*") == name]
        # A checksum file of a single program may hold the checksum alone.
        candidates = named or [line for line in lines if len(line.split()) == 1]
        match = _SHA256.search(candidates[0]) if len(candidates) == 1 else None
        if match is None:
            raise DownloadError(f"{response.url} has no SHA-256 of {name}")
        return match.group().lower()

    def _download(self, base: str, path: str, file: Path, wanted: str) -> None:
        response = self._get(base, path, stream=True)
        digest = hashlib.sha256()
        try:
            with response, file.open("wb") as out:
                for chunk in response.iter_content(_CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
        except requests.RequestException as error:
            raise DownloadError(f"{base}/{path} broke off: {_reason(error)}") from error
        if digest.hexdigest() != wanted:
            raise DownloadError(
                f"{base}/{path} has SHA-256 {digest.hexdigest()}, but {wanted} is published; it was discarded"
            )

    def _get(self, base: str, path: str, *, stream: bool) -> requests.Response:
        if base in self._unreachable:
            raise DownloadError(self._unreachable[base])
        try:
            response = self._session.get(f"{base}/{path}", stream=stream, timeout=(_CONNECT_SECONDS, _READ_SECONDS))
        except requests.RequestException as error:
            self._unreachable[base] = f"cannot reach {base}: {_reason(error)}"
            raise DownloadError(self._unreachable[base]) from error
        if response.status_code != requests.codes.ok:
            response.close()
            raise DownloadError(f"{base}/{path} answered {response.status_code}")
        return response


def _asset_digest(response: requests.Response, name: str) -> str:
    try:
        assets = response.json()["assets"]
        digests = [str(asset["digest"]) for asset in assets if asset["name"] == name and asset.get("digest")]
    except (ValueError, KeyError, TypeError) as error:
        raise DownloadError(f"{response.url} is not a release description") from error
    if len(digests) != 1 or not digests[0].startswith("sha256:"):
        raise DownloadError(f"{response.url} has no SHA-256 of {name}")
    return digests[0].removeprefix("sha256:").lower()


def _extract(archive: Path, member: str, program: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            source = tar.extractfile(member)
            if source is None:
                raise DownloadError(f"the archive's {member} is not a file")
            with source, program.open("wb") as out:
                while chunk := source.read(_CHUNK):
                    out.write(chunk)
    except (tarfile.TarError, KeyError, EOFError, OSError) as error:
        raise DownloadError(f"the archive cannot be read: {error}") from error


def _reason(error: BaseException) -> str:
    """Return the innermost cause, which alone says what happened to the connection."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return str(cause) or type(cause).__name__
