# ruff: noqa: N802 - methods are named as those of the gRPC service
"""The engine's half that is not the resource monitor: the log."""

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2

from mlplatform.graph.findings import Finding, Severity

_SEVERITIES = {engine_pb2.WARNING: Severity.WARNING, engine_pb2.ERROR: Severity.ERROR}


class Engine:
    """Keeps the program's warnings and errors as findings; drops what is only informative."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        """Keep a warning or an error."""
        if (severity := _SEVERITIES.get(request.severity)) is not None:
            self.findings.append(
                Finding(request.urn, "", f"log-{severity}", request.message.strip(), severity=severity)
            )
        return empty_pb2.Empty()

    def RequirePulumiVersion(
        self,
        request: engine_pb2.RequirePulumiVersionRequest,  # noqa: ARG002
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Accept every version: there is no engine whose version could be checked."""
        return engine_pb2.RequirePulumiVersionResponse()
