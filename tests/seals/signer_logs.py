"""Writes logs of a signer, and reads them whole in a way of its own, beside the check that the product makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seals.errors import BrokenLogError
from seals.signer_log import SUFFIX, SignerLog, named_by, walk_log

NOW = datetime(2026, 11, 24, 1, 2, 3, 456000, tzinfo=UTC)


def written(folder: Path, *operations: str) -> None:
    """Write a run's file with an entry for each operation."""
    log = SignerLog(folder, lambda: NOW)
    for operation in operations:
        log.append(operation, key="k")
    log.close()


def files(folder: Path) -> list[Path]:
    """Return the files of a log, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of the log, found whole."""

    name: str
    entries: tuple[Mapping[str, Any], ...]
    digests: tuple[str, ...]
    """Of each line."""
    torn: bool
    """Whether its last line is only begun: its writer died, and that answer never left."""


def verify_logs(folder: Path) -> tuple[LogFile, ...]:
    """Read all files of a log, oldest first.

    Raises:
        BrokenLogError: a line was changed, moved or removed, or a file is shorter than another one says, or missing.
    """
    found = {path.name: _verified(path) for path in files(folder)}
    for file in found.values():
        for name, digest in named_by(file.entries[0] if file.entries else None).items():
            if name not in found:
                raise BrokenLogError(f"{file.name} names the file {name}, which is missing")
            if digest not in found[name].digests:
                raise BrokenLogError(f"{name} lacks an entry that {file.name} names")
    return tuple(found.values())


def entries_of(folder: Path) -> list[Mapping[str, Any]]:
    """Return all entries of a log, the oldest file's first."""
    return [entry for file in verify_logs(folder) for entry in file.entries]


def _verified(path: Path) -> LogFile:
    lines = list(walk_log(path))
    whole = [(line.entry, line.digest) for line in lines if line.entry is not None]
    return LogFile(
        name=path.name,
        entries=tuple(entry for entry, _ in whole),
        digests=tuple(digest for _, digest in whole),
        torn=len(lines) > len(whole),
    )
