"""What tests of several trees share: a live control plane."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlplatform.errors import UserError
from mlplatform.local.binaries import resolve
from mlplatform.local.cluster import ControlPlane
from mlplatform.local.paths import STATE_VARIABLE
from mlplatform.local.tools import TOOLS
from stacks.settings import load_file

PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs under test: a shell ignores it for what it runs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every test of the shared control plane in one worker; one that has its own may run beside it."""
    for item in items:
        if item.get_closest_marker("cluster") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("cluster"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Obtain the programs before any test's time starts to run: on a machine without them they are built."""
    if getattr(session.config.option, "loadgroup", False):
        apart = [
            each.nodeid for each in session.items if each.get_closest_marker("xdist_group") and "@" not in each.nodeid
        ]
        if apart:
            raise pytest.UsageError(f"xdist does not keep groups of tests together: {apart[0]}")
    if any(item.get_closest_marker("cluster") for item in session.items):
        # Where they cannot be obtained, the control plane's start says so, and fails its tests and no others.
        with contextlib.suppress(UserError):
            resolve(TOOLS, print)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Give the committed local environment's control plane, with nothing deployed to it and state of its own.

    Tests that share it name what they create after themselves, and remove what another could trip over.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))
        plane = ControlPlane.for_settings(load_file(PROJECT / "stacks" / "Pulumi.local.yaml"))
    try:
        plane.start(print)
        yield plane
    finally:
        plane.stop()
