from pathlib import Path

import yaml

from mlplatform.check import load_waivers
from mlplatform.check.waivers import Waiver

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check.md"


def test_the_example_of_a_waiver_can_be_read(tmp_path: Path):
    text = PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "waivers.yaml").write_text(text, encoding="utf-8")
    (waiver,) = load_waivers(tmp_path / "waivers.yaml")
    assert waiver.id == "CKV_AWS_18"
    (written,) = yaml.safe_load(text)["waivers"]
    assert set(written) == set(Waiver.__dataclass_fields__) - {"line"}
    assert all(f"| `{key}` |" in PAGE.read_text(encoding="utf-8") for key in written)
