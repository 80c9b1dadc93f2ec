"""``mlplatform preview`` and ``mlplatform render``: what an environment would deploy."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from mlplatform.console import err, out
from mlplatform.environments import Environment
from mlplatform.errors import UserError
from mlplatform.graph import Evaluation, Severity, evaluate, evaluate_all
from mlplatform.render import Written, write
from mlplatform.render.terraform import plan
from mlplatform.tables import finding_lines, plan_lines, preview_table


def preview(environments: Iterable[Environment], json_file: Path | None) -> bool:
    """Evaluate the environments, show what they would deploy, and tell whether there is nothing wrong with any.

    With ``json_file`` the filled graphs are written there as a JSON list, in order of name; ``-`` writes them to
    standard output in place of the tables.
    """
    evaluations = evaluate_all([each.request() for each in environments])
    if json_file is not None:
        write_json(evaluations, json_file)
    if json_file != Path("-"):
        for name, evaluation in evaluations.items():
            out.print(preview_table(name, evaluation))
    for name, evaluation in evaluations.items():
        for line in finding_lines(name, evaluation.findings):
            err.print(line, soft_wrap=True)
    return not any(errors(each) for each in evaluations.values())


def write_json(evaluations: Mapping[str, Evaluation], file: Path) -> None:
    """Write the filled graphs as a JSON list."""
    graphs = [json.loads(each.filled.to_json()) for each in evaluations.values()]
    write_text(json.dumps(graphs, indent=2, sort_keys=True, ensure_ascii=False) + "\n", file)


def write_text(text: str, file: Path) -> None:
    """Write a result to a file, or to standard output where the file is ``-``."""
    try:
        if file == Path("-"):
            out.file.write(text)
            out.file.flush()
        else:
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file}: cannot be written: {error.strerror}") from error


def render(environment: Environment, directory: Path | None, plan_file: Path | None) -> Written | None:
    """Write the environment in other forms, unless there is something wrong with it.

    Its Kubernetes objects go to ``directory`` as files, and what it has of AWS and GCP to ``plan_file`` as a Terraform
    plan; ``-`` is standard output. What the plan lacks is told on standard error.
    """
    evaluation = evaluate_strictly(environment)
    written = None if directory is None else write(evaluation.filled, directory)
    if plan_file is not None:
        made = plan(evaluation.filled, evaluation.preview)
        write_text(made.to_json(), plan_file)
        for line in plan_lines(environment.name, made):
            err.print(line, soft_wrap=True)
    return written


def evaluate_strictly(environment: Environment) -> Evaluation:
    """Evaluate an environment that is to be deployed or written out.

    Raises ``UserError`` with every finding that says that a deployment would fail.
    """
    evaluation = evaluate(environment.request())
    found = errors(evaluation)
    if found:
        raise UserError(
            f"{environment.name}: {len(found)} findings; nothing was changed\n"
            + "\n".join(f"  {each}" for each in found)
        )
    return evaluation


def errors(evaluation: Evaluation) -> list[str]:
    """Return the findings that say that a deployment would fail, as texts."""
    return [str(each) for each in evaluation.findings if each.severity is Severity.ERROR]
