"""How each cloud writes its zones, and the region that a zone is in."""

import re
from typing import Final

from stacks.settings.foundation import CloudKind

ZONES: Final = {
    CloudKind.AWS: (re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9])[a-z]"), "a zone of AWS, such as eu-west-1a"),
    CloudKind.GCP: (re.compile(r"([a-z]+-[a-z]+[0-9]+)-[a-z]"), "a zone of Google Cloud, such as europe-west1-b"),
}
"""How each cloud writes a zone; the group is its region."""


def region_of(cloud: CloudKind, zone: str) -> str | None:
    """Return the region of a zone, or ``None`` where it is not written as a zone of the cloud."""
    match = ZONES[cloud][0].fullmatch(zone) if cloud in ZONES else None
    return match[1] if match is not None else None
