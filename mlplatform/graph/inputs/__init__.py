"""Strict checks of resource inputs: what the SDK lets pass and a provider or an API server would refuse."""

from mlplatform.graph.inputs.check import check, misshapen
from mlplatform.graph.inputs.schemas import SchemaError, Schemas

__all__ = ["SchemaError", "Schemas", "check", "misshapen"]
