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
        self._folder, self._clock = folder, clock
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

    def holds(self, operation: str, key: str) -> bool:
        """Tell whether a run of any worker logged an operation under an issuing key; it reads all files."""
        sought = f'"{key}"'.encode()
        for path in self._folder.glob(f"*{SUFFIX}"):
            lines = path.read_bytes().split(b"\n")[:-1]  # what follows the last end of a line is only begun
            if any(sought in line and orjson.loads(line)["operation"] == operation for line in lines):
                return True
        return False

    def close(self) -> None:
        """Write that the run ended, and close the file."""
        self.append("closed")
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log, which follows the line before it."""

    entry: Mapping[str, Any] | None
    """None where its writer died before it was whole."""
    digest: str


def walk_log(path: Path) -> Iterator[LogLine]:
    """Read a file of a log line by line; a last line that is only begun is not an entry, and comes as None.

    Raises:
        BrokenLogError: a line does not follow the one before it; those before it were yielded.
        OSError: the file cannot be read.
    """
    previous, number = _START, 0
    with path.open("rb") as file:
        while line := file.readline(_TAIL):
            if not line.endswith(b"\n") and len(line) < _TAIL:
                yield LogLine(None, "")
                return
            entry = _entry(f"{path.name}, line {number + 1}", line)
            if (entry.get("number"), entry.get("previous")) != (number, previous):
                raise BrokenLogError(f"{path.name}, line {number + 1}: it does not follow the line before")
            previous, number = hashlib.sha256(line.removesuffix(b"\n")).hexdigest(), number + 1
            yield LogLine(entry, previous)


def named_by(entry: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Return the digests of other files' lines that a first line names, by file."""
    named = entry.get("earlier") if entry is not None else {}
    return named if isinstance(named, dict) else {}


def _entry(place: str, line: bytes) -> Mapping[str, Any]:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError as problem:
        raise BrokenLogError(f"{place}: it is no entry") from problem
    if not isinstance(entry, dict):
        raise BrokenLogError(f"{place}: it is no entry")
    return entry


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
