"""Terraform's spelling of names."""

import re
from typing import Final

_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """Return a camel-case name with underscores: ``kms_key_id`` of ``kmsKeyId``."""
    return _WORD_STARTS.sub("_", name).lower()
