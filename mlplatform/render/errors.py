"""Why a graph cannot be rendered."""

from collections.abc import Sequence

from mlplatform.errors import UserError


class RenderError(UserError):
    """Everything that keeps a graph from being rendered, listed at once."""

    def __init__(self, problems: Sequence[str], hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint)
        self.problems = tuple(problems)
