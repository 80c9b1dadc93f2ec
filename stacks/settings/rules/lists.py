"""Rules of lists and of references to names."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from stacks.settings.draft import Draft
from stacks.settings.problems import Finding, KeyPath, did_you_mean, got


def repeated(draft: Draft) -> Iterator[Finding]:
    """No list holds a value twice: every list of the settings is a set."""
    yield from _repeated(draft.raw, ())


def _repeated(value: Any, path: KeyPath) -> Iterator[Finding]:  # noqa: ANN401  any value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _repeated(child, (*path, key))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            if child in value[:position]:
                yield Finding((*path, position), f"{got(child)} a second time", "each value once")
            else:
                yield from _repeated(child, (*path, position))


def unknown_name(path: KeyPath, name: str, known: Collection[str], what: str) -> Iterator[Finding]:
    """Find a reference to a name that there is not; ``what`` says what it would be the name of, in the plural."""
    if name not in known:
        yield Finding(path, got(name), one_of(what, known), did_you_mean(name, known))


def one_of(what: str, names: Collection[str]) -> str:
    """Say which names are allowed; ``what`` says what they are the names of, in the plural."""
    return f"one of the {what}: {', '.join(sorted(names))}" if names else f"one of the {what}, of which there are none"


RULES: Final = (repeated,)
