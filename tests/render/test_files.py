import base64
import os
from pathlib import Path

import pytest
import yaml

from mlplatform.errors import UserError
from mlplatform.graph import UNKNOWN, Secret
from mlplatform.render import RenderError, write
from tests.support.graphs import Program


def tree(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def sample() -> Program:
    program = Program()
    program.namespace("team-churn")
    program.config_map("settings", "team-churn")
    program.secret("dsn", "team-churn", {"dsn": Secret("hunter2"), "plain": "hunter2"})
    return program


def test_one_file_for_each_object_in_the_order_of_names(tmp_path):
    written = write(sample().graph(), tmp_path / "out")
    assert written.files == (
        "010-namespace-team-churn.yaml",
        "100-configmap-team-churn-settings.yaml",
        "100-secret-team-churn-dsn.yaml",
    )
    assert written.kinds == {"ConfigMap": 1, "Namespace": 1, "Secret": 1}
    assert written.summary().startswith("3 files in ")
    for name in written.files:
        (document,) = yaml.safe_load_all((tmp_path / "out" / name).read_text())
        assert document["metadata"]["name"] in name


def test_secrets_are_never_in_plain_text_and_the_file_says_so(tmp_path):
    program = sample()
    program.object(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "pull", "namespace": "team-churn"},
            "data": {".dockerconfigjson": Secret(base64.b64encode(b'{"auths":{"r":"hunter2"}}').decode())},
        }
    )
    write(program.graph(), tmp_path / "out")
    texts = tree(tmp_path / "out")
    encoded = base64.b64encode(b"hunter2").decode().rstrip("=")
    assert not [name for name, text in texts.items() if "hunter2" in text or encoded in text]
    assert "#   stringData.dsn\n" in texts["100-secret-team-churn-dsn.yaml"]
    pull = yaml.safe_load(texts["100-secret-team-churn-pull.yaml"])
    assert base64.b64decode(pull["data"][".dockerconfigjson"]) == b'{"auths":{}}'


def test_adding_an_object_renames_no_other(tmp_path):
    before = write(sample().graph(), tmp_path / "out").files
    more = sample()
    more.config_map("another", "team-churn")
    more.object({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "team-churn"}})
    after = write(more.graph(), tmp_path / "out").files
    assert set(before) < set(after)


def test_a_second_run_writes_the_same_bytes_and_removes_what_is_gone(tmp_path):
    write(sample().graph(), tmp_path / "out")
    first = tree(tmp_path / "out")
    write(sample().graph(), tmp_path / "out")
    assert tree(tmp_path / "out") == first
    program = Program()
    program.namespace("team-churn")
    write(program.graph(), tmp_path / "out")
    assert set(tree(tmp_path / "out")) == {".mlplatform-render", "010-namespace-team-churn.yaml"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_directory_of_someone_else_is_refused_and_left_alone(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.yaml").write_text("mine")
    with pytest.raises(UserError, match="holds files that were not made by render"):
        write(sample().graph(), out)
    assert tree(out) == {"mine.yaml": "mine"}


def test_a_file_added_to_an_earlier_output_is_named_and_kept(tmp_path):
    out = tmp_path / "out"
    write(sample().graph(), out)
    (out / "mine.yaml").write_text("mine")
    before = tree(out)
    with pytest.raises(UserError, match=r"not made by render: mine\.yaml"):
        write(sample().graph(), out)
    assert tree(out) == before


def test_an_empty_directory_is_taken_and_a_file_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert write(sample().graph(), tmp_path / "empty").files
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is not a directory"):
        write(sample().graph(), tmp_path / "file")


def test_a_damaged_list_of_files_is_refused_with_the_way_out(tmp_path):
    out = tmp_path / "out"
    write(sample().graph(), out)
    (out / ".mlplatform-render").write_text("{")
    with pytest.raises(UserError, match="is damaged") as caught:
        write(sample().graph(), out)
    assert "remove" in caught.value.hint


def test_nothing_is_written_when_a_value_is_unknown(tmp_path):
    program = sample()
    program.config_map("u", data={"a": UNKNOWN})
    with pytest.raises(RenderError, match="known only after a deployment"):
        write(program.graph(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_middle_leaves_the_earlier_output(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(sample().graph(), out)
    before = tree(out)
    rename = Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, os.strerror(28))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(UserError, match="cannot be written: No space left"):
        write(sample().graph(), out)
    assert tree(out) == before


def test_names_that_would_collide_are_kept_apart(tmp_path):
    program = Program()
    program.config_map("c", "a-b", registered="one")
    program.config_map("b-c", "a", registered="two")
    files = write(program.graph(), tmp_path / "out").files
    assert len(files) == 2
    assert {yaml.safe_load((tmp_path / "out" / name).read_text())["metadata"]["name"] for name in files} == {"c", "b-c"}


def test_release_values_lie_apart_from_the_objects(tmp_path):
    program = sample()
    program.release(
        "hub", {"chart": "jupyterhub", "version": "4.4.0", "namespace": "hub", "values": {"token": Secret("hunter2")}}
    )
    written = write(program.graph(), tmp_path / "out")
    (name,) = [name for name in written.files if "/" in name]
    text = (tmp_path / "out" / name).read_text()
    assert name == "releases/160-release-hub-hub.yaml"
    assert "chart jupyterhub, version 4.4.0" in text
    assert yaml.safe_load(text) == {"token": "[secret]"}
    assert written.kinds["Release"] == 1
