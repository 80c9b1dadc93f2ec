"""The program's directory is what the Pulumi CLI makes Python's working directory."""

import sys
from pathlib import Path

import stacks


def test_no_module_hides_one_of_the_standard_library() -> None:
    names = {path.stem for path in Path(stacks.__file__).parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert "composition" in names
    assert not names & sys.stdlib_module_names
