"""Whether there are credentials for a cloud: a look at the places where its SDK looks, without using any."""

import configparser
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_METADATA: Final = ("169.254.169.254", 80)
_METADATA_SECONDS: Final = 0.5

_AWS_PROFILE_KEYS: Final = frozenset({
    "aws_access_key_id", "credential_process", "login_session", "role_arn", "sso_account_id", "sso_session",
    "sso_start_url", "web_identity_token_file",
})  # fmt: skip


def missing_credentials(cloud: str, config: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> str:
    """Say where credentials for ``aws`` or ``gcp`` were looked for and not found; empty where there are some.

    ``config`` is the environment's Pulumi configuration, which may name a profile or hold credentials itself.
    """
    if cloud == "aws":
        return _aws(config, environ)
    if cloud == "gcp":
        return _gcp(config, environ)
    return ""


def _aws(config: Mapping[str, str], environ: Mapping[str, str]) -> str:
    named = config.get("aws:profile") or environ.get("AWS_PROFILE")
    if config.get("aws:accessKey") or (environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY")):
        return ""
    federated = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                 "AWS_CONTAINER_CREDENTIALS_FULL_URI")  # fmt: skip
    if any(environ.get(name) for name in federated):
        return ""
    home = _home(environ)
    files = (
        Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials"),
        Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config"),
    )
    profile = named or "default"
    if any(_has_profile(file, profile) for file in files):
        return ""
    if named is None and environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true" and _has_metadata_server():
        return ""
    places = f"profile {profile!r} in {files[0]} and {files[1]}"
    return places if named else f"AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, {places}, an instance role"


def _has_profile(file: Path, profile: str) -> bool:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return False
    sections = (profile, f"profile {profile}")
    return any(parser.has_section(name) and _AWS_PROFILE_KEYS & set(parser.options(name)) for name in sections)


def _gcp(config: Mapping[str, str], environ: Mapping[str, str]) -> str:
    if config.get("gcp:credentials") or config.get("gcp:accessToken"):
        return ""
    if any(environ.get(name) for name in ("GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN")):
        return ""
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        exists = Path(named).is_file()
        return "" if exists else f"GOOGLE_APPLICATION_CREDENTIALS names {named}, which does not exist"
    directory = Path(environ.get("CLOUDSDK_CONFIG") or _home(environ) / ".config" / "gcloud")
    default = directory / "application_default_credentials.json"
    if default.is_file() or _has_metadata_server():
        return ""
    return f"GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_CREDENTIALS, {default}, an attached service account"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _has_metadata_server() -> bool:
    with suppress(OSError), socket.create_connection(_METADATA, timeout=_METADATA_SECONDS):
        return True
    return False
