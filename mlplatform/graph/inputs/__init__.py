"""Strict checks of resource inputs: what the SDK lets pass and a provider or an API server would refuse."""

from mlplatform.graph.inputs.check import check

__all__ = ["check"]
