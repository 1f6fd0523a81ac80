"""Bundles of an inbox by applicant, and those parts of an inbox that are due: on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from graph_models import statements_bundles
from graph_models.bundle_records import BundleHead, list_bundles, load_bundles
from graph_models.case_records import add_case
from graph_models.casework import Applicant, RequestState, VerificationRequest
from graph_models.catalogue import ApplicantKind
from graph_models.errors import RecordNotFoundError
from graph_models.migrations import BUNDLES, carry_over
from graph_models.request_records import BATCH, add_request, list_inbox, load_request, save_request
from graph_models.rows import milliseconds, to_document
from graph_models.store import GraphStore, Row, Transaction, Value
from tests.contract.records import AT, case, verification_request

OPEN = [RequestState.RECEIVED, RequestState.CLAIMED]
HOUR = 60


def seeded(
    identifier: str, number: str = "C1", minutes: int = 0, issuing: str = "NB-MZ", seed: str = ""
) -> VerificationRequest:
    made = verification_request(identifier, number, issuing, minutes)
    return replace(made, bundle_seed=seed or f"B-{identifier}")


async def put(store: GraphStore, *requests: VerificationRequest, **people: str) -> None:
    """Write requests and their cases; of whom a case is, is named by its number, otherwise all are of one person."""

    async def work(tx: Transaction) -> None:
        for number in sorted({request.case_number for request in requests}):
            who = Applicant(kind=ApplicantKind.NATURAL_PERSON, name="甲", identifier=people.get(number, "P"))
            await add_case(tx, replace(case(number), applicant=who))
        for request in requests:
            await add_request(tx, request)

    await store.write(work)


async def heads(
    store: GraphStore, after: tuple[int, str] | None = None, limit: int = 9, unit: str = "NB-MZ"
) -> tuple[BundleHead, ...]:
    return await store.read(lambda tx: list_bundles(tx, unit, after, limit))


async def bundles(store: GraphStore, unit: str = "NB-MZ") -> dict[str, list[str]]:
    """Return the requests of each bundle, in the order of bundles."""
    ids = [head.id for head in await heads(store, unit=unit)]
    found = await store.read(lambda tx: load_bundles(tx, ids))
    return {each: [request.id for request in found[each]] for each in ids}


async def changed(store: GraphStore, identifier: str, **changes: object) -> VerificationRequest:
    async def work(tx: Transaction) -> VerificationRequest:
        found = await load_request(tx, identifier)
        return await save_request(tx, replace(found, **changes))  # type: ignore[arg-type]

    return await store.write(work)


async def count(store: GraphStore, label: str) -> object:
    async def work(tx: Transaction) -> list[Row]:
        return await tx.run(f"MATCH (n:{label}) RETURN count(*) AS found")

    return (await store.read(work))[0]["found"]


async def test_requests_about_one_applicant_are_one_bundle_whatever_the_case(store: GraphStore) -> None:
    await put(
        store,
        seeded("R1", "C1", minutes=9),
        seeded("R2", "C2", minutes=5),
        seeded("R3", "C3", minutes=2),
        seeded("R4", "C1", issuing="NB-X"),
        C2="p ",
        C3="Q",
    )
    assert await bundles(store) == {"B-R3": ["R3"], "B-R1": ["R2", "R1"]}
    assert await bundles(store, "NB-X") == {"B-R4": ["R4"]}
    assert await bundles(store, "NB-Y") == {}


async def test_pages_go_on_where_the_last_one_ended_over_hours_too(store: GraphStore) -> None:
    minutes = {"R1": 5 * HOUR, "R2": 2, "R3": 5 * HOUR, "R4": 2, "R5": 30 * HOUR}
    made = [seeded(each, f"C-{each}", minutes=late) for each, late in minutes.items()]
    await put(store, *made, **{f"C-{each}": each for each in minutes})
    seen, after = list[str](), None
    while page := await heads(store, after, 2):
        seen += [head.id for head in page]
        after = (page[-1].due_at, page[-1].id)
    assert seen == ["B-R2", "B-R4", "B-R1", "B-R3", "B-R5"]
    due = milliseconds(AT + timedelta(minutes=2))
    assert (await heads(store, limit=1))[0] == BundleHead("B-R2", due)
    assert [head.id for head in await heads(store, (due, "B-R2"), 1)] == ["B-R4"]


async def test_a_bundle_moves_with_its_first_and_goes_with_its_last_open_request(store: GraphStore) -> None:
    await put(store, seeded("R1", "C1"), seeded("R2", "C2", minutes=3 * HOUR), seeded("R3", "C3", minutes=9), C3="Q")
    assert await bundles(store) == {"B-R1": ["R1", "R2"], "B-R3": ["R3"]}
    await changed(store, "R1", state=RequestState.SEALED)
    assert await bundles(store) == {"B-R3": ["R3"], "B-R1": ["R2"]}
    await changed(store, "R1", state=RequestState.DELIVERED)
    await changed(store, "R2", due_at=AT)
    assert [head.due_at for head in await heads(store)] == [milliseconds(AT), milliseconds(AT + timedelta(minutes=9))]
    await changed(store, "R3", state=RequestState.WITHDRAWN)
    await changed(store, "R2", state=RequestState.WITHDRAWN)
    assert await bundles(store) == {}
    assert [await count(store, label) for label in ("InboxBundle", "BundleName")] == [0, 0]
    assert [request.id for request in await store.read(lambda tx: list_inbox(tx, "NB-MZ", OPEN, None, 9))] == []


async def test_steps_of_people_leave_a_request_in_its_bundle(store: GraphStore) -> None:
    await put(store, seeded("R1"))
    for state in (RequestState.CLAIMED, RequestState.DRAFTED, RequestState.REVIEWED):
        await changed(store, "R1", state=state)
        assert await bundles(store) == {"B-R1": ["R1"]}


async def test_a_closed_bundles_identifier_does_not_come_back(store: GraphStore) -> None:
    await put(store, seeded("R1"), seeded("R2", issuing="NB-X"))
    await changed(store, "R1", state=RequestState.WITHDRAWN)
    await put(store, seeded("R3", "C2"))
    assert await bundles(store) == {"B-R3": ["R3"]}


async def test_what_is_passed_on_goes_into_the_other_units_bundle(store: GraphStore) -> None:
    await put(store, seeded("R1"), seeded("R2", "C2"), seeded("R3", "C3", issuing="NB-X"))
    await changed(store, "R1", issuing_unit="NB-X", bundle_seed="B-new")
    assert await bundles(store) == {"B-R1": ["R2"]}
    assert await bundles(store, "NB-X") == {"B-R3": ["R1", "R3"]}
    await changed(store, "R2", issuing_unit="NB-Y", bundle_seed="B-newer")
    assert (await bundles(store), await bundles(store, "NB-Y")) == ({}, {"B-newer": ["R2"]})


async def test_a_request_of_no_case_opens_no_bundle(store: GraphStore) -> None:
    with pytest.raises(RecordNotFoundError):
        await store.write(lambda tx: add_request(tx, seeded("R1")))
    assert await count(store, "InboxBundle") == 0


async def test_of_those_who_come_and_go_at_once_none_is_lost(store: GraphStore) -> None:
    await put(store, *(seeded(f"R{number}", f"C{number}", minutes=number * 40) for number in range(8)))
    more = [seeded(f"S{number}", f"C{number}", minutes=number * 40) for number in range(8)]
    came: list[Awaitable[object]] = [store.write(_adding(each)) for each in more]
    went = [changed(store, f"R{number}", state=RequestState.WITHDRAWN) for number in range(8)]
    await asyncio.gather(*came, *went)
    (found,) = (await bundles(store)).values()
    assert found == [f"S{number}" for number in range(8)]
    await asyncio.gather(*(changed(store, each.id, state=RequestState.SEALED) for each in more))
    assert await bundles(store) == {}
    assert await count(store, "InboxBundle") == 0


def _adding(request: VerificationRequest) -> Callable[[Transaction], Awaitable[None]]:
    async def work(tx: Transaction) -> None:
        await add_request(tx, request)

    return work


async def written_before(store: GraphStore, total: int) -> None:
    """Undo what the newest schema added, as if an older version had written these requests."""
    states = {0: RequestState.SEALED, 1: RequestState.WITHDRAWN}
    made = [seeded(f"R{number:04}", f"C{number % 3}") for number in range(total)]
    made = [replace(each, bundle_seed="", state=states.get(n, each.state)) for n, each in enumerate(made)]
    await put(store, *made)

    async def work(tx: Transaction) -> None:
        for label in ("InboxBundle", "BundleName"):
            await tx.run(f"MATCH (n:{label}) DETACH DELETE n")
        row: dict[str, Value] = {"new": "bundled/", "old": "open/NB-MZ"}
        await tx.run("MATCH (r:VerificationRequest) WHERE r.place STARTS WITH $new SET r.place = $old", row)

    await store.write(work)


async def test_what_an_older_version_wrote_is_bundled_by_the_migration_once(store: GraphStore) -> None:
    await written_before(store, BATCH + 5)
    assert await bundles(store) == {}
    await carry_over(store.write, [BUNDLES])
    first = await bundles(store)
    (found,) = first.values()
    assert found == [f"R{number:04}" for number in range(2, BATCH + 5)]
    await carry_over(store.write, [BUNDLES])
    assert await bundles(store) == first
    await changed(store, "R0000", state=RequestState.DELIVERED)
    assert await bundles(store) == first


async def test_what_an_older_process_writes_meanwhile_is_bundled_by_its_next_change_of_place(store: GraphStore) -> None:
    await written_before(store, 3)
    await changed(store, "R0002", state=RequestState.CLAIMED)
    assert list((await bundles(store)).values()) == [["R0002"]]


@pytest.mark.requirement("I4")
async def test_nothing_of_the_applicant_is_in_a_bundles_name(store: GraphStore) -> None:
    await put(store, seeded("R1", seed=""), C1="330203199001011234")
    (identifier,) = await bundles(store)

    async def names(tx: Transaction) -> list[Row]:
        return await tx.run("MATCH (n:BundleName)-[:NAMES]->(b:InboxBundle) RETURN n.id AS id, b.key AS key")

    ((named),) = await store.read(names)
    assert named["id"] == identifier == "B-R1"
    assert identifier not in str(named["key"])
    assert "3302" not in str(named["key"])[:4]


async def test_what_an_older_process_ends_meanwhile_is_shown_in_no_bundle(store: GraphStore) -> None:
    await put(store, seeded("R1"), seeded("R2", "C2"))

    async def as_before_bundles(tx: Transaction) -> None:
        found = await load_request(tx, "R1")
        row: dict[str, Value] = {"id": "R1", "record": to_document(replace(found, state=RequestState.DELIVERED))}
        await tx.run("MATCH (r:VerificationRequest {id: $id}) SET r.place = 'answered/NB-MZ', r.record = $record", row)

    await store.write(as_before_bundles)
    assert await bundles(store) == {"B-R1": ["R2"]}
    await changed(store, "R2", state=RequestState.WITHDRAWN)
    assert [head.id for head in await heads(store)] == ["B-R1"]
    assert await store.read(lambda tx: load_bundles(tx, ["B-R1"])) == {}


async def test_a_claim_by_an_older_process_leaves_a_request_once_in_its_bundle(store: GraphStore) -> None:
    await put(store, seeded("R1"))
    row: dict[str, Value] = {"id": "R1", "place": "open/NB-MZ"}

    async def as_before_bundles(tx: Transaction) -> None:
        await tx.run(statements_bundles.SET_PLACE, row)

    await store.write(as_before_bundles)
    await changed(store, "R1", state=RequestState.CLAIMED)
    assert await bundles(store) == {"B-R1": ["R1"]}


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


async def test_a_part_and_its_fields_are_read_back(store: GraphStore) -> None:
    part = replace(seeded("R2"), part_of="R1", part_fields=("since", "until"))
    await put(store, part)
    assert await store.read(lambda tx: load_request(tx, "R2")) == part
