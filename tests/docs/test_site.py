"""The documentation: it builds without a warning, and says what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from components.host import COMPONENTS
from mlplatform.graph import EvaluationRequest, evaluate
from stacks.settings import SettingsError, load_file

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return directory


def test_the_reference_has_every_setting_command_and_component(site: Path) -> None:
    settings = (site / "reference" / "settings" / "index.html").read_text(encoding="utf-8")
    assert "<code>&lt;name&gt;.idleSeconds</code>" in settings
    commands = (site / "reference" / "cli" / "index.html").read_text(encoding="utf-8")
    for name in ("preview", "render", "up", "down", "status", "score", "doctor"):
        assert f'id="{name}"' in commands
    components = (site / "reference" / "components" / "index.html").read_text(encoding="utf-8")
    for component in COMPONENTS:
        assert f"<code>mlplatform:index:{component.__name__}</code>" in components


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'<(?:script|img|iframe)[^>]+src="https?://', text), page
        assert not re.search(r'<link[^>]+rel="(?:stylesheet|preconnect)"[^>]+href="https?://', text), page


def test_every_variable_of_the_command_line_is_documented() -> None:
    used = {
        name
        for path in (PROJECT / "mlplatform").rglob("*.py")
        for name in re.findall(r'"(MLPLATFORM_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    documented = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    assert {"MLPLATFORM_ENGINE", "MLPLATFORM_CACHE_DIR"} <= used
    assert [name for name in sorted(used) if f"`{name}`" not in documented] == []


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert "LICENSE" in links
    assert [link for link in links if not link.startswith("https://") and not (PROJECT / link).exists()] == []


def test_every_decision_is_listed() -> None:
    index = (DOCS / "adr" / "index.md").read_text(encoding="utf-8")
    records = sorted(path.name for path in (DOCS / "adr").glob("0*.md"))
    assert records
    assert [name for name in records if f"]({name})" not in index] == []


@pytest.mark.parametrize("page", [PROJECT / "README.md", DOCS / "tutorials" / "laptop.md"], ids=["readme", "tutorial"])
def test_the_example_of_a_mistake_is_what_is_told(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PROJECT / "stacks" / "Pulumi.local.yaml").read_text(encoding="utf-8")
    before, purpose, after = text.partition("      purpose: scoring\n")
    assert purpose
    if page.name == "README.md":
        after = after.replace("max: 20", "max: 0", 1)
    broken = (before + purpose + after).replace("quota: {cpu: 100,", "quota: {cpus: 200,", 1)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.local.yaml").write_text(broken, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        load_file(Path("stacks/Pulumi.local.yaml"))
    assert str(caught.value) in page.read_text(encoding="utf-8")


def test_the_example_of_a_stack_of_ones_own_evaluates(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "compose.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.+?)```", page, re.DOTALL)
    assert program is not None
    (tmp_path / "__main__.py").write_text(program[1], encoding="utf-8")
    evaluation = evaluate(EvaluationRequest("mine", {}, tmp_path, project="mine"))
    assert evaluation.findings == ()
    classes = [each for each in evaluation.filled.resources if each.type.endswith(":PriorityClass")]
    assert len(classes) == 5
    assert all(each.inputs["metadata"]["labels"]["owner"] == "me" for each in classes)
