"""The pages about clouds: what they say of the code is what the code says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from components import versions
from components.aws.endpoints import ENDPOINTS
from components.aws.keys import PURPOSES
from components.aws.registry import KEEP_IMAGES
from components.gcp.registry import KEPT_VERSIONS
from components.gcp.service_agents import ENCRYPTERS
from mlplatform.environments import PROGRAM, load
from mlplatform.graph import evaluate_all
from mlplatform.render import write
from tools.inventory import inventory_page

DOCS = Path(__file__).resolve().parents[2] / "docs"
STACKS = DOCS.parent / "stacks"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def row(text: str, key: str) -> list[str]:
    """Return the cells of the one row of the page's tables that begins with ``key``, without it."""
    (found,) = [line for line in text.splitlines() if line.startswith(f"| {key} |")]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


def test_the_comparison_has_the_versions_that_are_pinned() -> None:
    text = page("explanation/clouds.md")
    for server in row(text, "server"):
        assert f"PostgreSQL {versions.POSTGRESQL.removeprefix('v')}" in server
    aws, gcp = row(text, "service")
    assert aws.endswith(f"Airflow {versions.MWAA_AIRFLOW.removeprefix('v')}")
    assert gcp.endswith(f"Airflow {versions.COMPOSER_AIRFLOW.removeprefix('v')}")


def test_the_comparison_counts_what_there_is() -> None:
    text = page("explanation/clouds.md")
    assert len(ENDPOINTS) == 14
    assert "fourteen services" in text
    aws, gcp = (
        re.split(", ", cell)
        for cell in next(
            [cell.strip() for cell in line.strip("|").split("|")][1:]
            for line in text.splitlines()
            if line.startswith("| keys | cluster")
        )
    )
    assert aws == list(PURPOSES)
    assert sorted(gcp) == sorted(ENCRYPTERS)
    aws, gcp = row(text, "removed")
    assert f"the latest {KEEP_IMAGES} " in aws
    assert gcp.endswith(f"the latest {KEPT_VERSIONS}")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the Kubernetes objects of three environments, as ``mlplatform render`` writes them."""
    directory = tmp_path_factory.mktemp("rendered")
    wanted = [each for each in load(PROGRAM) if each.name in {"local", "aws-prod", "gcp-prod"}]
    for name, evaluation in evaluate_all([each.request() for each in wanted]).items():
        write(evaluation.filled, directory / name)
    return directory


@pytest.mark.parametrize("pair", [("local", "aws-prod"), ("aws-prod", "gcp-prod")], ids="-to-".join)
def test_what_moving_changes_is_what_the_page_shows(pair: tuple[str, str], rendered: Path) -> None:
    pattern = "*-cronjob-team-churn-churn-daily.yaml"
    command = f"$ diff out/{{{','.join(pair)}}}/{pattern}\n"
    shown = page("how-to/move-a-workload.md").partition(command)[2].partition("```")[0]
    files = [file for name in pair for file in (rendered / name).glob(pattern)]
    assert len(files) == 2
    found = subprocess.run(["diff", *files], capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stderr
    assert shown == found.stdout


def test_examples_of_an_existing_network_make_neither_network_nor_cluster(tmp_path: Path) -> None:
    text = page("how-to/existing-network.md")
    sections, cluster = {}, {}
    for block in re.findall(r"```yaml\n(.+?)```", text, re.DOTALL):
        if under := re.search(r"# under (mlplatform:\w+)", block):
            cluster[under[1]] = yaml.safe_load(block)["existingCluster"]
        else:
            found = yaml.safe_load(block)
            sections[next(iter(found))] = found
    assert sections.keys() == cluster.keys() == {"mlplatform:aws", "mlplatform:gcp"}
    for section, example in (("mlplatform:aws", "aws-dev"), ("mlplatform:gcp", "gcp-dev")):
        content = yaml.safe_load((STACKS / f"Pulumi.{example}.yaml").read_text(encoding="utf-8"))
        place = {**content["config"][section], **sections[section][section], "existingCluster": cluster[section]}
        place.pop("apiClientCidrs", None)  # the page says that the cluster's owner decides who reaches it
        content["config"] |= {**sections[section], section: place}
        (tmp_path / f"Pulumi.{example}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    evaluations = evaluate_all([each.request() for each in load(tmp_path)])
    assert evaluations.keys() == {"aws-dev", "gcp-dev"}
    for evaluation in evaluations.values():
        made = {each.short_type for each in evaluation.filled.resources}
        assert "StorageClass" in made
        assert made.isdisjoint({"Vpc", "Subnet", "Network", "Subnetwork", "Cluster"})


def test_what_can_be_let_go_is_listed() -> None:
    table = page("how-to/tear-down.md").partition("| name | what goes |")[2].partition("\n\n")[0]
    listed = re.findall(r"`([a-z]+(?:\.<\w+>)?)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line))
    schema = json.loads((STACKS / "environment.schema.json").read_text(encoding="utf-8"))
    (said,) = {
        each.removeprefix("one of ")
        for each in re.findall(r'"patternErrorMessage": "(one of airflow, [^"]+)"', json.dumps(schema))
    }
    assert sorted(listed) == sorted(said.split(", "))


def test_the_inventory_counts_every_resource_once() -> None:
    text = inventory_page()
    for heading, body in re.findall(r"^## (\S+)\n(.+?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE):
        (total,) = re.findall(rf"^\| \[{heading}\]\(#{heading}\) \| \w+ \| (\d+) \|", text, re.MULTILINE)
        folded = sum(int(number) for number in re.findall(r'^\?\?\? abstract "\S+ \((\d+)\)"$', body, re.MULTILINE))
        rows = sum(int(number) for number in re.findall(r"^    \| `\w+` \| (\d+) \|", body, re.MULTILINE))
        assert int(total) == folded == rows, heading
