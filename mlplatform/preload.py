"""Load what the environments of a cloud need, once, before their evaluations are forked.

The provider SDKs load each class when it is first asked for, so importing the components is not enough.
"""

import functools
import importlib
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Final

_COMPONENTS: Final = Path(__file__).resolve().parent.parent / "components"
_CLASS: Final = re.compile(r"\b(aws|gcp|kubernetes|random)((?:\.[a-z]\w*)*)\.([A-Z]\w+)")
_SDKS: Final = {
    "aws": "pulumi_aws",
    "gcp": "pulumi_gcp",
    "kubernetes": "pulumi_kubernetes",
    "random": "pulumi_random",
}


@functools.cache
def preload(cloud: str) -> None:
    """Import the components of ``cloud``, and every class of the SDKs that their source names."""
    with warnings.catch_warnings():
        # The SDKs import what they have deprecated themselves.
        warnings.simplefilter("ignore", DeprecationWarning)
        _preload(cloud)


def _preload(cloud: str) -> None:
    importlib.import_module(f"stacks.clouds.{cloud}")
    importlib.import_module("stacks.composition")
    sources = [*(_COMPONENTS / cloud).glob("*.py"), *(_COMPONENTS / "workloads").glob("*.py")]
    named = {match.groups() for source in sources for match in _CLASS.finditer(source.read_text(encoding="utf-8"))}
    for sdk, path, name in sorted(named):
        _load(importlib.import_module(_SDKS[sdk]), path, name)


def _load(module: ModuleType, path: str, name: str) -> None:
    found: object = module
    for part in [*path.split(".")[1:], name]:
        # What a text or a comment names need not be there.
        found = getattr(found, part, None)
