import tarfile
from pathlib import Path

import pytest
import yaml

from mlplatform.errors import UserError
from mlplatform.local.deploy.charts import ChartSources, chart_of, unsupported_options
from mlplatform.render import HelmRelease, render
from tests.support.graphs import Program


def release(**inputs) -> HelmRelease:
    program = Program()
    program.release("hub", {"chart": "jupyterhub", "version": "4.4.0", "namespace": "hub", **inputs})
    return render(program.graph()).releases[0]


def chart_directory(parent: Path, name: str = "jupyterhub", version: str = "4.4.0") -> Path:
    directory = parent / name
    (directory / "templates").mkdir(parents=True)
    (directory / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": name, "version": version}))
    return directory


REPOSITORY = {"repositoryOpts": {"repo": "https://hub.example.org"}}


def test_a_chart_comes_from_its_repository():
    chart = chart_of(release(**REPOSITORY), ChartSources())
    assert (chart.reference, chart.args) == ("jupyterhub", ("--version=4.4.0", "--repo=https://hub.example.org"))
    assert chart.title == "jupyterhub 4.4.0 from https://hub.example.org"


@pytest.mark.parametrize("key", ["jupyterhub", "https://hub.example.org"])
def test_another_address_takes_a_repositorys_place(key):
    sources = ChartSources(repositories={key: "https://mirror.example.org"})
    assert "--repo=https://mirror.example.org" in chart_of(release(**REPOSITORY), sources).args
    registry = ChartSources(repositories={key: "oci://mirror.example.org/charts/"})
    chart = chart_of(release(**REPOSITORY), registry)
    assert (chart.reference, chart.args) == ("oci://mirror.example.org/charts/jupyterhub", ("--version=4.4.0",))


@pytest.mark.parametrize(
    ("mirror", "reference", "args"),
    [
        ("oci://m.example.org/c", "oci://m.example.org/c/kueue", ("--version=4.4.0",)),
        ("https://m.example.org", "kueue", ("--version=4.4.0", "--repo=https://m.example.org")),
    ],
)
def test_a_mirror_takes_the_place_of_every_repository(mirror, reference, args):
    found = release(chart="oci://registry.example.org/kueue/charts/kueue")
    chart = chart_of(found, ChartSources(mirror=mirror))
    assert (chart.reference, chart.name, chart.args) == (reference, "kueue", args)


@pytest.mark.parametrize("layout", ["directory", "archive", "versioned"])
def test_a_mirror_may_be_a_directory(tmp_path, layout):
    if layout == "archive":
        source = chart_directory(tmp_path / "source")
        (tmp_path / "mirror").mkdir()
        with tarfile.open(tmp_path / "mirror" / "jupyterhub-4.4.0.tgz", "w:gz") as archive:
            archive.add(source, "jupyterhub")
    else:
        chart_directory(tmp_path / "mirror", "jupyterhub" if layout == "directory" else "jupyterhub/4.4.0")
    if layout == "versioned":
        definition = tmp_path / "mirror" / "jupyterhub" / "4.4.0" / "Chart.yaml"
        definition.write_text(yaml.safe_dump({"name": "jupyterhub", "version": "4.4.0"}))
    chart = chart_of(release(**REPOSITORY), ChartSources(mirror=str(tmp_path / "mirror")))
    assert chart.reference.startswith(str(tmp_path / "mirror" / "jupyterhub"))
    assert (chart.name, chart.args) == ("jupyterhub", ())
    assert chart.digest


def test_the_digest_of_a_chart_on_disk_follows_its_files(tmp_path):
    directory = chart_directory(tmp_path)
    first = chart_of(release(), ChartSources(mirror=str(tmp_path))).digest
    assert chart_of(release(), ChartSources(mirror=str(tmp_path))).digest == first
    (directory / "templates" / "new.yaml").write_text("")
    assert chart_of(release(), ChartSources(mirror=str(tmp_path))).digest != first


def test_a_chart_on_disk_of_another_version_is_refused(tmp_path):
    chart_directory(tmp_path, version="4.3.0")
    with pytest.raises(UserError, match=r"version is 4\.3\.0, and 4\.4\.0 is wanted"):
        chart_of(release(), ChartSources(mirror=str(tmp_path)))


def test_arguments_that_only_pulumi_supports_are_named():
    found = release(postrender="x", lint=False, repositoryOpts={"repo": "r", "password": "p"})
    assert unsupported_options(found) == [
        "postrender: only the Pulumi engine supports it",
        "repositoryOpts.password: log in with helm registry login or helm repo add instead",
    ]
    assert unsupported_options(release(**REPOSITORY, skipAwait=True, timeout=60)) == []
