"""Two evaluations give the same bytes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"

SCRIPT = """
import sys
from pathlib import Path
from mlplatform.graph import EvaluationRequest, evaluate, mask
evaluation = evaluate(EvaluationRequest("test", {}, Path(sys.argv[1])))
sys.stdout.write(evaluation.preview.to_json() + evaluation.filled.to_json())
sys.stdout.write(repr(mask(evaluation.outputs)) + repr(evaluation.findings))
"""


def evaluate_in_new_process(program: str, seed: str, directory: Path) -> bytes:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(PROGRAMS / program)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=directory,
        check=True,
        capture_output=True,
    ).stdout


@pytest.mark.parametrize("program", ["order", "secrets", "options", "structure"])
def test_hash_seed_and_directory_do_not_show(program, tmp_path):
    results = {
        hashlib.sha256(evaluate_in_new_process(program, seed, directory)).hexdigest()
        for seed, directory in (("0", tmp_path), ("1", Path("/")), ("12345", Path(__file__).parent))
    }
    assert len(results) == 1


def test_outputs_reach_the_program_in_key_order(run):
    (as_text,) = (resource for resource in run("order").filled.resources if resource.name == "as-text")
    keys = [part.split('"')[1] for part in as_text.inputs["data"]["text"].split(", ")]
    assert keys == sorted(keys)
    assert len(keys) == 12


def test_no_path_of_this_machine_is_in_the_graph(run):
    text = run("options").filled.to_json()
    assert str(Path(__file__).parents[2]) not in text
    assert sys.prefix not in text
