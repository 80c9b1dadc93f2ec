"""The state's bucket and key in Google Cloud, and the APIs of the environment, made with ``gcloud``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from components.gcp.names import resource_labels, state_bucket_name, state_key_id
from components.gcp.service_agents import member
from components.gcp.services import services
from mlplatform.bootstrap.plan import (
    Check,
    Command,
    Found,
    Identity,
    Place,
    Plan,
    Step,
    difference,
    different,
    done,
    holds,
    missing,
)

APIS_AT_ONCE: Final = 20
"""The most that one request may switch on."""

ROTATION_DAYS: Final = 90
KEPT_VERSIONS: Final = 10
KEPT_DAYS: Final = 90
SECONDS_OF_A_DAY: Final = 86_400

_NOT_ON: Final = ("SERVICE_DISABLED", "has not been used in project")
_NO_KEY: Final = ("NOT_FOUND", *_NOT_ON)
_NO_BUCKET: Final = ("not found: 404", *_NOT_ON)

ENCRYPTER: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


@dataclass(frozen=True)
class GcpTarget:
    """One environment's place in Google Cloud."""

    stack: str
    """Name of the stack, which is the environment's."""
    name: str
    """First part of every name in the project."""
    project: str
    project_number: str
    region: str
    tags: Mapping[str, str]
    datasets: bool = False
    """Whether the environment has BigQuery datasets."""
    managed_airflow: bool = False
    """Whether the environment has a managed Airflow."""

    @property
    def apis(self) -> list[str]:
        """What has to be on before the first deployment, which sees to it from then on."""
        return [f"{service}.googleapis.com" for service in services(managed_airflow=self.managed_airflow)]

    @property
    def bucket(self) -> str:
        """Name of the state's bucket."""
        return state_bucket_name(self.name, self.project_number)

    @property
    def key_id(self) -> str:
        """ID of the state's key."""
        return state_key_id(self.name, self.project, self.region)

    @property
    def backend(self) -> str:
        """Address of the state, as Pulumi takes it."""
        return f"gs://{self.bucket}"

    @property
    def secrets_provider(self) -> str:
        """Address of the key, as Pulumi takes it."""
        return f"gcpkms://{self.key_id}"

    @property
    def labels(self) -> str:
        """Labels, as ``gcloud`` takes them."""
        return ",".join(f"{key}={value}" for key, value in resource_labels(self.tags).items())

    def command(self, *args: str, stdin: str = "") -> Command:
        """Return a command of ``gcloud`` in the project, whose answer is JSON."""
        return Command(("gcloud", *args, f"--project={self.project}", "--format=json"), stdin=stdin)

    def of_key(self, verb: str, *args: str) -> Command:
        """Return a command about the key."""
        parts = self.key_id.split("/")
        return self.command("kms", "keys", verb, parts[-1], f"--keyring={parts[5]}", f"--location={parts[3]}", *args)

    def of_bucket(self, verb: str, *args: str, stdin: str = "") -> Command:
        """Return a command about the bucket."""
        return self.command("storage", "buckets", verb, f"gs://{self.bucket}", *args, stdin=stdin)


def gcp_plan(target: GcpTarget, now: datetime) -> Plan:
    """Return what the environment's state needs in Google Cloud; ``now`` is where the rotation of the key begins."""
    return Plan(
        install="install the Google Cloud CLI: https://cloud.google.com/sdk/docs/install",
        identities=_identities(target),
        steps=(
            _apis(target),
            *_key_steps(target, now),
            *_bucket_steps(target),
            *([_dataset_agent(target)] if target.datasets else []),
        ),
        environment={"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
        afterwards=(
            f"pulumi login {target.backend}",
            f"pulumi stack init {target.stack} --secrets-provider={target.secrets_provider}",
        ),
    )


def _identities(target: GcpTarget) -> tuple[Identity, ...]:
    def account(answer: Any) -> Found:  # noqa: ANN401  JSON
        return done(str(answer[0]["account"])) if answer else different("nobody")

    def project(answer: Any) -> Found:  # noqa: ANN401  JSON
        number = answer.get("projectNumber")
        if number != target.project_number:
            return different(f"project {target.project}, whose number is {number}")
        return done(f"project {target.project}")

    return (
        Identity(
            Check(Command(("gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=json")), account),
            wanted="an account",
            log_in="gcloud auth login",
        ),
        Identity(
            Check(Command(("gcloud", "projects", "describe", target.project, "--format=json")), project),
            wanted=f"project {target.project} with the number {target.project_number}",
            log_in="gcloud auth login, as somebody who may see the project",
            place=Place(
                Command(("gcloud", "projects", "describe", target.project, "--format=value(projectNumber)")),
                target.project_number,
            ),
        ),
    )


def _apis(target: GcpTarget) -> Step:
    def judge(answer: Any) -> Found:  # noqa: ANN401  JSON
        on = {each.get("config", {}).get("name") for each in answer}
        lacking = [api for api in target.apis if api not in on]
        if not lacking:
            return done()
        return missing() if len(lacking) == len(target.apis) else different(f"lacks {', '.join(lacking)}")

    apis = target.apis
    batches = [apis[start : start + APIS_AT_ONCE] for start in range(0, len(apis), APIS_AT_ONCE)]
    return Step(
        "apis",
        f"APIs of project {target.project}",
        "nothing can be made by an API that is off",
        (Check(target.command("services", "list", "--enabled"), judge),),
        tuple(target.command("services", "enable", *batch) for batch in batches),
    )


def _key_steps(target: GcpTarget, now: datetime) -> tuple[Step, ...]:
    parts = target.key_id.split("/")
    ring, location = parts[5], f"--location={parts[3]}"
    first_rotation = (now + timedelta(days=ROTATION_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    agent = member("storage", target.project_number)
    return (
        Step(
            "ring",
            f"key ring {ring}",
            "holds the key of the state and no other; it can never be deleted",
            (
                Check(
                    target.command("kms", "keyrings", "describe", ring, location),
                    lambda _: done(),
                    absent=_NO_KEY,
                ),
            ),
            (target.command("kms", "keyrings", "create", ring, location),),
        ),
        Step(
            "key",
            f"key {parts[-1]} of the ring",
            "encrypts the state and the secrets in it; whoever may not use it cannot read either",
            (Check(target.of_key("describe"), _usable_key, absent=_NO_KEY),),
            (
                target.of_key(
                    "create", "--purpose=encryption", f"--rotation-period={ROTATION_DAYS}d",
                    f"--next-rotation-time={first_rotation}", f"--labels={target.labels}",
                ),
            ),
        ),
        Step(
            "agent",
            "use of the key by Cloud Storage",
            "Cloud Storage encrypts the bucket with it on behalf of whoever writes",
            (
                Check(
                    target.of_key("get-iam-policy"),
                    holds({"bindings": [{"role": ENCRYPTER, "members": [agent]}]}),
                    absent=_NO_KEY,
                ),
            ),
            (target.command("storage", "service-agent", f"--authorize-cmek={target.key_id}"),),
        ),
    )  # fmt: skip


def _dataset_agent(target: GcpTarget) -> Step:
    agent = member("bigquery", target.project_number).removeprefix("serviceAccount:")
    # Whoever asks for the account gets one: that it is looked for makes it, where the API is on.
    ask = Command(("bq", "--format=json", f"--project_id={target.project}", "show", "--encryption_service_account"))
    return Step(
        "datasets",
        "account with which BigQuery encrypts",
        "a key can be granted only to an account that is there",
        (
            Check(
                ask,
                lambda answer: done() if answer.get("ServiceAccountID") == agent else missing(),
                absent=_NOT_ON,
            ),
        ),
        (ask,),
    )


def _usable_key(answer: Any) -> Found:  # noqa: ANN401  JSON
    lacking = difference({"purpose": "ENCRYPT_DECRYPT", "primary": {"state": "ENABLED"}}, answer)
    return different(lacking, by_hand=True) if lacking else done()


def _bucket_steps(target: GcpTarget) -> tuple[Step, ...]:
    seconds = KEPT_DAYS * SECONDS_OF_A_DAY
    rule = {
        "action": {"type": "Delete"},
        "condition": {"daysSinceNoncurrentTime": KEPT_DAYS, "numNewerVersions": KEPT_VERSIONS},
    }
    closed = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}}
    return (
        Step(
            "bucket",
            f"bucket {target.bucket}",
            "holds the state: what Pulumi has deployed, and where",
            (Check(target.of_bucket("describe", "--raw"), lambda _: done(), absent=_NO_BUCKET),),
            (
                target.of_bucket(
                    "create", f"--location={target.region}", "--uniform-bucket-level-access",
                    "--public-access-prevention", f"--default-encryption-key={target.key_id}",
                    f"--soft-delete-duration={KEPT_DAYS}d",
                ),
            ),
        ),
        _setting(
            target, "public", "no public access to the bucket", "no policy or list can open it by mistake", closed,
            "--uniform-bucket-level-access", "--public-access-prevention",
        ),
        _setting(
            target, "encryption", "encryption of the bucket with the key", "the state is not readable without the key",
            {"encryption": {"defaultKmsKeyName": target.key_id}}, f"--default-encryption-key={target.key_id}",
        ),
        _setting(
            target, "versioning", "versions of the bucket's objects", "an earlier state can be had back",
            {"versioning": {"enabled": True}}, "--versioning",
        ),
        # Not a retention policy: a state that must not be overwritten could never change.
        _setting(
            target, "soft-delete", "retention of deleted objects", f"what was deleted can be had back {KEPT_DAYS} days",
            {"softDeletePolicy": {"retentionDurationSeconds": str(seconds)}}, f"--soft-delete-duration={KEPT_DAYS}d",
        ),
        _setting(
            target, "lifecycle", "end of earlier versions",
            f"the latest {KEPT_VERSIONS} earlier versions are kept, and all of the last {KEPT_DAYS} days",
            {"lifecycle": {"rule": [rule]}}, "--lifecycle-file=/dev/stdin",
            stdin=json.dumps({"rule": [rule]}, indent=2, sort_keys=True), by_hand=True,
        ),
        _setting(
            target, "labels", "labels of the bucket", "costs are counted by them",
            {"labels": resource_labels(target.tags)}, f"--update-labels={target.labels}",
        ),
    )  # fmt: skip


def _setting(
    target: GcpTarget,
    key: str,
    what: str,
    why: str,
    wanted: Mapping[str, Any],
    *options: str,
    stdin: str = "",
    by_hand: bool = False,
) -> Step:
    """Return the step of one of the bucket's settings, as the API writes it."""
    return Step(
        key,
        what,
        why,
        (Check(target.of_bucket("describe", "--raw"), holds(wanted, by_hand=by_hand), absent=_NO_BUCKET),),
        (target.of_bucket("update", *options, stdin=stdin),),
    )
