"""How simulated nodes and pods behave: the stages of KWOK in ``stages.yaml``.

A node becomes ready at once and stays so. Its capacity is the one that it was created with, or that its annotation
``components.local.machines.CAPACITY_ANNOTATION`` names. A pod becomes ready at once; one of a Job runs for a while and
then ends, any other runs until it is deleted. Two annotations of a Job's pod change how it ends.
"""

from pathlib import Path
from typing import Any, Final

import yaml

SIMULATED_SECONDS: Final = "mlplatform/simulated-seconds"
"""Annotation of a Job's pod: for how many seconds it runs, as a decimal number such as ``"2.5"``; 5 without it."""

SIMULATED_EXIT_CODE: Final = "mlplatform/simulated-exit-code"
"""Annotation of a Job's pod: the exit code of its containers, ``"0"`` to ``"255"``; 0 without it."""


def stages() -> list[dict[str, Any]]:
    """Return the stages as objects, for kwokctl's configuration."""
    return list(yaml.safe_load_all(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))
