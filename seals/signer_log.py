"""The signer's own log: append-only lines of JSON, each with the digest of the line before it.

Each run of a worker writes a file of its own, so no two processes write to one. Its first line names the last lines
of the files that were there: who shortens or removes a file breaks a chain of another. An entry is on the disk
before the answer leaves the process. Entries hold numbers and digests, no fact of anybody.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from seals.endorsement import format_time
from seals.errors import BrokenLogError
from seals.signer_files import flush_folder, private_folder

SUFFIX = ".jsonl"
_START = "0" * 64
_TAIL = 1024 * 1024
"""So many bytes of a file are read for its last line; an entry is far shorter."""
_NAMED_FILES = 64
"""How many of the newest other files a first line names."""


class SignerLog:
    """The log of one run of one worker."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        """Begin a new file in the folder.

        Raises:
            SealingError: the folder cannot be used, or others may enter it.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._number, self._previous = 0, _START
        earlier = _heads(private_folder(folder))
        self._descriptor = _new_file(folder, clock())
        flush_folder(folder)
        self.append("opened", pid=os.getpid(), earlier=earlier)

    def append(self, operation: str, **details: object) -> None:
        """Write an entry and see it on the disk.

        Raises:
            BrokenLogError: it cannot be written; the log is as it was.
        """
        with self._lock:
            record = {
                **details,
                "at": format_time(self._clock()),
                "number": self._number,
                "operation": operation,
                "previous": self._previous,
            }
            line = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
            _write_whole(self._descriptor, line + b"\n")
            self._number, self._previous = self._number + 1, hashlib.sha256(line).hexdigest()

    def close(self) -> None:
        """Write that the run ended, and close the file."""
        self.append("closed")
        os.close(self._descriptor)


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
    files = {path.name: _verified(path) for path in sorted(folder.glob(f"*{SUFFIX}"))}
    for file in files.values():
        for name, digest in _named(file).items():
            if name not in files:
                raise BrokenLogError(f"{file.name} names the file {name}, which is missing")
            if digest not in files[name].digests:
                raise BrokenLogError(f"{name} lacks an entry that {file.name} names")
    return tuple(files.values())


def _verified(path: Path) -> LogFile:
    *lines, rest = path.read_bytes().split(b"\n")
    previous, entries, digests = _START, list[Mapping[str, Any]](), list[str]()
    for number, line in enumerate(lines):
        entry = _entry(path.name, line)
        if (entry.get("number"), entry.get("previous")) != (number, previous):
            raise BrokenLogError(f"{path.name}, line {number + 1}: it does not follow the line before")
        previous = hashlib.sha256(line).hexdigest()
        entries.append(entry)
        digests.append(previous)
    return LogFile(path.name, tuple(entries), tuple(digests), bool(rest))


def _entry(name: str, line: bytes) -> Mapping[str, Any]:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError as problem:
        raise BrokenLogError(f"{name} has a line that is no entry") from problem
    if not isinstance(entry, dict):
        raise BrokenLogError(f"{name} has a line that is no entry")
    return entry


def _named(file: LogFile) -> Mapping[str, str]:
    named = file.entries[0].get("earlier") if file.entries else {}
    return named if isinstance(named, dict) else {}


def _heads(folder: Path) -> dict[str, str]:
    """Return the digest of the last whole line of the newest files."""
    heads = {}
    for path in sorted(folder.glob(f"*{SUFFIX}"))[-_NAMED_FILES:]:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            *lines, _ = file.read().split(b"\n")
        if lines:
            heads[path.name] = hashlib.sha256(lines[-1]).hexdigest()
    return heads


def _write_whole(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError("the disk is full")
        os.fdatasync(descriptor)
    except OSError as problem:
        os.ftruncate(descriptor, size)
        raise BrokenLogError("the signer's log cannot be written") from problem


def _new_file(folder: Path, now: datetime) -> int:
    begun = format_time(now).replace(":", "").replace("-", "")
    for name in _names(f"{begun}-{os.getpid()}"):
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            return os.open(folder / name, flags, 0o600)
        except FileExistsError:
            continue
    raise BrokenLogError("no name is left for a new file of the log")


def _names(stem: str) -> Iterator[str]:
    yield from (f"{stem}-{number:03}{SUFFIX}" for number in range(1000))
