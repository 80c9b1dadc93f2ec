"""Names that a test has for itself, so that it need not wait until those of another are gone."""

import itertools

_COUNTER = itertools.count(1)


class Names:
    """Puts a prefix before names; ``renew`` takes another one."""

    def __init__(self) -> None:
        self.prefix = ""

    def __call__(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def renew(self) -> None:
        self.prefix = f"live{next(_COUNTER)}"
