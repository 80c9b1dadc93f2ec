"""Run passes whose programs load different modules: each kind from a process of its own that has loaded them.

The SDK of one cloud takes a second to load. Side by side, no processor waits for another one's, and no pass carries the
modules of another cloud.
"""

import contextlib
import os
import pickle
import selectors
import signal
from collections.abc import Iterator, Sequence
from typing import NoReturn

from mlplatform.graph.forks import Ended, Pass, PassResult, run_all
from mlplatform.graph.request import PassCost

_CHUNK = 1 << 20


def run_groups(groups: Sequence[Sequence[Pass]], workers: int, timeout: float) -> Iterator[tuple[Pass, PassResult]]:
    """Run passes, at most ``workers`` at a time or one of each group; a group's passes load the same modules.

    Each pass may take ``timeout`` seconds.
    """
    if len(groups) == 1 or workers == 1:
        for done, ended in run_all([each for group in groups for each in group], workers, timeout):
            yield done, ended.result()
        return
    share = max(1, workers // len(groups))
    nurseries = [_Nursery(group, share, timeout) for group in groups]
    try:
        with selectors.DefaultSelector() as selector:
            for nursery in nurseries:
                selector.register(nursery.descriptor, selectors.EVENT_READ, nursery)
            while selector.get_map():
                for key, _ in selector.select():
                    nursery = key.data
                    if not nursery.receive():
                        selector.unregister(nursery.descriptor)
                        yield from nursery.finish()
    finally:
        for nursery in nurseries:
            nursery.kill()


class _Nursery:
    """A process that loads modules and forks passes."""

    def __init__(self, passes: Sequence[Pass], workers: int, timeout: float) -> None:
        self._passes = passes
        self._received = bytearray()
        self.descriptor, write_end = os.pipe()
        self._running = True
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self.descriptor)
            _work(passes, workers, timeout, write_end)
        os.close(write_end)

    def receive(self) -> bool:
        """Read what there is; tell whether there may be more."""
        chunk = os.read(self.descriptor, _CHUNK)
        self._received += chunk
        return bool(chunk)

    def finish(self) -> Iterator[tuple[Pass, PassResult]]:
        """Wait for the process to end; give a result for each of its passes, whatever end it took."""
        status = self._end()
        ended: dict[int, Ended] = {}
        with contextlib.suppress(EOFError, pickle.UnpicklingError):
            ended = pickle.loads(self._received)  # noqa: S301 written by our own child
        lost = Ended(b"", status, PassCost(0.0, 0.0, 0.0))
        for position, each in enumerate(self._passes):
            yield each, ended.get(position, lost).result()

    def kill(self) -> None:
        """End the process where it has not ended; what it has started has nobody to send to, and ends too."""
        if self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._end()

    def _end(self) -> int:
        self._running = False
        os.close(self.descriptor)
        return os.waitpid(self._pid, 0)[1]


def _work(passes: Sequence[Pass], workers: int, timeout: float, write_end: int) -> NoReturn:
    """Run in the child and never return: the parent's clean-up must not run twice."""
    status = 1
    try:
        positions = {id(each): position for position, each in enumerate(passes)}
        ended = {positions[id(done)]: end for done, end in run_all(passes, workers, timeout)}
        with open(write_end, "wb") as sink:
            pickle.dump(ended, sink, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)
