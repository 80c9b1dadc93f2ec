"""Keeps secret values out of what other programs say."""

import base64
from collections.abc import Iterable, Iterator, Mapping

from mlplatform.graph.markers import SECRET_TEXT, Plain

_SHORTEST = 4
"""Characters of the shortest value that is looked for: shorter ones are part of too many words."""


class Scrubber:
    """Replaces secret values, plain and in base64, by ``[secret]``."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = {value for value in values if len(value) >= _SHORTEST}
        found |= {base64.b64encode(value.encode()).decode() for value in found}
        self._values = sorted(found, key=lambda value: (-len(value), value))

    def __call__(self, text: str) -> str:
        """Return the text without any of the values."""
        for value in self._values:
            text = text.replace(value, SECRET_TEXT)
        return text

    def __repr__(self) -> str:
        return f"Scrubber of {len(self._values)} values"


def secret_values(plain: Plain, masked: Plain) -> Iterator[str]:
    """Yield the texts of a value that its masked copy hides."""
    if isinstance(plain, Mapping) and isinstance(masked, Mapping):
        for key, value in plain.items():
            yield from secret_values(value, masked.get(key))
    elif isinstance(plain, list) and isinstance(masked, list) and len(plain) == len(masked):
        for value, hidden in zip(plain, masked, strict=True):
            yield from secret_values(value, hidden)
    elif plain != masked:
        yield from _texts(plain)


def _texts(value: Plain) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
