"""Keep secrets out of texts."""

from collections.abc import Iterable
from types import TracebackType

from pulumi import output

from mlplatform.graph.markers import SECRET_TEXT, Plain, Secret

_SHORTEST = 4
"""Shorter secrets are not searched for in texts: they would blot out ordinary words."""

WITHHELD = "its text is withheld, as it may hold a secret"


class Redactor:
    """Replaces every secret that it has been told of; searches for them only when there is a text to clean."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._unread: list[Plain] = []

    def learn(self, value: Plain) -> None:
        """Remember the secrets in a model value."""
        self._unread.append(value)

    def _read(self) -> None:
        stack = [(value, False) for value in self._unread]
        self._unread.clear()
        while stack:
            item, secret = stack.pop()
            if isinstance(item, Secret):
                stack.append((item.value, True))
            elif isinstance(item, dict):
                stack.extend((member, secret) for member in item.values())
            elif isinstance(item, list | tuple):
                stack.extend((member, secret) for member in item)
            elif secret and isinstance(item, str | int | float) and not isinstance(item, bool):
                self._remember(str(item))

    def _remember(self, text: str) -> None:
        for part in {text, repr(text)[1:-1], *text.splitlines()}:
            if len(part) >= _SHORTEST:
                self._secrets.add(part)

    def clean(self, text: str) -> str:
        """Give ``text`` with ``[secret]`` in place of every secret, longest first."""
        if not text:
            return text
        self._read()
        for secret in sorted(self._secrets, key=lambda item: (-len(item), item)):
            text = text.replace(secret, SECRET_TEXT)
        return text


def comes_from_secret(error: BaseException) -> bool:
    """Tell whether an exception passed through a function that was applied to a secret output.

    Its text can then hold the secret in any form, so no search would find it.
    """
    return any(
        frame.tb_frame.f_code.co_filename == output.__file__ and frame.tb_frame.f_locals.get("is_secret") is True
        for link in chain(error)
        for frame in frames(link.__traceback__)
    )


def chain(error: BaseException) -> Iterable[BaseException]:
    """Give the exception and those that it was raised from or during."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        link = pending.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        pending += [link.__cause__, link.__context__]


def frames(traceback: TracebackType | None) -> Iterable[TracebackType]:
    """Give the frames of a traceback, outermost first."""
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
