"""The little that this package asks of a cluster's API server itself."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from mlplatform.errors import UserError

_TIMEOUT_SECONDS = 5.0
_POLL_SECONDS = 0.05
_FIELD_MANAGER = "mlplatform-control-plane"


@dataclass(frozen=True)
class Credentials:
    """Files that identify the cluster and its administrator."""

    server: str
    """Address of the API server."""
    ca: Path
    """Certificate of the cluster's authority."""
    certificate: Path
    """The administrator's certificate."""
    key: Path
    """The administrator's key."""


class Api:
    """A connection to an API server as its administrator."""

    def __init__(self, credentials: Credentials) -> None:
        self._server = credentials.server
        self._session = requests.Session()
        # A proxy of the environment must not come between this process and the loopback interface.
        self._session.trust_env = False
        self._session.verify = str(credentials.ca)
        self._session.cert = (str(credentials.certificate), str(credentials.key))

    def problem(self, timeout: float = _TIMEOUT_SECONDS) -> str | None:
        """Say why the API server is not ready; None if it is."""
        return probe(self._session, f"{self._server}/readyz", timeout)

    def wait_ready(self, seconds: float) -> str | None:
        """Wait until the API server is ready, and say why it is not if it does not become so in time."""
        deadline = time.monotonic() + seconds
        while (problem := self.problem(timeout=2)) is not None:
            if time.monotonic() > deadline:
                return problem
            time.sleep(_POLL_SECONDS)
        return None

    def define(self, definitions: list[Mapping[str, Any]], seconds: float) -> None:
        """Apply custom resource definitions and wait until the API server serves them.

        Raises ``UserError`` if one is refused or not served in time.
        """
        for definition in definitions:
            self._apply(definition)
        deadline = time.monotonic() + seconds
        for definition in definitions:
            name = definition["metadata"]["name"]
            while not self._established(name):
                if time.monotonic() > deadline:
                    raise UserError(f"the API server does not serve {name} after {seconds:.0f} s")
                time.sleep(_POLL_SECONDS)

    def _apply(self, definition: Mapping[str, Any]) -> None:
        name = definition["metadata"]["name"]
        try:
            response = self._session.patch(
                self._definition(name),
                params={"fieldManager": _FIELD_MANAGER, "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"},
                json=definition,
                timeout=_TIMEOUT_SECONDS,
            )
        except requests.RequestException as error:
            raise UserError(f"the API server did not take {name}: {error}") from error
        if not response.ok:
            raise UserError(f"the API server refused {name}: {response.text.strip()}")

    def _established(self, name: str) -> bool:
        try:
            answer = self._session.get(self._definition(name), timeout=_TIMEOUT_SECONDS).json()
        except (requests.RequestException, ValueError):
            return False
        # The list is null until the API server has looked at the definition.
        conditions = answer.get("status", {}).get("conditions") or []
        return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)

    def _definition(self, name: str) -> str:
        return f"{self._server}/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"


def probe(session: requests.Session, url: str, timeout: float) -> str | None:
    """Ask a health endpoint, and say what is wrong; None if it answers that all is well."""
    try:
        response = session.get(url, timeout=timeout)
    except requests.ConnectionError:
        return "does not answer"
    except requests.RequestException as error:
        return f"does not answer: {type(error).__name__}"
    except OSError as error:
        # How requests says that a certificate is missing.
        return f"cannot be asked: {error}"
    if response.ok:
        return None
    failed = [line.split()[0].removeprefix("[-]") for line in response.text.splitlines() if line.startswith("[-]")]
    return f"not ready: {', '.join(failed)}" if failed else f"answers {response.status_code}"
