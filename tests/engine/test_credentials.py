from pathlib import Path

import pytest

from mlplatform.engine import missing_credentials


@pytest.fixture(autouse=True)
def no_metadata_server(monkeypatch):
    monkeypatch.setattr("mlplatform.engine.credentials._has_metadata_server", lambda: False)


def write(home: Path, name: str, text: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("config", "environ", "files", "found"),
    [
        ({}, {}, {}, False),
        ({}, {"AWS_ACCESS_KEY_ID": "a"}, {}, False),
        ({}, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}, {}, True),
        ({}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "f"}, {}, True),
        ({}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "u"}, {}, True),
        ({"aws:accessKey": "a"}, {}, {}, True),
        ({}, {}, {".aws/credentials": "[default]\naws_access_key_id = a\n"}, True),
        ({}, {}, {".aws/config": "[default]\nregion = r\n"}, False),
        ({}, {}, {".aws/config": "[profile dev]\nsso_session = s\n"}, False),
        ({}, {"AWS_PROFILE": "dev"}, {".aws/config": "[profile dev]\nsso_session = s\n"}, True),
        ({"aws:profile": "dev"}, {}, {".aws/config": "[profile dev]\ncredential_process = p\n"}, True),
        ({"aws:profile": "other"}, {}, {".aws/config": "[profile dev]\ncredential_process = p\n"}, False),
        ({}, {}, {".aws/credentials": "no section\n"}, False),
    ],
)
def test_aws_credentials_are_looked_for_where_its_sdk_looks(tmp_path, config, environ, files, found):
    for name, text in files.items():
        write(tmp_path, name, text)
    assert (missing_credentials("aws", config, {"HOME": str(tmp_path), **environ}) == "") is found


@pytest.mark.parametrize(
    ("config", "environ", "files", "found"),
    [
        ({}, {}, {}, False),
        ({"gcp:credentials": "{}"}, {}, {}, True),
        ({}, {"GOOGLE_OAUTH_ACCESS_TOKEN": "t"}, {}, True),
        ({}, {}, {".config/gcloud/application_default_credentials.json": "{}"}, True),
        ({}, {"CLOUDSDK_CONFIG": "{home}/elsewhere"}, {"elsewhere/application_default_credentials.json": "{}"}, True),
        ({}, {"GOOGLE_APPLICATION_CREDENTIALS": "{home}/key.json"}, {"key.json": "{}"}, True),
        ({}, {"GOOGLE_APPLICATION_CREDENTIALS": "{home}/gone.json"}, {}, False),
    ],
)
def test_gcp_credentials_are_looked_for_where_its_sdk_looks(tmp_path, config, environ, files, found):
    for name, text in files.items():
        write(tmp_path, name, text)
    placed = {name: value.format(home=tmp_path) for name, value in environ.items()}
    assert (missing_credentials("gcp", config, {"HOME": str(tmp_path), **placed}) == "") is found


def test_a_named_file_that_is_gone_is_named(tmp_path):
    missing = missing_credentials("gcp", {}, {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "gone.json")})
    assert missing == f"GOOGLE_APPLICATION_CREDENTIALS names {tmp_path / 'gone.json'}, which does not exist"


def test_a_machine_with_a_role_has_credentials(tmp_path, monkeypatch):
    monkeypatch.setattr("mlplatform.engine.credentials._has_metadata_server", lambda: True)
    assert missing_credentials("aws", {}, {"HOME": str(tmp_path)}) == ""
    assert missing_credentials("gcp", {}, {"HOME": str(tmp_path)}) == ""
    assert missing_credentials("aws", {}, {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}) != ""


def test_the_laptop_needs_none():
    assert missing_credentials("local", {}, {}) == ""
