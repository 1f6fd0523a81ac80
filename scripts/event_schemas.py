"""Writes docs/events/, one JSON Schema for each type of event, from the table in hub/events.py.

python scripts/event_schemas.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from hub.event_schemas import schema_files

FOLDER = Path("docs/events")


def differing(folder: Path = FOLDER) -> list[str]:
    """Return the names of the files that are missing, not as they must be, or there for no type."""
    wanted = schema_files()
    found = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main() -> int:
    """Write the files, or with --check tell whether they are as they must be."""
    if "--check" in sys.argv[1:]:
        if differing():
            print(f"{FOLDER} is not up to date: run scripts/check --fix", file=sys.stderr)
        return 1 if differing() else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in differing():
        content = schema_files().get(name)
        (FOLDER / name).unlink(missing_ok=True) if content is None else (FOLDER / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
