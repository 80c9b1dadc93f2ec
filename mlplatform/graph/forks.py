"""Run passes in forked processes, several at a time."""

import contextlib
import gc
import io
import os
import pickle
import selectors
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, NoReturn

from mlplatform.graph import child
from mlplatform.graph.outcome import Failure, Success
from mlplatform.graph.redact import Redactor
from mlplatform.graph.request import EvaluationRequest, PassCost

_CHUNK = 1 << 20
_BYTES_PER_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_MIB = 1 << 20


@dataclass(frozen=True)
class PassResult:
    """What came of one pass."""

    outcome: Success | Failure
    output: str
    """What the program printed, secrets masked."""
    cost: PassCost


@dataclass(frozen=True)
class Ended:
    """How the process of one pass ended, before anybody has read what it sent."""

    received: bytes
    """What it sent."""
    status: int
    """Its status, as ``os.wait4`` gives it."""
    cost: PassCost
    timed_out: float | None = None
    """Seconds after which it was stopped; None where it ended by itself."""

    def result(self) -> PassResult:
        """Read what the process sent; where that is nothing, say how it ended."""
        if self.timed_out is not None:
            reason = f"the program did not end within {self.timed_out:g} s and was stopped"
            return PassResult(Failure(reason), "", self.cost)
        if os.WIFSIGNALED(self.status):
            name = signal.Signals(os.WTERMSIG(self.status)).name
            hint = ", probably for lack of memory" if name == "SIGKILL" else ""
            return PassResult(Failure(f"the program's process was ended by {name}{hint}"), "", self.cost)
        with _no_collection():
            try:
                outcome, output = pickle.loads(self.received)  # noqa: S301 written by our own child
            except (EOFError, pickle.UnpicklingError):
                code = os.waitstatus_to_exitcode(self.status)
                return PassResult(Failure(f"the program ended its process with status {code}"), "", self.cost)
        return PassResult(outcome, output, self.cost)


class Pass:
    """One pass over one environment, in its own process."""

    def __init__(self, request: EvaluationRequest, *, preview: bool) -> None:
        self.request = request
        self.preview = preview
        self._received = bytearray()

    def start(self) -> int:
        """Fork; give the descriptor that the result is read from."""
        self._started = time.monotonic()
        read_end, write_end = os.pipe()
        with tempfile.TemporaryFile() as printed:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            self._pid = os.fork()
            if self._pid == 0:
                os.close(read_end)
                _work(self.request, write_end, printed, preview=self.preview)
        os.close(write_end)
        self._read_end = read_end
        return read_end

    def preload(self) -> None:
        """Load what the program will import."""
        # What cannot be loaded fails in the evaluation, which says where.
        with _no_collection(), contextlib.suppress(Exception):
            if self.request.preload is not None:
                self.request.preload()

    def receive(self) -> bool:
        """Read what there is; tell whether there may be more."""
        chunk = os.read(self._read_end, _CHUNK)
        self._received += chunk
        return bool(chunk)

    def remaining(self, timeout: float) -> float:
        """Give the seconds that are left of ``timeout``."""
        return self._started + timeout - time.monotonic()

    def kill(self) -> None:
        """End the process at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def finish(self, *, timed_out: float | None = None) -> Ended:
        """Wait for the process to end, whatever end it takes."""
        os.close(self._read_end)
        _, status, usage = os.wait4(self._pid, 0)
        cost = PassCost(
            wall_seconds=time.monotonic() - self._started,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_rss_mib=usage.ru_maxrss * _BYTES_PER_RSS_UNIT / _MIB,
        )
        return Ended(bytes(self._received), status, cost, timed_out)


def run_all(passes: Iterable[Pass], workers: int, timeout: float) -> Iterator[tuple[Pass, Ended]]:
    """Run passes, at most ``workers`` at a time, each for at most ``timeout`` seconds; give results as they come."""
    waiting = deque(passes)
    with selectors.DefaultSelector() as selector:
        running: dict[int, Pass] = {}
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    started = waiting.popleft()
                    started.preload()
                    descriptor = started.start()
                    running[descriptor] = started
                    selector.register(descriptor, selectors.EVENT_READ)
                for key, _ in selector.select(max(0.0, min(job.remaining(timeout) for job in running.values()))):
                    if not running[key.fd].receive():
                        selector.unregister(key.fd)
                        job = running.pop(key.fd)
                        yield job, job.finish()
                for descriptor, job in list(running.items()):
                    if job.remaining(timeout) <= 0:
                        selector.unregister(descriptor)
                        del running[descriptor]
                        job.kill()
                        yield job, job.finish(timed_out=timeout)
        finally:
            for job in running.values():
                job.kill()
                job.finish()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the garbage collector back: it would search a growing graph again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _work(request: EvaluationRequest, write_end: int, printed: IO[bytes], *, preview: bool) -> NoReturn:
    """Run in the child and never return: the parent's clean-up must not run twice."""
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        _redirect(printed.fileno())
        redactor = Redactor()
        try:
            outcome = child.run(request, redactor, preview=preview)
        except Exception as error:  # noqa: BLE001 the parent reports it
            outcome = child.failure(error, request.program, redactor)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        printed.seek(0)
        output = redactor.clean(printed.read().decode(errors="replace"))
        with open(write_end, "wb") as sink:
            _send(outcome, output, sink)
        status = 0
    finally:
        os._exit(status)


def _redirect(descriptor: int) -> None:
    """Let nothing in, and let all that is printed go to ``descriptor``, whatever the parent had put in place."""
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for target in (1, 2):
        os.dup2(descriptor, target)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(target, "w", closefd=False), encoding="utf-8", errors="replace", write_through=True)
        for target in (1, 2)
    )


def _send(outcome: Success | Failure, output: str, sink: IO[bytes]) -> None:
    if isinstance(outcome, Failure):
        try:
            pickle.dumps(outcome.problems)
        except (pickle.PicklingError, TypeError, AttributeError):
            outcome = replace(outcome, problems=tuple(str(problem) for problem in outcome.problems))
    pickle.dump((outcome, output), sink, protocol=pickle.HIGHEST_PROTOCOL)
