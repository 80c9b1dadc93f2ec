"""Draw the README's picture from a real run: the local environment brought up, and its sample scoring job."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "assets" / "up.svg"
COLUMNS = 100

# As rich draws a terminal, but with the reader's own monospaced font in place of one from the network.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    """Run the main job and draw what it printed."""
    with tempfile.TemporaryDirectory() as directory:
        done = _mlplatform(directory, "up", "local", "--then-score", "churn-daily")
        _mlplatform(directory, "down", "local")
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        return done.returncode
    shown = done.stdout.rstrip().replace(directory, "~/.local/state").replace(str(Path.home()), "~")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(f"$ make up\n\n{shown}"))
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        picture = console.export_svg(title="mlplatform", code_format=FRAME, unique_id="up")
    PICTURE.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", encoding="utf-8")
    return 0


def _mlplatform(directory: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command with state of its own."""
    environment = {
        **os.environ,
        "COLUMNS": str(COLUMNS),
        "FORCE_COLOR": "1",
        "MLPLATFORM_ENGINE": "kubectl",
        "MLPLATFORM_STATE_DIR": f"{directory}/mlplatform",
    }
    command = [str(PROJECT / ".venv/bin/mlplatform"), *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
