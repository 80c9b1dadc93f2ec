"""Write the JSON Schema of environment files to where editors look for it: ``python -m stacks.settings``."""

import json
from pathlib import Path
from typing import Final

from stacks.settings.load import STACKS
from stacks.settings.schema import json_schema

SCHEMA_FILE: Final = STACKS / "environment.schema.json"
"""Where the environment files' first line points."""


def written() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(path: Path = SCHEMA_FILE) -> None:
    """Write the schema."""
    path.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
