"""Labels that every Kubernetes object of the platform carries."""

from collections.abc import Mapping

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
PART_OF = "app.kubernetes.io/part-of"
MANAGED_BY = "app.kubernetes.io/managed-by"


def platform_labels(platform: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that all objects of the environment share: its tags, and what it is part of."""
    return {**dict(sorted(tags.items())), MANAGED_BY: "mlplatform", PART_OF: platform}


def object_labels(shared: Mapping[str, str], *, component: str, name: str) -> dict[str, str]:
    """Return the labels of the objects of one component.

    ``shared`` are ``platform_labels``, ``component`` is the kind of component, such as ``node-pool``, and ``name`` the
    one that is meant, such as the pool's name.
    """
    return {**shared, COMPONENT: component, NAME: name}
