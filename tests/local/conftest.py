"""What tests of the local environment share."""

import hashlib
import http.server
import io
import json
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mlplatform.local.binaries import SOURCES_VARIABLE, resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.downloads import BASES
from mlplatform.local.paths import CACHE_VARIABLE, STATE_VARIABLE
from mlplatform.local.tools import TOOLS, target


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    path = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(path))
    monkeypatch.delenv(SOURCES_VARIABLE, raising=False)
    return path


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory for the state of clusters."""
    path = tmp_path / "state"
    monkeypatch.setenv(STATE_VARIABLE, str(path))
    return path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Make the only directory on PATH, beside the system's shell, and give a function that puts a script there."""
    directory = tmp_path / "programs"
    directory.mkdir()
    for name in ("sh", "cat", "cp", "mkdir", "sleep"):
        (directory / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(directory))

    def add(name: str, script: str) -> Path:
        path = directory / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return add


class Kubectl:
    """Runs kubectl as the administrator of a cluster."""

    def __init__(self, plane: ControlPlane) -> None:
        program = resolve(["kubectl"], lambda _: None)["kubectl"]
        self._command = [str(program), f"--kubeconfig={plane.access.kubeconfig}", f"--context={plane.access.context}"]

    def try_(self, *arguments: str, objects: list[dict] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail; ``objects`` are what it reads."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}) if objects else None
        command = [*self._command, *arguments, *(["--filename=-"] if objects else [])]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)

    def __call__(self, *arguments: str, objects: list[dict] | None = None) -> str:
        """Run a command that has to succeed, and return what it prints."""
        done = self.try_(*arguments, objects=objects)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *arguments: str) -> dict:
        """Return objects."""
        return json.loads(self("get", "--output=json", *arguments))


def eventually(what: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until ``what`` returns something true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


@dataclass
class Mirror:
    """A download host on the loopback interface."""

    bases: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    def publish(self, name: str, content: bytes, *, checksum: str | None = None) -> None:
        """Publish a release of the tool with ``content`` as its program, and its checksum or the given one."""
        tool = TOOLS[name]
        release = tool.release
        assert release is not None
        system, arch = target()
        names = {"version": tool.version, "os": system, "arch": arch}
        path = release.path.format_map(names)
        if release.member:
            content = _archive(release.member.format_map(names), content)
        digest = checksum or hashlib.sha256(content).hexdigest()
        asset = path.rsplit("/", 1)[-1]
        self.files[path] = content
        if release.checksum_kind == "github":
            assets = [{"name": asset, "digest": f"sha256:{digest}"}, {"name": "other", "digest": None}]
            published = json.dumps({"assets": assets})
        elif name.startswith("kube"):
            published = digest
        else:
            published = f"{'0' * 64}  another-file\n{digest}  {asset}\n"
        self.files[release.checksum.format_map(names)] = published.encode()


def _archive(member: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A download host that publishes nothing yet."""
    published = Mirror({})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            published.requested.append(path)
            content = published.files.get(path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    published.bases = dict.fromkeys(BASES, f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield published
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """kubectl for the shared control plane."""
    return Kubectl(control_plane)


@pytest.fixture(name="eventually", scope="session")
def eventually_fixture() -> Callable[..., None]:
    """Give the function that waits for something."""
    return eventually


@pytest.fixture
def kubectl_for() -> Callable[[ControlPlane], Kubectl]:
    """Give the function that makes kubectl for any control plane."""
    return Kubectl
