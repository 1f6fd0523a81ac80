"""Which seals the signer has: those it was started with, and those whose certificates came in since, in one file."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from seals.appearance import SealFace
from seals.errors import SealingError, SealPictureError, WrongSealError
from seals.kinds import SealKind
from seals.seal_pictures import SealPicture
from seals.signer_files import replace_through
from seals.signer_locks import NamedLocks


@dataclass(frozen=True, slots=True)
class SealRecord:
    """One seal as its keeper recorded it."""

    id: str
    """By which grants name it."""
    kind: SealKind
    key_label: str
    face: SealFace
    picture: SealPicture | None = None
    """What the seal shows instead of its face."""


class SealRecords:
    """The records, shared by all workers."""

    def __init__(self, given: Iterable[SealRecord], file: Path, locks: NamedLocks) -> None:
        """Take the records to begin with.

        Raises:
            WrongSealError: one seal is there twice.
        """
        self._given: dict[str, SealRecord] = {}
        for record in given:
            if record.id in self._given:
                raise WrongSealError(f"there are two seals {record.id}")
            self._given[record.id] = record
        self._file = file
        self._locks = locks

    def all(self) -> tuple[SealRecord, ...]:
        """Return all records; one that came in takes the place of one given at the start.

        Raises:
            SealingError: the file cannot be read.
        """
        kept, dropped = self._read()
        return tuple(record for record in (self._given | kept).values() if record.key_label not in dropped)

    def put(self, record: SealRecord) -> None:
        """Keep a record, in the place of one of the same seal (its new key)."""
        with self._locks.exclusive("seals"):
            kept, dropped = self._read()
            self._write(kept | {record.id: record}, dropped - {record.key_label})

    def drop(self, key_label: str) -> None:
        """Forget the seal whose key is destroyed, for ever."""
        with self._locks.exclusive("seals"):
            kept, dropped = self._read()
            self._write(kept, dropped | {key_label})

    def version(self) -> object:
        """Return what differs whenever the file was written."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> tuple[dict[str, SealRecord], frozenset[str]]:
        """Return the records that came in, and the labels of the keys that were destroyed."""
        try:
            found = orjson.loads(self._file.read_bytes())
            return {record.id: record for record in map(read_record, found["seals"])}, frozenset(found["destroyed"])
        except FileNotFoundError:
            return {}, frozenset()
        except (OSError, ValueError, KeyError, TypeError, SealPictureError) as problem:
            raise SealingError("the signer cannot read its records of seals") from problem

    def _write(self, kept: dict[str, SealRecord], dropped: frozenset[str]) -> None:
        record = {"destroyed": sorted(dropped), "seals": [written_record(each) for each in kept.values()]}
        replace_through(self._file, orjson.dumps(record))


def written_record(record: SealRecord) -> dict[str, str | None]:
    """Return a record as JSON keeps it."""
    face, picture = record.face, record.picture
    return {
        "holder": face.holder,
        "id": record.id,
        "key_label": record.key_label,
        "kind": record.kind.value,
        "name": face.name,
        "number": face.number,
        "picture": None if picture is None else b64encode(picture.to_bytes()).decode(),
    }


def read_record(found: dict[str, Any]) -> SealRecord:
    """Read a record back; raises KeyError, TypeError, ValueError or SealPictureError."""
    texts = [found[name] for name in ("holder", "id", "key_label", "name")]
    if not all(isinstance(text, str) and text for text in texts) or not isinstance(found["number"], str | None):
        raise ValueError("a seal's record holds texts")
    face = SealFace(found["holder"], found["name"], found["number"])
    shown = found.get("picture")  # records that were kept before there were pictures have none
    picture = None if shown is None else SealPicture.from_bytes(b64decode(shown, validate=True))
    return SealRecord(found["id"], SealKind(found["kind"]), found["key_label"], face, picture)
