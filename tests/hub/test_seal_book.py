"""Who reads which refused uses: the seal authority and the supervisor all of them, a unit its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph_models.seals import SealViolation
from graph_models.store import Transaction
from graph_models.violation_records import add_violation
from hub.actors import Actor, Post
from hub.errors import NotPermittedError
from hub.seal_book import SealBook, ViolationFilter
from tests.hub.office import NOW, OPERATOR
from tests.hub.seal_authority import FIRST, SUPERVISOR, SealServices

KEEPER = Actor("keeper-1", "JY", frozenset({Post.SEAL_KEEPER}))
MANAGER = Actor("manager-1", "GA", frozenset({Post.UNIT_MANAGER}))


def violation(unit: str, minutes: int) -> SealViolation:
    return SealViolation(
        issuing_key=f"C{minutes}/01",
        seal_id=None,
        unit_code=unit,
        proof_type_code="HJ",
        reason="SEAL_SUSPENDED",
        by="op-1",
        at=NOW + timedelta(minutes=minutes),
    )


@pytest.fixture
async def book(services: SealServices) -> SealBook:
    """Two refused uses by one unit and one by another."""

    async def work(tx: Transaction) -> None:
        for number, unit in enumerate(("JY", "GA", "JY")):
            await add_violation(tx, violation(unit, number))

    await services.book.store.write(work)
    return services.book


@pytest.mark.requirement("R5.1", "R20.8")
@pytest.mark.parametrize(
    ("actor", "unit", "found"),
    [
        (FIRST, None, [2, 1, 0]),
        (SUPERVISOR, "JY", [2, 0]),
        (KEEPER, None, [2, 0]),
        (KEEPER, "JY", [2, 0]),
        (MANAGER, None, [1]),
    ],
)
async def test_each_reads_what_is_for_them(book: SealBook, actor: Actor, unit: str | None, found: list[int]) -> None:
    page = await book.violations(actor, ViolationFilter(unit_code=unit), None, 9)
    assert [int(each.issuing_key[1]) for each in page] == found


@pytest.mark.parametrize(("actor", "unit"), [(KEEPER, "GA"), (MANAGER, "JY"), (OPERATOR, None), (OPERATOR, "MZ-HS")])
async def test_what_is_another_units_or_not_for_the_post_is_refused(
    book: SealBook, actor: Actor, unit: str | None
) -> None:
    with pytest.raises(NotPermittedError):
        await book.violations(actor, ViolationFilter(unit_code=unit), None, 9)
