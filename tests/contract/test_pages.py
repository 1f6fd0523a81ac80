"""Pages by key: together they hold everything once, in order, however long each is."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_models.case_records import add_case, list_cases
from graph_models.casework import Case, CaseState, RequestState, VerificationRequest
from graph_models.request_records import add_request, list_inbox
from graph_models.rows import milliseconds
from graph_models.store import GraphStore, Transaction
from tests.contract.records import case, verification_request

MINUTES = st.lists(st.integers(0, 4), max_size=12)
"""Few different times, so that the identifier has to decide."""
RUNS = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def _emptied(store: GraphStore) -> None:
    async def work(tx: Transaction) -> None:
        for label in ("BusinessNumber", "VerificationRequest", "UnitInbox", "CaseFile", "UnitDesk"):
            await tx.run(f"MATCH (n:{label}) DETACH DELETE n")

    await store.write(work)


async def _all_cases(store: GraphStore, state: CaseState | None, size: int) -> list[Case]:
    found: list[Case] = []
    after: tuple[int, str] | None = None
    while page := await store.read(lambda tx, after=after: list_cases(tx, "U", state, after, size)):
        assert len(page) <= size
        found.extend(page)
        after = (milliseconds(page[-1].opened_at), page[-1].number)
    return found


async def _whole_inbox(store: GraphStore, size: int) -> list[VerificationRequest]:
    found: list[VerificationRequest] = []
    after: tuple[int, str] | None = None
    while page := await store.read(lambda tx, after=after: list_inbox(tx, "U", [RequestState.RECEIVED], after, size)):
        assert len(page) <= size
        found.extend(page)
        after = (milliseconds(page[-1].due_at), page[-1].id)
    return found


@RUNS
@given(minutes=MINUTES, size=st.integers(1, 5), closed=st.sets(st.integers(0, 11)))
async def test_pages_of_cases_hold_each_once_newest_first(
    store: GraphStore, minutes: list[int], size: int, closed: set[int]
) -> None:
    await _emptied(store)
    cases = [
        case(f"C{one}", "U", minute, CaseState.CLOSED if one in closed else CaseState.OPEN)
        for one, minute in enumerate(minutes)
    ]

    async def work(tx: Transaction) -> None:
        for one in (*cases, case("other", "V")):
            await add_case(tx, one)

    await store.write(work)
    ordered = sorted(cases, key=lambda one: (one.opened_at, one.number), reverse=True)
    assert await _all_cases(store, None, size) == ordered
    assert await _all_cases(store, CaseState.OPEN, size) == [one for one in ordered if one.state is CaseState.OPEN]


@RUNS
@given(minutes=MINUTES, size=st.integers(1, 5))
async def test_pages_of_an_inbox_hold_each_request_once_by_due_time(
    store: GraphStore, minutes: list[int], size: int
) -> None:
    await _emptied(store)
    requests = [verification_request(f"R{one}", "C1", "U", minute) for one, minute in enumerate(minutes)]

    async def work(tx: Transaction) -> None:
        await add_case(tx, case())
        for one in (*requests, verification_request("other", "C1", "V")):
            await add_request(tx, one)

    await store.write(work)
    assert await _whole_inbox(store, size) == sorted(requests, key=lambda one: (one.due_at, one.id))
