"""Refused uses of seals: found by seal and by unit, the newest first, page by page, on either engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph_models.errors import DuplicateKeyError, RecordNotFoundError
from graph_models.rows import milliseconds
from graph_models.seal_records import add_seal
from graph_models.seals import SealViolation
from graph_models.store import GraphStore, Transaction
from graph_models.violation_records import add_violation, list_violations, violation_key
from tests.contract.records import AT
from tests.contract.seals import seal


def violation(number: int, seal_id: str | None = "S1", unit: str = "NB-MZ", minutes: int = 0) -> SealViolation:
    return SealViolation(
        issuing_key=f"C{number}/01",
        seal_id=seal_id,
        unit_code=unit,
        proof_type_code="HJ",
        reason="SEAL_NOT_GRANTED",
        by="op-1",
        at=AT + timedelta(minutes=minutes),
    )


OLD, SAME, SAME_TOO, OTHER_SEAL, NO_SEAL, NEW = ALL = (
    violation(1),
    violation(2, minutes=1),
    violation(3, minutes=1),
    violation(4, "S2", minutes=2),
    violation(5, None, "NB-JY", minutes=3),
    violation(6, unit="NB-JY", minutes=4),
)


@pytest.fixture
async def book(store: GraphStore) -> GraphStore:
    """Two seals, and six refused uses of them and of none."""

    async def work(tx: Transaction) -> None:
        await add_seal(tx, seal("S1", "1"))
        await add_seal(tx, seal("S2", "2"))
        for each in ALL:
            await add_violation(tx, each)

    await store.write(work)
    return store


@pytest.mark.requirement("R20.8")
@pytest.mark.parametrize(
    ("seal_id", "unit", "found"),
    [
        (None, None, (NEW, NO_SEAL, OTHER_SEAL, SAME_TOO, SAME, OLD)),
        ("S1", None, (NEW, SAME_TOO, SAME, OLD)),
        ("S2", None, (OTHER_SEAL,)),
        ("S9", None, ()),
        (None, "NB-JY", (NEW, NO_SEAL)),
        (None, "NB-XX", ()),
        ("S1", "NB-JY", (NEW,)),
        ("S2", "NB-JY", ()),
    ],
)
async def test_violations_are_found_by_seal_and_by_unit_the_newest_first(book, seal_id, unit, found) -> None:
    assert await book.read(lambda tx: list_violations(tx, seal_id, unit, None, 99)) == found


@pytest.mark.parametrize(("seal_id", "unit", "count"), [(None, None, 6), ("S1", None, 4), (None, "NB-MZ", 4)])
async def test_pages_follow_each_other_without_a_gap_and_without_one_twice(book, seal_id, unit, count) -> None:
    pages, after = [], None
    while True:
        page = await book.read(lambda tx, after=after: list_violations(tx, seal_id, unit, after, 1))
        if not page:
            break
        pages += page
        after = (milliseconds(page[-1].at), violation_key(page[-1]))
    assert tuple(pages) == await book.read(lambda tx: list_violations(tx, seal_id, unit, None, 99))
    assert len(pages) == count


async def test_a_page_is_not_moved_by_what_comes_in_meanwhile(book: GraphStore) -> None:
    first = await book.read(lambda tx: list_violations(tx, "S1", None, None, 2))
    await book.write(lambda tx: add_violation(tx, violation(7, minutes=9)))
    after = (milliseconds(first[-1].at), violation_key(first[-1]))
    assert await book.read(lambda tx: list_violations(tx, "S1", None, after, 9)) == (SAME, OLD)


async def test_an_issuing_is_refused_once_for_a_reason_and_by_a_seal_that_is_there(book: GraphStore) -> None:
    with pytest.raises(DuplicateKeyError):
        await book.write(lambda tx: add_violation(tx, OLD))
    with pytest.raises(RecordNotFoundError):
        await book.write(lambda tx: add_violation(tx, violation(8, "S9")))
    assert await book.read(lambda tx: list_violations(tx, None, None, None, 99)) == ALL[::-1]
