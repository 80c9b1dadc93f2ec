"""The Pulumi program: settings -> platform -> exports."""

import pulumi

from stacks.composition import build
from stacks.settings import SettingsError, from_pulumi


class RefusedSettingsError(pulumi.RunError):
    """The problems of the settings, in the form that Pulumi shows without a traceback."""

    def __init__(self, error: SettingsError) -> None:
        super().__init__(str(error))
        self.problems = error.problems


try:
    platform = build(from_pulumi())
except SettingsError as error:
    raise RefusedSettingsError(error) from error
for name, value in platform.exports().items():
    pulumi.export(name, value)
