"""Kubernetes quantities from plain numbers."""

from decimal import ROUND_CEILING, Decimal

MILLI = Decimal(1000)
MEBI = Decimal(1024)


def cpu(cores: float) -> str:
    """Return ``cores`` virtual CPUs as a quantity, rounded up to a thousandth: ``2`` or ``500m``."""
    milli = int((Decimal(str(cores)) * MILLI).to_integral_value(ROUND_CEILING))
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def memory(gib: float) -> str:
    """Return ``gib`` GiB as a quantity, rounded up to a MiB: ``16Gi`` or ``512Mi``."""
    mebi = int((Decimal(str(gib)) * MEBI).to_integral_value(ROUND_CEILING))
    return f"{mebi // 1024}Gi" if mebi % 1024 == 0 else f"{mebi}Mi"
