"""Evaluate a stack in process and describe its resources."""

from mlplatform.graph.evaluation import evaluate, evaluate_all, evaluate_each
from mlplatform.graph.findings import Finding, Severity
from mlplatform.graph.markers import SECRET_TEXT, UNKNOWN, UNKNOWN_TEXT, Secret, Unknown, mask, reveal
from mlplatform.graph.model import Options, Resource, ResourceGraph, Source
from mlplatform.graph.request import Evaluation, EvaluationError, EvaluationRequest, PassCost, SeveralEvaluationsError

__all__ = [
    "SECRET_TEXT",
    "UNKNOWN",
    "UNKNOWN_TEXT",
    "Evaluation",
    "EvaluationError",
    "EvaluationRequest",
    "Finding",
    "Options",
    "PassCost",
    "Resource",
    "ResourceGraph",
    "Secret",
    "SeveralEvaluationsError",
    "Severity",
    "Source",
    "Unknown",
    "evaluate",
    "evaluate_all",
    "evaluate_each",
    "mask",
    "reveal",
]
