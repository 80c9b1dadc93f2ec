"""Classes of the provider SDKs by type token."""

import importlib
from functools import cache

from pulumi.runtime import rpc


@cache
def resource_class(token: str) -> type | None:
    """Give the class of a type token, None where no imported SDK has it.

    Every provider SDK registers a table of its tokens when it is imported; the program imports what it uses.
    """
    package, _, rest = token.partition(":")
    module = rest.rpartition(":")[0]
    registered = rpc.get_resource_module(package, module, "")
    table = getattr(registered, "mod_info", None)
    if table is None or token not in table["classes"]:
        return None
    found = getattr(importlib.import_module(table["fqn"]), table["classes"][token], None)
    return found if isinstance(found, type) else None
