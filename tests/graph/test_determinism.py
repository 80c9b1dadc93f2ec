"""Two evaluations give the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"

NAMES = ("options", "order", "secrets", "structure")

SCRIPT = """
import sys
from pathlib import Path
from mlplatform.graph import EvaluationRequest, evaluate, mask
for program in sys.argv[1:]:
    evaluation = evaluate(EvaluationRequest("test", {}, Path(program)))
    sys.stdout.write(evaluation.preview.to_json() + evaluation.filled.to_json())
    sys.stdout.write(repr(mask(evaluation.outputs)) + repr(evaluation.findings))
"""


def evaluate_in_new_process(seed: str, directory: Path) -> bytes:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *(str(PROGRAMS / name) for name in NAMES)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=directory,
        check=True,
        capture_output=True,
    ).stdout


def test_hash_seed_and_directory_do_not_show(tmp_path):
    first = evaluate_in_new_process("0", tmp_path)
    assert first.count(b'"environment": "test"') == 2 * len(NAMES)
    assert evaluate_in_new_process("1", Path("/")) == first
    assert evaluate_in_new_process("12345", Path(__file__).parent) == first


def test_outputs_reach_the_program_in_key_order(run):
    (as_text,) = (resource for resource in run("order").filled.resources if resource.name == "as-text")
    keys = [part.split('"')[1] for part in as_text.inputs["data"]["text"].split(", ")]
    assert keys == sorted(keys)
    assert len(keys) == 12


def test_no_path_of_this_machine_is_in_the_graph(run):
    text = run("options").filled.to_json()
    assert str(Path(__file__).parents[2]) not in text
    assert sys.prefix not in text
