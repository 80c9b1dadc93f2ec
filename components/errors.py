"""Arguments that a component cannot be made from."""

from collections.abc import Iterable

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails


class ArgumentsError(pulumi.RunError, InputPropertiesError):
    """Every problem of one component's arguments.

    Pulumi shows a ``RunError`` of a program without its traceback, and an ``InputPropertiesError`` of a hosted
    component beside the argument that it is about.
    """

    def __init__(self, component: str, problems: Iterable[InputPropertyErrorDetails]) -> None:
        details = list(problems)
        self.problems = tuple(f"{component}: {each['property_path']}: {each['reason']}" for each in details)
        """Every problem as text: which component, which argument, what it is and what it may be."""
        InputPropertiesError.__init__(self, "\n".join(self.problems), details)


def problem(path: str, reason: str) -> InputPropertyErrorDetails:
    """Return one problem: ``path`` names the argument, ``reason`` says what it is and what it may be."""
    return InputPropertyErrorDetails(property_path=path, reason=reason)
