"""Runs helm: installs the graph's releases, hooks included, and uninstalls those that left the graph."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mlplatform.errors import UserError
from mlplatform.graph.markers import Plain
from mlplatform.local.deploy.charts import Chart, ChartSources, chart_of, unsupported_options
from mlplatform.local.deploy.scrub import Scrubber
from mlplatform.local.deploy.target import Target
from mlplatform.local.paths import cache_dir
from mlplatform.render.kubernetes import HelmRelease

_ENVIRONMENT_LABEL: Final = "mlplatform-environment"
_RETAIN_LABEL: Final = "mlplatform-retain"
_DEFAULT_SECONDS: Final = 300
_PENDING: Final = frozenset({"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"})
_UNREACHABLE: Final = re.compile(
    r"no such host|dial tcp|i/o timeout|TLS handshake|cannot be reached|failed to (fetch|download|do request)"
    r"|\b(chart|path|repo)\b.* not found|no such file or directory|gave no answer"
)
_GRACE_SECONDS: Final = 180
"""What helm gets beside its own time limit, which does not cover the download of a chart."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class ReleaseResult:
    """What became of one release."""

    label: str
    action: str
    """``installed``, ``upgraded``, ``unchanged``, ``uninstalled``, ``kept`` or ``failed``."""
    detail: str = ""


@dataclass(frozen=True)
class Installed:
    """A release as the cluster has it."""

    name: str
    namespace: str
    chart: str
    """Chart and version, such as ``jupyterhub-4.4.0``."""
    status: str
    description: str = field(default="")


class Helm:
    """helm, bound to one cluster."""

    def __init__(self, target: Target, sources: ChartSources) -> None:
        self._target = target
        self._sources = sources
        self.scrub = Scrubber()
        """Applied to what helm says on its standard error."""

    def releases(self) -> dict[tuple[str, str], Installed]:
        """Return the releases that were installed from here, by namespace and name, in whatever state."""
        return self._list(f"{_ENVIRONMENT_LABEL}={self._target.environment}")

    def every_release(self) -> dict[tuple[str, str], Installed]:
        """Return the cluster's releases, whoever installed them."""
        return self._list("")

    def install(self, release: HelmRelease, report: Report) -> ReleaseResult:
        """Install or upgrade a release, or leave it alone where nothing changed.

        A chart that cannot be reached, or one that fails to install, is told in the result, and a failed upgrade is
        rolled back.
        """
        problems = unsupported_options(release)
        if problems:
            return ReleaseResult(release.label, "failed", "; ".join(problems))
        try:
            chart = chart_of(release, self._sources)
        except UserError as error:
            return ReleaseResult(release.label, "failed", error.message)
        current = self.releases().get((release.namespace, release.name))
        if current is not None and current.status in _PENDING:
            report(f"{release.label}: an interrupted {current.status.removeprefix('pending-')} is being repaired")
            self._repair(release, current)
            current = self.releases().get((release.namespace, release.name))
        if current is not None and self._is_current(release, chart, current):
            return ReleaseResult(release.label, "unchanged")
        report(f"{release.label}: {'upgrading' if current else 'installing'} chart {chart.title}")
        limit = _seconds(release) + _GRACE_SECONDS
        done = self._run(self._upgrade_args(release, chart), json.dumps(release.values), limit)
        if done.returncode != 0:
            return ReleaseResult(release.label, "failed", _reason(done.stderr, chart))
        return ReleaseResult(release.label, "upgraded" if current else "installed", chart.title)

    def prune(self, wanted: Sequence[HelmRelease], report: Report) -> list[ReleaseResult]:
        """Uninstall the environment's releases that are not wanted, except those that are marked to be kept."""
        keys = {(release.namespace, release.name) for release in wanted}
        retained = self._list(f"{_ENVIRONMENT_LABEL}={self._target.environment},{_RETAIN_LABEL}=true")
        results = []
        for key, installed in sorted(self.releases().items()):
            label = f"Release {installed.namespace}/{installed.name}"
            if key in keys:
                continue
            if key in retained:
                command = self._target.helm_command("uninstall", installed.name, "--namespace", installed.namespace)
                results.append(ReleaseResult(label, "kept", f"it is protected; to delete it: {command}"))
                continue
            report(f"{label}: uninstalling")
            done = self._run(["uninstall", installed.name, f"--namespace={installed.namespace}", "--wait"])
            action = "uninstalled" if done.returncode == 0 else "failed"
            results.append(ReleaseResult(label, action, done.stderr.strip() if action == "failed" else ""))
        return results

    def manifest(self, installed: Installed) -> str:
        """Return the YAML of a release's objects, hooks not among them."""
        done = self._run(["get", "manifest", installed.name, f"--namespace={installed.namespace}"])
        if done.returncode != 0:
            raise UserError(f"helm get manifest {installed.name} failed: {done.stderr.strip()}")
        return done.stdout

    def _list(self, selector: str) -> dict[tuple[str, str], Installed]:
        done = self._run(["list", "--all-namespaces", "--all", f"--selector={selector}", "--max=0", "--output=json"])
        if done.returncode != 0:
            raise UserError(f"helm list failed: {done.stderr.strip().removeprefix('Error: ')}")
        return {
            (each["namespace"], each["name"]): Installed(each["name"], each["namespace"], each["chart"], each["status"])
            for each in json.loads(done.stdout)
        }

    def _is_current(self, release: HelmRelease, chart: Chart, current: Installed) -> bool:
        if current.status != "deployed":
            return False
        where = f"--namespace={release.namespace}"
        status = self._json(["status", release.name, where])
        values = self._json(["get", "values", release.name, where])
        wanted = json.loads(json.dumps(release.values))
        version = release.version or chart.version
        same_chart = version is None or current.chart == f"{chart.name}-{version.removeprefix('v')}" or (
            current.chart == f"{chart.name}-{version}"
        )  # fmt: skip
        labels = status.get("labels") or {}
        same_retention = (labels.get(_RETAIN_LABEL) == "true") == release.retain
        described = status["info"].get("description") == _description(release, chart)
        return same_chart and (values or {}) == wanted and described and same_retention

    def _repair(self, release: HelmRelease, current: Installed) -> None:
        """Bring a release that was interrupted back to its last complete revision, or away where it has none."""
        where = f"--namespace={release.namespace}"
        history = self._json(["history", release.name, where]) or []
        complete = [each["revision"] for each in history if each["status"] in ("deployed", "superseded")]
        if complete and current.status != "uninstalling":
            self._run(["rollback", release.name, str(max(complete)), where, "--wait", "--timeout=120s"])
        else:
            self._run(["uninstall", release.name, where, "--wait", "--timeout=120s"])

    def _upgrade_args(self, release: HelmRelease, chart: Chart) -> list[str]:
        inputs = release.inputs
        labels = {_ENVIRONMENT_LABEL: self._target.environment, _RETAIN_LABEL: "true" if release.retain else "false"}
        args = [
            "upgrade", release.name, chart.reference, "--install", f"--namespace={release.namespace}",
            "--values=-", "--reset-values", f"--timeout={_seconds(release)}s",
            f"--description={_description(release, chart)}",
            "--labels=" + ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
            *chart.args,
            f"--post-renderer={sys.executable}",
            "--post-renderer-args=-m", "--post-renderer-args=mlplatform.local.deploy.post_renderer",
            f"--post-renderer-args={release.name}",
        ]  # fmt: skip
        if not inputs.get("skipAwait"):
            # Rolls back, or uninstalls a first attempt, when it fails or its time is up.
            args.append("--atomic")
        switches = {
            "createNamespace": "--create-namespace",
            "skipCrds": "--skip-crds",
            "disableWebhooks": "--no-hooks",
            "disableOpenapiValidation": "--disable-openapi-validation",
            "waitForJobs": "--wait-for-jobs",
            "dependencyUpdate": "--dependency-update",
        }
        args += [switch for name, switch in switches.items() if inputs.get(name)]
        if (kept := inputs.get("maxHistory")) is not None:
            args.append(f"--history-max={kept}")
        return args

    def _json(self, args: list[str]) -> Plain:
        done = self._run([*args, "--output=json"])
        if done.returncode != 0:
            raise UserError(f"helm {args[0]} failed: {done.stderr.strip().removeprefix('Error: ')}")
        return json.loads(done.stdout)

    def _run(
        self, args: list[str], stdin: str = "", seconds: float = _DEFAULT_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "HELM_CACHE_HOME": str(cache_dir() / "helm"),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
        }
        command = [
            str(self._target.helm),
            f"--kubeconfig={self._target.kubeconfig}",
            f"--kube-context={self._target.context}",
            *args,
        ]
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, text=True, env=environment, timeout=seconds, check=False
            )
        except OSError as error:
            raise UserError(f"{self._target.helm}: cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", f"helm {args[0]} gave no answer within {seconds:.0f} s")
        done.stderr = self.scrub(done.stderr)
        return done


_ROOT: Final = Path(__file__).resolve().parents[3]


def _seconds(release: HelmRelease) -> int:
    return int(release.inputs.get("timeout") or _DEFAULT_SECONDS)


def _description(release: HelmRelease, chart: Chart) -> str:
    """Describe a revision so that a change shows which neither version nor values tell: another chart, other files."""
    # Where a chart on disk lies does not matter.
    described = f"mlplatform: {f'{chart.name} {chart.digest}' if chart.digest else chart.reference}"
    return f"{described} {release.inputs['description']}" if release.inputs.get("description") else described


def _reason(stderr: str, chart: Chart) -> str:
    lines = [line for line in stderr.strip().splitlines() if line.startswith("Error:")] or stderr.strip().splitlines()
    text = lines[-1].removeprefix("Error: ") if lines else "helm gave no reason"
    if _UNREACHABLE.search(text):
        return f"chart {chart.title} cannot be reached: {text}"
    return text
