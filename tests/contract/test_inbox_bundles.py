"""Inboxes by case, and those parts of them that are due: on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from graph_models.case_records import add_case
from graph_models.casework import RequestState, VerificationRequest
from graph_models.request_records import add_request, list_bundles, list_inbox, load_request, save_request
from graph_models.rows import milliseconds
from graph_models.store import GraphStore, Transaction
from tests.contract.records import AT, case, verification_request

OPEN = [RequestState.RECEIVED, RequestState.CLAIMED]


async def put(store: GraphStore, *requests: VerificationRequest) -> None:
    async def work(tx: Transaction) -> None:
        for number in sorted({request.case_number for request in requests}):
            await add_case(tx, case(number))
        for request in requests:
            await add_request(tx, request)

    await store.write(work)


async def bundles(store: GraphStore, after: tuple[int, str] | None = None, limit: int = 9) -> Sequence[str]:
    return await store.read(lambda tx: list_bundles(tx, "NB-MZ", OPEN, after, limit))


async def test_cases_come_once_by_the_first_of_their_requests_that_is_due(store: GraphStore) -> None:
    await put(
        store,
        verification_request("R1", "C1", minutes=9),
        verification_request("R2", "C2", minutes=5),
        verification_request("R3", "C1", minutes=2),
        verification_request("R4", "C3", minutes=5),
        verification_request("R5", "C4", issuing="NB-X"),
    )
    assert await bundles(store) == ("C1", "C2", "C3")
    assert await bundles(store, limit=1) == ("C1",)
    assert await bundles(store, (milliseconds(AT + timedelta(minutes=2)), "C1"), 1) == ("C2",)
    assert await bundles(store, (milliseconds(AT + timedelta(minutes=5)), "C2")) == ("C3",)


async def test_a_case_goes_when_its_last_open_request_has_ended(store: GraphStore) -> None:
    made = verification_request("R1", "C1")
    await put(store, made, verification_request("R2", "C1", minutes=1))
    await store.write(lambda tx: save_request(tx, replace(made, state=RequestState.SEALED)))
    assert await bundles(store, (milliseconds(AT), "C1")) == ("C1",)
    last = await store.read(lambda tx: load_request(tx, "R2"))
    await store.write(lambda tx: save_request(tx, replace(last, state=RequestState.WITHDRAWN)))
    assert await bundles(store) == ()


async def test_an_inbox_shows_what_is_due_by_a_time(store: GraphStore) -> None:
    await put(store, *(verification_request(f"R{minute}", minutes=minute) for minute in range(4)))
    by = AT + timedelta(minutes=2)
    found = await store.read(lambda tx: list_inbox(tx, "NB-MZ", OPEN, None, 9, due_by=by))
    assert [request.id for request in found] == ["R0", "R1", "R2"]


async def test_what_was_escalated_assigned_and_overdue_is_read_back(store: GraphStore) -> None:
    made = verification_request()
    await put(store, made)
    marked = replace(made, overdue_since=AT, escalated_since=AT + timedelta(minutes=1), assigned_by="reform-1")
    saved = await store.write(lambda tx: save_request(tx, marked))
    assert await store.read(lambda tx: load_request(tx, "R1")) == saved
    assert saved == replace(marked, version=2)
