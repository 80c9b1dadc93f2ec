"""Which lines of code belong to the project that is evaluated."""

from pathlib import Path

_THIS_PACKAGE = f"{Path(__file__).parent}/"


def project_root(program: Path) -> Path:
    """Find the directory of the nearest ``Pulumi.yaml``, the program's own directory if there is none."""
    for directory in (program, *program.parents):
        if (directory / "Pulumi.yaml").is_file():
            return directory
    return program


def of_evaluator(filename: str) -> bool:
    """Tell whether a file is part of this package."""
    return filename.startswith(_THIS_PACKAGE)


def relative(filename: str, root: Path) -> str | None:
    """Give the path of a file of the project relative to its root, with forward slashes.

    None for code outside it, for libraries in a virtual environment inside it and for this package: their paths say
    nothing about the program, or depend on the machine.
    """
    prefix = f"{root}/"
    if not filename.startswith(prefix) or "/site-packages/" in filename or of_evaluator(filename):
        return None
    return filename.removeprefix(prefix)
