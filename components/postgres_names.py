"""Names that PostgreSQL and the clouds' managed services of it keep for themselves.

All of them are refused on every cloud, so that an environment can move from one to another.
"""

from typing import Final

RESERVED_ROLES: Final = ("admin", "postgres", "public", "rdsadmin", "rdsrepladmin", "rdstopmgr")
"""Roles that cannot own a database."""

RESERVED_ROLE_PREFIXES: Final = ("cloudsql", "pg_")
"""What roles that cannot own a database begin with."""

RESERVED_DATABASES: Final = ("cloudsqladmin", "postgres", "rdsadmin", "template0", "template1")
"""Databases that are there already."""


def role_is_reserved(role: str) -> bool:
    """Tell whether a role cannot own a database."""
    return role in RESERVED_ROLES or role.startswith(RESERVED_ROLE_PREFIXES)


def reserved_roles() -> str:
    """Return the reserved roles for people to read."""
    return ", ".join((*(f"{prefix}..." for prefix in RESERVED_ROLE_PREFIXES), *RESERVED_ROLES))
