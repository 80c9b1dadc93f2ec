"""The programs that the local environment runs: their versions, how one is recognised, downloaded and built."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from components import versions


@dataclass(frozen=True)
class Release:
    """Where a project publishes a program. ``{version}``, ``{os}`` and ``{arch}`` are filled in."""

    host: str
    """Key of the base address, so that a mirror can take the host's place."""
    path: str
    """Path of the file below the base address."""
    checksum: str
    """Path of the published checksums, or of the release's description where ``checksum_kind`` is ``github``."""
    checksum_host: str
    """Key of the base address of ``checksum``."""
    checksum_kind: str = "sums"
    """``sums``: a file of one or more checksums; ``github``: a release description with a digest per asset."""
    member: str = ""
    """Path inside the archive; empty where the file is the program itself."""


@dataclass(frozen=True)
class Build:
    """How a program is built from its Go module."""

    module: str
    """Directory of the module below ``mlplatform/local/build``."""
    package: str
    """Import path of the command."""
    stamps: Mapping[str, str] = field(default_factory=dict)
    """Linker variables that hold the version, by name."""
    extra_module: str = ""
    """Module that holds files to be kept beside the program."""
    extra_files: tuple[str, ...] = ()
    """Patterns of those files, below the module's root; kept in a directory ``crds``."""


@dataclass(frozen=True)
class Tool:
    """One program."""

    name: str
    """Name of the executable."""
    version: str
    """Pinned version, with the leading ``v``."""
    build: Build
    """The Go build."""
    release: Release | None = None
    """The official download; None where the project publishes none."""
    version_args: tuple[str, ...] = ("--version",)
    """Arguments that make it print its version; empty where it does not tell."""
    minor_skew: int | None = 0
    """Minor versions by which one on PATH may differ from the pin; None: any of the same major version."""

    def accepts(self, version: tuple[int, int]) -> bool:
        """Tell whether a program of that major and minor version can take the pinned one's place."""
        major, minor = parse_version(self.version)
        if version[0] != major:
            return False
        return self.minor_skew is None or abs(version[1] - minor) <= self.minor_skew

    def accepted(self) -> str:
        """Say in words which versions ``accepts`` takes."""
        major, minor = parse_version(self.version)
        if self.minor_skew is None:
            return f"{major}.x"
        if self.minor_skew == 0:
            return f"{major}.{minor}.x"
        return f"{major}.{minor - self.minor_skew}.x to {major}.{minor + self.minor_skew}.x"


def parse_version(text: str) -> tuple[int, int]:
    """Return major and minor version of a pin such as ``v1.36.3``."""
    major, minor = text.removeprefix("v").split(".")[:2]
    return int(major), int(minor)


_KUBERNETES_STAMPS: Final = {
    "k8s.io/component-base/version.gitVersion": versions.KUBERNETES,
    "k8s.io/component-base/version.gitMajor": str(parse_version(versions.KUBERNETES)[0]),
    "k8s.io/component-base/version.gitMinor": str(parse_version(versions.KUBERNETES)[1]),
    "k8s.io/component-base/version.gitTreeState": "clean",
}


def _kubernetes(name: str, version_args: tuple[str, ...] = ("--version",), minor_skew: int = 0) -> Tool:
    path = f"release/{{version}}/bin/{{os}}/{{arch}}/{name}"
    return Tool(
        name=name,
        version=versions.KUBERNETES,
        build=Build("kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBERNETES_STAMPS),
        release=Release("kubernetes", path, f"{path}.sha256", "kubernetes"),
        version_args=version_args,
        minor_skew=minor_skew,
    )


def _kwok(name: str) -> Tool:
    repository = "kubernetes-sigs/kwok"
    return Tool(
        name=name,
        version=versions.KWOK,
        build=Build("kwok", f"sigs.k8s.io/kwok/cmd/{name}", {"sigs.k8s.io/kwok/pkg/consts.Version": versions.KWOK}),
        release=Release(
            "github",
            f"{repository}/releases/download/{{version}}/{name}-{{os}}-{{arch}}",
            f"repos/{repository}/releases/tags/{{version}}",
            "github-api",
            "github",
        ),
    )


_ETCD: Final = Tool(
    name="etcd",
    version=versions.ETCD,
    build=Build("etcd", "go.etcd.io/etcd/server/v3"),
    release=Release(
        "github",
        "etcd-io/etcd/releases/download/{version}/etcd-{version}-{os}-{arch}.tar.gz",
        "etcd-io/etcd/releases/download/{version}/SHA256SUMS",
        "github",
        member="etcd-{version}-{os}-{arch}/etcd",
    ),
)

_KARPENTER: Final = Tool(
    name="karpenter",
    version=versions.KARPENTER,
    build=Build(
        "karpenter",
        "sigs.k8s.io/karpenter/kwok",
        {"sigs.k8s.io/karpenter/pkg/operator.Version": versions.KARPENTER.removeprefix("v")},
        extra_module="sigs.k8s.io/karpenter",
        extra_files=("pkg/apis/crds/karpenter.sh_*.yaml", "kwok/apis/crds/*.yaml"),
    ),
    version_args=(),
)

_HELM: Final = Tool(
    name="helm",
    version=versions.HELM,
    build=Build("helm", "helm.sh/helm/v3/cmd/helm", {"helm.sh/helm/v3/internal/version.version": versions.HELM}),
    release=Release(
        "helm",
        "helm-{version}-{os}-{arch}.tar.gz",
        "helm-{version}-{os}-{arch}.tar.gz.sha256sum",
        "helm",
        member="{os}-{arch}/helm",
    ),
    version_args=("version", "--short"),
    minor_skew=None,
)

TOOLS: Final[Mapping[str, Tool]] = {
    tool.name: tool
    for tool in (
        _ETCD,
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        _kubernetes("kubectl", ("version", "--client"), minor_skew=1),
        _kwok("kwok"),
        _kwok("kwokctl"),
        _KARPENTER,
        _HELM,
    )
}
"""Every program by name, in the order in which they are obtained."""

_ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def target() -> tuple[str, str]:
    """Return operating system and architecture of this machine, in the names that Go uses."""
    machine = platform.machine().lower()
    return platform.system().lower(), _ARCHITECTURES.get(machine, machine)
