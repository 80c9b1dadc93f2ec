"""What is shown to a user in place of a traceback."""


class UserError(Exception):
    """Something the user can act on.

    ``hint`` says what to do about it; the command line prints it below the message and exits with 1.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class StoppedError(UserError):
    """The user stopped it, by Ctrl-C; the command line exits with 130."""
