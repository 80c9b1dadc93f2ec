"""Commands that need no cluster: what they print, what they write, and how they refuse."""

import json
from pathlib import Path

import pytest
import yaml

from mlplatform.environments import PROGRAM
from tests.cli.conftest import Run, Stacks


def test_preview_shows_every_component_of_the_committed_environment(mlplatform: Run) -> None:
    done = mlplatform("preview", "local")
    assert done.returncode == 0, done.stderr
    for words in ("TeamWorkspace", "LocalNodePool", "ScoringJobTemplate", "churn-daily", "CronJob"):
        assert words in done.stdout
    assert done.stderr == ""


def test_preview_writes_graphs_that_are_the_same_every_time(mlplatform: Run, stacks: Stacks, tmp_path: Path) -> None:
    stacks("one")
    directory = stacks("two")
    for file, seed in (("a.json", "1"), ("b.json", "2")):
        done = mlplatform("preview", "--all", "--stacks", str(directory), "--json", file, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    graphs = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [graph["environment"] for graph in graphs] == ["one", "two"]
    keys = {"urn", "type", "name", "parent", "inputs", "dependencies", "provider", "options", "source"}
    for graph in graphs:
        assert graph.keys() == {"environment", "resources"}
        assert all(keys <= each.keys() for each in graph["resources"])


def test_preview_writes_json_alone_to_the_output(mlplatform: Run) -> None:
    done = mlplatform("preview", "local", "--json", "-")
    assert [graph["environment"] for graph in json.loads(done.stdout)] == ["local"]


def test_problems_of_all_environments_are_told_at_once(mlplatform: Run, stacks: Stacks) -> None:
    stacks("first", tags={"owner": "me"})
    directory = stacks("second", services={"queing": {"enabled": True}})
    done = mlplatform("preview", "--all", "--stacks", str(directory))
    assert done.returncode == 1
    assert "2 problems in the settings; nothing was changed" in done.stderr
    assert "Pulumi.first.yaml" in done.stderr
    assert 'did you mean "queueing"?' in done.stderr


def test_an_unknown_environment_is_refused_with_those_there_are(mlplatform: Run, stacks: Stacks) -> None:
    done = mlplatform("preview", "prod", "--stacks", str(stacks("dev")))
    assert done.returncode == 1
    assert "Pulumi.prod.yaml: there is no such file" in done.stderr
    assert "dev" in done.stderr


def test_names_and_all_exclude_each_other(mlplatform: Run) -> None:
    assert mlplatform("preview", "local", "--all").returncode == 2


def test_a_cloud_is_previewed_without_an_account(mlplatform: Run) -> None:
    done = mlplatform("preview", "aws-dev")
    assert done.returncode == 0, done.stderr
    for words in ("AwsCluster", "AwsNetwork", "AwsKarpenter", "TeamWorkspace", "churn-daily"):
        assert words in done.stdout
    charts = [line for line in done.stderr.splitlines() if "makes resources that cannot be seen" in line]
    assert done.stderr.splitlines() == charts, "a chart's content is the one thing that is not looked into"


def test_flags_of_the_local_environment_are_refused_for_a_cloud(mlplatform: Run) -> None:
    done = mlplatform("up", "aws-dev", "--force")
    assert done.returncode == 1
    assert "--force and --runtime are for local" in done.stderr


def test_a_template_that_is_not_there_is_refused_before_anything_is_deployed(mlplatform: Run, tmp_path: Path) -> None:
    done = mlplatform("up", "local", "--then-score", "hourly")
    assert done.returncode == 1
    assert "got 'hourly'; allowed: churn-daily" in done.stderr
    assert not (tmp_path / "state").exists()


def test_a_runtime_that_is_not_known_is_refused_with_those_that_are(mlplatform: Run) -> None:
    done = mlplatform("up", "local", "--runtime", "vagrant")
    assert done.returncode == 1
    assert "got 'vagrant'; allowed: binary, docker, podman" in done.stderr


def test_a_directory_without_environments_is_refused(mlplatform: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = mlplatform("preview", "--all", "--stacks", "empty")
    assert done.returncode == 1
    assert "holds no environment file" in done.stderr


def test_directories_of_a_user_that_does_not_exist_are_refused(mlplatform: Run) -> None:
    done = mlplatform("status", "local", MLPLATFORM_STATE_DIR="~nobody-has-this-name/state")
    assert done.returncode == 1
    assert "MLPLATFORM_STATE_DIR: got '~nobody-has-this-name/state'" in done.stderr


@pytest.mark.parametrize("directory", ["file/out", "/dev/null/out", "/proc/out"])
def test_render_to_where_nothing_can_be_written_is_refused(mlplatform: Run, tmp_path: Path, directory: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = mlplatform("render", "local", "--out", directory)
    assert done.returncode == 1
    assert "cannot be made" in done.stderr


def test_json_that_cannot_be_written_is_refused(mlplatform: Run) -> None:
    done = mlplatform("preview", "local", "--json", "/proc/graphs.json")
    assert done.returncode == 1
    assert "/proc/graphs.json: cannot be written" in done.stderr


def test_down_in_a_cloud_asks_for_a_yes(mlplatform: Run) -> None:
    done = mlplatform("down", "aws-dev")
    assert done.returncode == 1
    assert "mlplatform down aws-dev --yes" in done.stderr


def test_render_writes_every_object_and_no_secret(mlplatform: Run, tmp_path: Path) -> None:
    done = mlplatform("render", "local", "--out", "out")
    assert done.returncode == 0, done.stderr
    objects = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((tmp_path / "out").glob("*.yaml"))]
    assert f"{len(objects)} files" in done.stdout
    secrets = [each for each in objects if each["kind"] == "Secret"]
    assert len(secrets) == 3
    assert {value for each in secrets for value in each["data"].values()} == {"W3NlY3JldF0="}


def test_render_leaves_other_peoples_files_alone(mlplatform: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work", encoding="utf-8")
    done = mlplatform("render", "local", "--out", "out")
    assert done.returncode == 1
    assert "holds files that were not made by render" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("command", ["score", "status"])
def test_what_needs_a_cluster_says_how_to_get_one(mlplatform: Run, command: str) -> None:
    done = mlplatform(command, "local")
    assert done.returncode == 1
    assert "mlplatform up local" in done.stdout + done.stderr


def test_status_of_a_cloud_is_refused(mlplatform: Run) -> None:
    done = mlplatform("status", "aws-dev")
    assert done.returncode == 1
    assert "aws-dev runs on aws; this command knows local environments only" in done.stderr


def test_score_knows_the_templates_of_the_settings(mlplatform: Run) -> None:
    done = mlplatform("score", "local", "hourly")
    assert done.returncode == 1
    assert "got 'hourly'; allowed: churn-daily" in done.stderr


def test_down_of_what_is_not_up_is_no_error(mlplatform: Run) -> None:
    assert mlplatform("down", "local").returncode == 0


def test_a_missing_program_without_a_source_is_one_clear_error(mlplatform: Run, tmp_path: Path) -> None:
    nothing = {"MLPLATFORM_BINARIES": "path", "PATH": str(tmp_path), "MLPLATFORM_CACHE_DIR": str(tmp_path / "cache")}
    done = mlplatform("up", "local", **nothing)
    assert done.returncode == 1
    for program in ("etcd", "kube-apiserver", "kwokctl", "karpenter"):
        assert program in done.stderr
    assert not (tmp_path / "state").exists()


def test_doctor_fails_where_something_is_missing(mlplatform: Run, tmp_path: Path) -> None:
    nothing = {"MLPLATFORM_BINARIES": "path", "PATH": str(tmp_path), "MLPLATFORM_CACHE_DIR": str(tmp_path / "cache")}
    done = mlplatform("doctor", **nothing)
    assert done.returncode == 1
    assert "missing" in done.stdout


def test_the_committed_environments_are_those_that_are_previewed(mlplatform: Run) -> None:
    done = mlplatform("preview", "--all", "--json", "-")
    committed = sorted(path.name.split(".")[1] for path in PROGRAM.glob("Pulumi.*.yaml"))
    assert [graph["environment"] for graph in json.loads(done.stdout)] == committed
