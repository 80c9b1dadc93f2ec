"""Schemas of custom resources and of chart values, which a project may have at hand."""

from pathlib import Path

import pytest

from mlplatform.graph.inputs.schemas import ENVIRONMENT_VARIABLE, Schemas

ROOT = Path(__file__).resolve().parents[2]


def schemas() -> Path | None:
    """Return the directory of schemas that an evaluation of the project uses; ``None`` where there is none."""
    return Schemas.find(None, ROOT).folder


needs_schemas = pytest.mark.skipif(
    schemas() is None, reason=f"{ENVIRONMENT_VARIABLE} is not set and there are none beside the project"
)


def custom_resource_schema(group: str, kind: str, version: str) -> Path:
    """Return the file of a custom resource's schema; for tests that are marked with ``needs_schemas``."""
    folder = schemas()
    assert folder is not None
    return folder / "crds" / group / f"{kind.lower()}_{version}.json"
