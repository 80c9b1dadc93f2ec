"""What has to be there before an environment's first deployment: steps as data, with how to tell and how to make."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How a step stands."""

    DONE = "done"
    """It is there, as it should be."""
    MISSING = "missing"
    """It is not there."""
    DIFFERENT = "different"
    """It is there, and not as it should be."""


@dataclass(frozen=True)
class Found:
    """What a check tells of the answer that it got."""

    state: State
    detail: str = ""
    """How it differs."""
    value: str = ""
    """What later commands need to know of it."""
    by_hand: bool = False
    """Whether a difference is for a person to resolve, as it is somebody's work or cannot be set."""


@dataclass(frozen=True)
class Variable:
    """An argument that is known only once an earlier step is done."""

    name: str


Argument = str | Variable


@dataclass(frozen=True)
class Command:
    """A command of a cloud's own command line."""

    args: tuple[Argument, ...]
    stdin: str = ""
    keeps: str = ""
    """Name of the variable that its output is kept in."""

    @property
    def program(self) -> str:
        """The program that is run."""
        return str(self.args[0])

    def unknown(self, variables: Mapping[str, str]) -> bool:
        """Tell whether an argument is not known yet."""
        return any(isinstance(each, Variable) and each.name not in variables for each in self.args)

    def resolve(self, variables: Mapping[str, str]) -> list[str]:
        """Return the arguments, with variables replaced."""
        return [variables[each.name] if isinstance(each, Variable) else each for each in self.args]

    def shell(self) -> str:
        """Return the command as it is typed into a shell."""
        words = [f'"${each.name}"' if isinstance(each, Variable) else shlex.quote(each) for each in self.args]
        line = " ".join(words)
        if self.stdin:
            return f"{line} <<'END'\n{self.stdin.rstrip()}\nEND"
        return f"{self.keeps}=$({line})" if self.keeps else line


@dataclass(frozen=True)
class Check:
    """A command that reads, and what its answer tells."""

    command: Command
    judge: Callable[[Any], Found]
    """Tells from the answer, as JSON; from an empty mapping where there is none."""
    absent: tuple[str, ...] = ()
    """Parts of error messages by which the cloud says that there is no such thing."""


@dataclass(frozen=True)
class Step:
    """One thing that has to be there."""

    key: str
    what: str
    why: str
    checks: tuple[Check, ...]
    """Ways to find it; it is there if any of them finds it."""
    commands: tuple[Command, ...]
    """How to make it, or to set it where it differs."""
    keeps: str = ""
    """Name of the variable that what the checks find is kept in."""
    shared: bool = False
    """Whether it belongs to all environments of the account, so that another one's may have made it."""


@dataclass(frozen=True)
class Place:
    """Where the command line has to act, as a shell can tell it."""

    shown_by: Command
    """Prints the ID of the account or project, and nothing else."""
    id: str


@dataclass(frozen=True)
class Identity:
    """A check of who the command line acts as, and where."""

    check: Check
    wanted: str
    """Which account or project it should be, in words."""
    log_in: str
    """How to become that, as a command."""
    place: Place | None = None
    """The account or project; ``None`` where it is only asked whether anybody is logged in."""


@dataclass(frozen=True)
class Plan:
    """Everything that one environment needs, in order, and what to do when it is there."""

    install: str
    """Where the cloud's command line comes from."""
    identities: tuple[Identity, ...]
    steps: tuple[Step, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that keep the command line from asking and paging."""
    afterwards: Sequence[str] = ()
    """Commands by which the user takes it into use."""


def done(value: str = "") -> Found:
    """Tell that it is there."""
    return Found(State.DONE, value=value)


def missing() -> Found:
    """Tell that it is not there."""
    return Found(State.MISSING)


def different(detail: str, *, by_hand: bool = False) -> Found:
    """Tell how it differs."""
    return Found(State.DIFFERENT, detail, by_hand=by_hand)


def holds(wanted: Mapping[str, Any], *, by_hand: bool = False) -> Callable[[Any], Found]:
    """Judge an answer by whether it has everything in ``wanted``; an answer without any of its keys is missing."""

    def judge(answer: Any) -> Found:  # noqa: ANN401  JSON
        if not isinstance(answer, Mapping) or not set(wanted) & set(answer):
            return missing()
        problem = difference(wanted, answer)
        return different(problem, by_hand=by_hand) if problem else done()

    return judge


def difference(wanted: Any, answer: Any, path: str = "") -> str:  # noqa: ANN401  JSON
    """Return where ``answer`` lacks what is ``wanted``; empty where it has all of it, and perhaps more.

    A list has to have an item for each item that is wanted, in any order.
    """
    if isinstance(wanted, Mapping):
        if not isinstance(answer, Mapping):
            return f"{path or 'answer'} is {answer!r}"
        texts = (difference(value, answer.get(key), f"{path}.{key}".lstrip(".")) for key, value in wanted.items())
        return next(filter(None, texts), "")
    if isinstance(wanted, list):
        items = answer if isinstance(answer, list) else []
        lacking = [each for each in wanted if all(difference(each, item) for item in items)]
        return f"{path} lacks {lacking[0]!r}" if lacking else ""
    # Large numbers come as texts from some versions of the command lines, and as numbers from others.
    return "" if str(wanted) == str(answer) else f"{path} is {answer!r} in place of {wanted!r}"
