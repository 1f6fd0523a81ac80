"""The chain of audit entries, without a store: what breaks it, and where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.casework import AuditEntry
from graph_models.journal import AuditDraft
from graph_models.journal_records import chained, verify_chain

AT = datetime(2026, 3, 2, tzinfo=UTC)


def _chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    sequence, digest = 0, ""
    for one in range(length):
        draft = AuditDraft(
            stream="C1", at=AT, actor=f"a{one}", unit_code="U", operation="o", target="t", detail_json="{}"
        )
        entries.append(chained(draft, sequence, digest))
        sequence, digest = entries[-1].sequence, entries[-1].digest
    return entries


def test_a_digest_is_over_everything_an_entry_says_and_never_changes() -> None:
    entry = _chain(2)[1]
    assert entry.digest == "793996508dcde53c0a21f50d870e392e50ea009c00644dde9285b75a6a34e4a0"


@given(st.integers(0, 8))
def test_a_whole_chain_is_whole(length: int) -> None:
    assert verify_chain(_chain(length)) is None


@pytest.mark.requirement("I3")
@pytest.mark.parametrize(
    "change",
    [
        {"actor": "x"},
        {"unit_code": "x"},
        {"operation": "x"},
        {"target": "x"},
        {"detail_json": "[]"},
        {"stream": "x"},
        {"at": datetime(2026, 3, 3, tzinfo=UTC)},
        {"sequence": 9},
        {"previous_digest": "0" * 64},
        {"digest": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_an_entry_shows_at_that_entry(change: dict[str, object]) -> None:
    entries = _chain(5)
    entries[2] = replace(entries[2], **change)  # type: ignore[arg-type]
    assert verify_chain(entries) == 3


@given(st.integers(0, 5))
def test_an_entry_left_out_shows_at_its_place(place: int) -> None:
    entries = _chain(7)
    del entries[place]
    assert verify_chain(entries) == place + 1


@given(st.integers(0, 5))
def test_two_entries_exchanged_show(place: int) -> None:
    entries = _chain(7)
    entries[place : place + 2] = reversed(entries[place : place + 2])
    assert verify_chain(entries) == place + 1


def test_a_part_is_checked_from_the_entry_before_it() -> None:
    entries = _chain(6)
    assert verify_chain(entries[3:], entries[2].sequence, entries[2].digest) is None
    assert verify_chain(entries[3:]) == 1
