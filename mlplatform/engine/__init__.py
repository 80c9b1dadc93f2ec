"""The Pulumi CLI: found or installed, given a backend, and run for one environment."""

from mlplatform.engine.backend import named_backend
from mlplatform.engine.command import ENGINE_VARIABLE, Command, Found, find, is_chosen, obtain
from mlplatform.engine.credentials import missing_credentials
from mlplatform.engine.stack import PulumiStack, cloud_stack, local_stack

__all__ = [
    "ENGINE_VARIABLE",
    "Command",
    "Found",
    "PulumiStack",
    "cloud_stack",
    "find",
    "is_chosen",
    "local_stack",
    "missing_credentials",
    "named_backend",
    "obtain",
]
