"""Checks the whole of a signer's log, of any length, and says every place where it is broken.

A file is read twice and never kept: once for its first line, which names lines of other files, once for its chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from seals.errors import BrokenLogError, LogNotFoundError
from seals.signer_log import SUFFIX, named_by, walk_log

LOG_FOLDER = "log"
"""Where in the signer's own folder its log is."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What was found in one file."""

    name: str
    entries: int
    """How many entries follow each other from the first."""
    torn: bool
    """Whether its last line is only begun: its writer died, and that answer never left. It is no fault."""
    faults: tuple[str, ...]
    """Where it is broken, in words."""


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What was found in a log."""

    files: tuple[CheckedFile, ...]
    """Oldest first; one that is missing is among them."""

    @property
    def whole(self) -> bool:
        """Whether no chain is broken."""
        return not any(file.faults for file in self.files)

    def to_json(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps({"whole": self.whole, "files": [asdict(file) for file in self.files]})


def check_log(folder: Path) -> LogCheck:
    """Check the log in a folder, or in the signer's own folder.

    Raises:
        LogNotFoundError: there is no log: one that was removed as a whole is not whole.
        OSError: it cannot be read.
    """
    place = folder / LOG_FOLDER if (folder / LOG_FOLDER).is_dir() else folder
    paths = {name.name: name for name in sorted(place.iterdir()) if name.name.endswith(SUFFIX)}
    if not paths:
        raise LogNotFoundError(f"there is no log in {place}")
    named = _named(paths)
    missing = [CheckedFile(name, 0, False, _missing(named[name])) for name in named if name not in paths]
    checked = [_checked(path, named.get(name, {})) for name, path in paths.items()]
    return LogCheck(tuple(sorted((*checked, *missing), key=lambda file: file.name)))


def _named(paths: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """Return which lines other files name: of each file the digests, with the first file that names it."""
    named: dict[str, dict[str, str]] = {}
    for name, path in paths.items():
        for other, digest in named_by(_first_entry(path)).items():
            named.setdefault(str(other), {}).setdefault(str(digest), name)
    return named


def _first_entry(path: Path) -> Mapping[str, object] | None:
    try:
        first = next(walk_log(path), None)
    except BrokenLogError:  # told when its chain is checked
        return None
    return None if first is None else first.entry


def _checked(path: Path, named: Mapping[str, str]) -> CheckedFile:
    entries, torn, wanted = 0, False, dict(named)
    try:
        for line in walk_log(path):
            torn = line.entry is None
            entries += not torn
            wanted.pop(line.digest, None)
    except BrokenLogError as problem:
        said = str(problem).removeprefix(f"{path.name}, ")
        return CheckedFile(path.name, entries, torn, (said,))  # what comes after it cannot be told
    return CheckedFile(path.name, entries, torn, tuple(_lacking(wanted)))


def _lacking(wanted: Mapping[str, str]) -> Iterator[str]:
    yield from (f"it lacks an entry that {other} names" for other in wanted.values())


def _missing(named: Mapping[str, str]) -> tuple[str, ...]:
    return (f"it is missing; {next(iter(named.values()))} names it",)
