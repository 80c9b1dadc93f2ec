"""TCP ports of the loopback interface."""

import random
import socket
import time

ADDRESS = "127.0.0.1"
"""Where every component listens, so that nothing of a laptop's cluster is reachable from outside."""

# Below the ports that systems give to outgoing connections, so that none of those takes one between choice and use.
_RANGE = range(15_000, 30_000)
_POLL_SECONDS = 0.05


def free(count: int) -> list[int]:
    """Return as many distinct ports that nobody listens on."""
    chosen: list[int] = []
    for port in random.SystemRandom().sample(_RANGE, len(_RANGE)):
        if len(chosen) == count:
            break
        if not _taken_now(port):
            chosen.append(port)
    return chosen


def taken(port: int, patience: float = 0.0) -> bool:
    """Tell whether something listens on the port, and still does after as many seconds.

    The sockets of a killed process can outlive it for a moment.
    """
    deadline = time.monotonic() + patience
    while _taken_now(port):
        if time.monotonic() >= deadline:
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _taken_now(port: int) -> bool:
    with socket.socket() as probe:
        # Ports of connections that have just ended are not in use; servers reuse them too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return True
    return False
