"""What the registers can state: the proof types of the file that comes with the catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecordType:
    """A proof type as its source states it: register, keys it is found by, facts by key and kind."""

    proof_type: str
    source: str
    register: str
    subject_keys: tuple[str, ...]
    kinds: dict[str, str]
    """Fact key -> TEXT, DATE, ID_NUMBER, CREDIT_CODE or AMOUNT, in the order of the proof."""

    @property
    def about_enterprise(self) -> bool:
        """Whether the record is found by a credit code."""
        return "credit_code" in self.subject_keys


Definitions = dict[tuple[str, str], RecordType]


def read_definitions(file: Path) -> Definitions:
    """Return the record types by (source, proof type); raises ValueError or KeyError for a file of another form."""
    found = (
        RecordType(
            proof_type=entry["proof_type"],
            source=entry["source"],
            register=entry["register"],
            subject_keys=tuple(entry["subject_keys"]),
            kinds={fact["key"]: fact["kind"] for fact in entry["facts"]},
        )
        for entry in json.loads(file.read_text(encoding="utf-8"))
    )
    return {(kind.source, kind.proof_type): kind for kind in found}
