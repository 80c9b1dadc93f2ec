"""TCP ports of the loopback interface."""

import contextlib
import socket

ADDRESS = "127.0.0.1"
"""Where every component listens, so that nothing of a laptop's cluster is reachable from outside."""


def free(count: int) -> list[int]:
    """Return as many distinct ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for open_socket in sockets:
            open_socket.bind((ADDRESS, 0))
        return [int(open_socket.getsockname()[1]) for open_socket in sockets]


def taken(port: int) -> bool:
    """Tell whether something listens on the port."""
    with socket.socket() as probe:
        # Ports of connections that have just ended are not in use; servers reuse them too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return True
    return False
