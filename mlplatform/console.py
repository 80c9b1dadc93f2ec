"""What the command line prints: progress to standard error, results to standard output, errors without a traceback."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from mlplatform.errors import UserError
from stacks.settings import SettingsError

out = Console(highlight=False, emoji=False)
"""Results: what a user pipes into another program."""

err = Console(stderr=True, highlight=False, emoji=False)
"""Progress and errors."""


class Reporter:
    """Prints what is being done: one line each, with the seconds since the command began."""

    def __init__(self, console: Console = err) -> None:
        self._console = console
        self._start = time.monotonic()
        self._status = console.status("") if console.is_terminal else None

    def __call__(self, text: str) -> None:
        """Say what happens from now on."""
        self._console.print(f"[dim]{self.seconds:6.1f} s[/dim]  {escape(text)}", soft_wrap=True)
        if self._status is not None:
            self._status.update(f"[dim]{escape(text)}[/dim]")

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._start

    @contextmanager
    def running(self) -> Iterator["Reporter"]:
        """Show that the command is at work, where standard error is a terminal."""
        if self._status is None:
            yield self
            return
        with self._status:
            yield self


def show_error(error: UserError | SettingsError) -> None:
    """Print an error and what to do about it."""
    if isinstance(error, SettingsError):
        count = len(error.problems)
        noun = "problem" if count == 1 else "problems"
        err.print(f"[bold red]error:[/bold red] {count} {noun} in the settings; nothing was changed")
        err.print(escape(str(error)), soft_wrap=True)
        return
    err.print(f"[bold red]error:[/bold red] {escape(error.message)}", soft_wrap=True)
    if error.hint:
        err.print(f"[bold]hint:[/bold] {escape(error.hint)}", soft_wrap=True)
