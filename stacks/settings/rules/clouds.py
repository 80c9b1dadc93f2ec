"""Rules of what belongs to which cloud: sections and keys that are needed there, or that would do nothing."""

from collections.abc import Iterator
from typing import Any, Final

from stacks.settings.draft import Draft
from stacks.settings.foundation import CloudKind
from stacks.settings.problems import Finding, KeyPath, got

CLOUDS: Final = (CloudKind.AWS, CloudKind.GCP)

NEEDED: Final[dict[str, tuple[tuple[CloudKind, ...], str]]] = {
    "aws": ((CloudKind.AWS,), "a mapping with the account and the roles that administer it"),
    "gcp": ((CloudKind.GCP,), "a mapping with the project and the groups that administer it"),
    "alerts": (CLOUDS, "a mapping with the receivers of alerts"),
    "budget": (CLOUDS, "a mapping with the budget of a month"),
}
"""Sections by the clouds that they are for, each needed there, and what they are."""

OPTIONAL: Final[dict[str, tuple[CloudKind, ...]]] = {
    "charts": (CloudKind.LOCAL,),
    "delivery": CLOUDS,
    "imageCaches": CLOUDS,
    "letGo": CLOUDS,
    "logs": CLOUDS,
}
"""Sections that may be left out, by the clouds that they are for; they do nothing elsewhere."""

Keys = tuple[tuple[KeyPath, tuple[CloudKind, ...], Any], ...]

KEYS: Final[Keys] = (
    (("cluster", "publicEndpoint"), CLOUDS, None),
    (("cluster", "maintenance"), CLOUDS, None),
    (("services", "managedAirflow", "enabled"), CLOUDS, False),
    (("imageCaches", "credentials"), (CloudKind.AWS,), {}),
    (("delivery", "runner"), (CloudKind.AWS,), False),
    (("delivery", "connectionArn"), (CloudKind.AWS,), None),
    (("delivery", "identityProviderArn"), (CloudKind.AWS,), None),
    (("services", "managedAirflow", "highAvailability"), (CloudKind.GCP,), False),
)
"""Keys that do nothing elsewhere than on their clouds, and the value that they may have there."""


def sections(draft: Draft) -> Iterator[Finding]:
    """Require the sections of the environment's own cloud, and refuse those of others."""
    if draft.lacks("cloud"):
        return
    cloud = draft.settings.cloud
    for section, (clouds, what) in NEEDED.items():
        if section in draft.raw:
            yield from _elsewhere((section,), draft.raw[section], cloud, clouds)
        elif cloud in clouds and not draft.lacks(section):
            yield Finding((section,), "missing", f"{what}, needed on {cloud}")
    for section, clouds in OPTIONAL.items():
        if section in draft.raw:
            yield from _elsewhere((section,), draft.raw[section], cloud, clouds)


def keys(draft: Draft) -> Iterator[Finding]:
    """Refuse keys that would do nothing on the environment's cloud."""
    if draft.lacks("cloud"):
        return
    cloud = draft.settings.cloud
    for path, clouds, harmless in KEYS:
        section = str(path[0])
        if draft.lacks(section) or cloud not in OPTIONAL.get(section, tuple(CloudKind)):
            continue
        value = _at(draft.raw, path)
        if value is not None and value != harmless:
            yield from _elsewhere(path, value, cloud, clouds)


def _at(value: Any, path: KeyPath) -> Any:  # noqa: ANN401  any value
    """Return what a file gives at a path, or ``None`` where it gives nothing there."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _elsewhere(path: KeyPath, value: Any, cloud: CloudKind, clouds: tuple[CloudKind, ...]) -> Iterator[Finding]:  # noqa: ANN401  any value
    if cloud not in clouds and value is not None:
        yield Finding(path, got(value), f"nothing on {cloud}; it is for {' and '.join(clouds)}")


RULES: Final = (sections, keys)
