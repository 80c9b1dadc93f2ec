"""Which RDS instance class has which size, as plain data.

Classes of Graviton processors that PostgreSQL runs on, as the Amazon RDS User Guide lists them; a class has the size of
the EC2 type that it is named after. Where two have the same size, the one whose processor is never throttled.
"""

from collections.abc import Mapping
from typing import Final

from components.contracts import MachineShape

DEFAULT_SHAPE: Final = MachineShape(cpu=2, memory_gib=8)
"""The smallest size of a class that is not burstable: AWS advises burstable ones for development and tests only."""

CLASSES: Final[Mapping[tuple[int, int], str]] = {
    (2, 1): "db.t4g.micro",
    (2, 2): "db.t4g.small",
    (2, 4): "db.t4g.medium",
    (2, 8): "db.m7g.large",
    (2, 16): "db.r7g.large",
    (4, 16): "db.m7g.xlarge",
    (4, 32): "db.r7g.xlarge",
    (8, 32): "db.m7g.2xlarge",
    (8, 64): "db.r7g.2xlarge",
    (16, 64): "db.m7g.4xlarge",
    (16, 128): "db.r7g.4xlarge",
    (32, 128): "db.m7g.8xlarge",
    (32, 256): "db.r7g.8xlarge",
    (48, 192): "db.m7g.12xlarge",
    (48, 384): "db.r7g.12xlarge",
    (64, 256): "db.m7g.16xlarge",
    (64, 512): "db.r7g.16xlarge",
}
"""Instance classes by virtual CPUs and GiB of memory."""


def database_class(shape: MachineShape) -> str | None:
    """Return the instance class of exactly that size, or none."""
    return CLASSES.get((int(shape["cpu"]), int(shape["memory_gib"])))


def smallest_with(shape: MachineShape) -> MachineShape:
    """Return the smallest size that has at least what is asked for; the largest of all where none has."""
    enough = [size for size in CLASSES if size[0] >= int(shape["cpu"]) and size[1] >= int(shape["memory_gib"])]
    cpu, memory_gib = min(enough) if enough else max(CLASSES)
    return MachineShape(cpu=cpu, memory_gib=memory_gib)
