"""Names that follow from the environment, and the spelling of its labels."""

import re
from collections.abc import Mapping

BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def bucket_name(environment_name: str, store: str, project_number: str) -> str:
    """Return a bucket's name; the project makes it unique among everybody's."""
    return f"{environment_name}-{store}-{project_number}"


def resource_labels(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as labels of Google Cloud, which have no capital letters: ``costCenter`` becomes ``cost-center``."""
    return {BOUNDARY.sub("-", key).lower(): value for key, value in sorted(tags.items())}
