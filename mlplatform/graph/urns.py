"""Uniform resource names, as the engine makes them."""

import re

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"

_TOKEN = re.compile(r"[A-Za-z][\w-]*:[\w./-]+:[A-Za-z]\w*")


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """Make the URN of a resource below ``parent`` (a URN, or empty): it holds the types of all ancestors."""
    ancestors = qualified_type(parent) if parent else STACK_TYPE
    qualified = type_ if ancestors == STACK_TYPE else f"{ancestors}${type_}"
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def qualified_type(urn: str) -> str:
    """Give the types of the ancestors and of the resource, joined by ``$``."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """Give the resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """Give the resource's name, which may itself hold ``::``."""
    return urn.split("::", 3)[3]


def well_formed(token: str) -> bool:
    """Tell whether a type token reads ``package:module:Type``."""
    return _TOKEN.fullmatch(token) is not None


def provider_of(reference: str) -> str | None:
    """Give the URN of a provider reference (``urn::id``), None for an empty one."""
    return reference.rsplit("::", 1)[0] if reference else None
