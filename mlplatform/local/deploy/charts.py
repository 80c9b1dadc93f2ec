"""Where charts come from: their repositories, or a mirror of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import yaml

from mlplatform.errors import UserError
from mlplatform.render.kubernetes import HelmRelease

_OCI: Final = "oci://"
_SUPPORTED: Final = frozenset({
    "allowNullValues", "atomic", "chart", "cleanupOnFail", "compat", "createNamespace", "dependencyUpdate",
    "description", "disableOpenapiValidation", "disableWebhooks", "maxHistory", "name", "namespace", "repositoryOpts",
    "resetValues", "skipAwait", "skipCrds", "timeout", "values", "version", "waitForJobs",
})  # fmt: skip
"""Arguments of a Release that are honoured, or that helm does anyway."""


@dataclass(frozen=True)
class ChartSources:
    """Where charts are taken from in an environment."""

    mirror: str | None = None
    """Directory, OCI registry or HTTP repository that takes the place of every repository."""
    repositories: Mapping[str, str] = field(default_factory=dict)
    """Addresses that take the place of repositories, by the address or the chart's name."""


@dataclass(frozen=True)
class Chart:
    """A chart as helm is told to find it."""

    reference: str
    """Name, path or OCI address."""
    name: str
    version: str | None
    digest: str
    """Digest of the files of a chart on disk; empty for others, whose version does not change under them."""
    args: tuple[str, ...]

    @property
    def title(self) -> str:
        """How messages name it."""
        repository = next((arg.partition("=")[2] for arg in self.args if arg.startswith("--repo=")), "")
        version = f" {self.version}" if self.version else ""
        return f"{self.reference}{version}{f' from {repository}' if repository else ''}"


def unsupported_options(release: HelmRelease) -> list[str]:
    """Return what of a release's arguments only the Pulumi engine can do."""
    problems = [
        f"{name}: only the Pulumi engine supports it"
        for name in sorted(set(release.inputs) - _SUPPORTED)
        if release.inputs[name] not in (False, None, [], {})
    ]
    credentials = sorted(set(release.inputs.get("repositoryOpts", {})) - {"repo"})
    return problems + [
        f"repositoryOpts.{name}: log in with helm registry login or helm repo add instead" for name in credentials
    ]


def chart_of(release: HelmRelease, sources: ChartSources) -> Chart:
    """Find out where a release's chart comes from.

    Raises ``UserError`` where the chart is a directory or an archive on disk that cannot be read.
    """
    name = release.chart.rstrip("/").rpartition("/")[2]
    repository = sources.repositories.get(name) or sources.repositories.get(release.repository or "")
    repository = repository or release.repository
    if sources.mirror is not None and not Path(release.chart).exists():
        return _mirrored(release, name, sources.mirror)
    if release.chart.startswith(_OCI):
        registry = sources.repositories.get(release.chart)
        return _remote(registry or release.chart, name, release.version, None)
    if repository and repository.startswith(_OCI):
        return _remote(f"{repository.rstrip('/')}/{name}", name, release.version, None)
    if repository:
        return _remote(name, name, release.version, repository)
    return _on_disk(Path(release.chart), release.version)


def _mirrored(release: HelmRelease, name: str, mirror: str) -> Chart:
    if mirror.startswith(_OCI):
        return _remote(f"{mirror.rstrip('/')}/{name}", name, release.version, None)
    if mirror.startswith(("http://", "https://")):
        return _remote(name, name, release.version, mirror)
    directory = Path(mirror).expanduser()
    names = [name, f"{name}-{release.version}", f"{name}-{release.version}.tgz", f"{name}/{release.version}"]
    for candidate in (directory / each for each in names):
        if candidate.is_file() or (candidate / "Chart.yaml").is_file():
            return _on_disk(candidate, release.version)
    return _remote(str(directory / f"{name}-{release.version}.tgz"), name, release.version, None)


def _remote(reference: str, name: str, version: str | None, repository: str | None) -> Chart:
    args = [f"--version={version}"] if version and not reference.endswith(".tgz") else []
    return Chart(reference, name, version, "", (*args, *([f"--repo={repository}"] if repository else [])))


def _on_disk(path: Path, version: str | None) -> Chart:
    if path.is_file():
        name = path.name.removesuffix(".tgz").rpartition("-")[0] or path.stem
        return Chart(str(path), name, version, sha256(path.read_bytes()).hexdigest()[:16], ())
    definition = path / "Chart.yaml"
    if not definition.is_file():
        return Chart(str(path), path.name, version, "", ())
    try:
        described = yaml.safe_load(definition.read_text(encoding="utf-8"))
        name, found = str(described["name"]), str(described["version"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{definition}: is no chart definition: {error}") from error
    if version is not None and version != found:
        raise UserError(f"{definition}: version is {found}, and {version} is wanted")
    digest = sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        digest.update(file.relative_to(path).as_posix().encode() + b"\0" + file.read_bytes())
    return Chart(str(path), name, found, digest.hexdigest()[:16], ())
