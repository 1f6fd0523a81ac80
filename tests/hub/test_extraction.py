"""Extracting shared data: a record, a negative, or a source that is down; never lost, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from graph_models.case_records import due_needs
from graph_models.casework import Need, NeedState
from graph_models.ladybug_store import LadybugStore
from hub.connectors import DownReason, NoSuchRecord
from hub.extraction import AT_ONCE
from hub.needs import EXTRACTION_LEASE
from tests.hub.failing_parts import (
    AnsweringSource,
    FailingSigner,
    FaultySource,
    assert_accounted_for,
    event_units,
    intent_of,
    operations,
)
from tests.hub.office import (
    NOBODY,
    NOW,
    OPERATOR,
    Office,
    Parts,
    Register,
    Seals,
    matter,
    open_office,
    states,
    until,
)

LONGER = EXTRACTION_LEASE.total_seconds() + 1


async def due(office: Office) -> tuple[Need, ...]:
    return await office.store.read(lambda tx: due_needs(tx, office.clock.now(), 10))


async def go_on(office: Office) -> int:
    """Take up what waits and is due, and wait for it; return how much it was."""
    taken = await office.extractor.take_up()
    await office.extractor.drain()
    return taken


@pytest.fixture
async def left(hub_store: LadybugStore, seals: Seals, tmp_path: Path) -> Office:
    """A hub whose only source has a fault: what it opens is left waiting, as by a process that died."""
    seals.clock.at = NOW
    return await open_office(hub_store, seals, tmp_path, Parts(sources=(FaultySource("population"),)))


@pytest.fixture
async def another(left: Office, hub_store: LadybugStore, seals: Seals, tmp_path: Path) -> AsyncIterator[Office]:
    """Another process on the same store, with sources that answer."""
    opened = await open_office(hub_store, seals, tmp_path)
    yield opened
    await opened.extractor.drain()


@pytest.mark.parametrize("reason", DownReason)
async def test_a_source_that_is_down_turns_the_need_into_a_request_and_says_so(
    office: Office, reason: DownReason
) -> None:
    office.registers["population"].down = reason
    case = await office.open("SHARED")
    assert states(case) == {"01": "REQUESTED"}
    ((need,), (request,)) = case.needs, case.requests
    assert (request.issuing_unit, need.request_id, need.expected_at) == ("GA", request.id, request.due_at)
    assert f"population did not answer ({reason})" in need.reason
    assert "已转请出具单位协助核实" in need.reason_zh
    assert (await operations(office, case.case.number))[-2:] == ["need.turned_to_unit", "request.received"]
    assert await event_units(office, "request.received") == ["GA", "MZ-HS"]
    await assert_accounted_for(office, case.case.number)


async def test_two_needs_of_a_type_whose_source_is_down_make_one_request(office: Office) -> None:
    office.registers["population"].down = DownReason.TIMEOUT
    case = await office.open("TWICE")
    assert len({need.request_id for need in case.needs if need.proof_type_code == "HJ"}) == 1
    assert sorted(request.proof_type_code for request in case.requests) == ["HJ", "WF"]
    await office.answered(next(request for request in case.requests if request.proof_type_code == "HJ"))
    after = await office.file(case.case.number)
    assert states(after) == {"01": "MET", "02": "MET", "03": "REQUESTED", "04": "REQUESTED"}


async def test_a_source_that_is_not_configured_counts_as_down(
    hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    seals.clock.at = NOW
    office = await open_office(hub_store, seals, tmp_path, Parts(sources=()))
    case = await office.open("SHARED")
    assert (states(case), len(case.requests)) == ({"01": "REQUESTED"}, 1)
    assert "did not answer (CONNECTION)" in case.needs[0].reason


async def test_no_such_record_is_a_sealed_negative_that_says_what_was_searched(office: Office) -> None:
    case = await office.open("SHARED", person=NOBODY)
    (proof,) = case.proofs
    assert (states(case), proof.negative, case.requests) == ({"01": "NEGATIVE"}, True, ())
    page = (await intent_of(office, case.needs[0].id)).order_json
    assert "经查询“登记簿”（条件：id_number；截至 2026-03-02T01:00:00+00:00），无此记录。" in page


async def test_where_the_type_has_no_negative_the_need_alone_says_that_there_is_no_record(office: Office) -> None:
    case = await office.open("INSURED", person=NOBODY)
    (need,) = case.needs
    assert (need.state, need.proof_number, case.proofs, case.requests) == (NeedState.NEGATIVE, None, (), ())
    assert "no such record (searched by id_number" in need.reason
    assert "need.negative" in await operations(office, case.case.number)
    assert await event_units(office, "need.changed") == ["MZ-HS"]


@pytest.mark.parametrize(("item", "taken"), [("EITHER", "02"), ("THREE", "02")])
async def test_a_negative_lets_the_group_take_its_next_alternative_with_audit_and_events(
    office: Office, item: str, taken: str
) -> None:
    case = await office.open(item, person=NOBODY)
    assert (states(case)["01"], states(case)[taken]) == ("NEGATIVE", "REQUESTED")
    (request,) = case.requests
    assert request.need_id == f"{case.case.number}/{taken}"
    assert (await operations(office, case.case.number))[-2:] == ["need.alternative", "request.received"]
    await assert_accounted_for(office, case.case.number)


async def test_an_alternative_that_is_shared_too_is_asked_within_the_same_opening(office: Office) -> None:
    case = await office.open("BOTH", person=NOBODY)
    assert (states(case), len(case.proofs)) == ({"01": "NEGATIVE", "02": "NEGATIVE"}, 1)
    assert [len(office.registers[code].asked) for code in ("population", "insurance")] == [1, 1]
    await assert_accounted_for(office, case.case.number)


async def test_a_negative_that_makes_no_page_is_asked_of_the_unit_and_leaves_no_intent(
    hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    seals.clock.at = NOW
    source = AnsweringSource("population", NoSuchRecord("\ue000", ("id_number",), NOW))
    office = await open_office(hub_store, seals, tmp_path, Parts(sources=(source,)))
    case = await office.open("SHARED")
    assert (states(case), case.proofs) == ({"01": "REQUESTED"}, ())
    assert "proof.intended" not in await operations(office, case.case.number)


@pytest.mark.requirement("I4")
@pytest.mark.parametrize(
    "facts",
    [
        (),
        (("name", "王小明"), ("since", "in July")),
        (("name", "\ue000"), ("since", "2019-07-01")),
        (("name", "王小明"), ("since", "2019-07-01"), ("height", "170")),
        (("name", "长" * 3000), ("since", "2019-07-01")),
    ],
    ids=["nothing", "no date", "unprintable", "more than asked", "too long"],
)
async def test_what_cannot_be_put_on_a_proof_is_never_sealed_but_asked_of_the_unit(
    office: Office, capsys: pytest.CaptureFixture[str], facts: tuple[tuple[str, str], ...]
) -> None:
    office.registers["insurance"].facts = facts
    case = await office.open("INSURED")
    assert (states(case), case.proofs) == ({"01": "REQUESTED"}, ())
    assert "cannot be put on a proof" in case.needs[0].reason
    assert case.requests[0].issuing_unit == "RS"
    assert "王小明" not in capsys.readouterr().out


@pytest.mark.requirement("I1", "I6")
async def test_opening_does_not_wait_for_a_source_that_hangs_and_the_extraction_goes_on(office: Office) -> None:
    register = office.registers["population"]
    register.hanging = True
    async with asyncio.timeout(EXTRACTION_LEASE.total_seconds() / 2):
        case = await office.open("WHOLE")
    assert states(case) == {"01": "PENDING", "02": "MET", "03": "REQUESTED"}
    register.resumed.set()
    await office.extractor.drain()
    assert states(await office.file(case.case.number))["01"] == "MET"
    assert len(register.asked) == 1


@pytest.mark.requirement("I1", "I2")
async def test_another_process_takes_over_after_the_lease_and_the_late_answer_makes_no_second_proof(
    office: Office, hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    register, second = office.registers["population"], await open_office(hub_store, seals, tmp_path)
    register.hanging = True
    opening = asyncio.create_task(office.open("SHARED"))
    await until(lambda: bool(register.asked))
    assert await go_on(second) == 0
    office.clock.advance(seconds=LONGER)
    assert await go_on(second) == 1
    register.resumed.set()
    case = await opening
    await office.extractor.drain()
    after = await office.file(case.case.number)
    assert (states(after), len(after.proofs), len(after.requests)) == ({"01": "MET"}, 1, 0)
    assert (await operations(office, case.case.number)).count("proof.issued") == 1
    await assert_accounted_for(office, case.case.number)


async def test_a_late_failure_changes_nothing_of_what_another_process_brought(
    office: Office, hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    register, second = office.registers["population"], await open_office(hub_store, seals, tmp_path)
    register.hanging, register.down = True, DownReason.TIMEOUT
    opening = asyncio.create_task(office.open("SHARED"))
    await until(lambda: bool(register.asked))
    office.clock.advance(seconds=LONGER)
    await go_on(second)
    register.resumed.set()
    after = await office.file((await opening).case.number)
    assert (states(after), len(after.proofs), after.requests) == ({"01": "MET"}, 1, ())


@pytest.mark.requirement("I1")
async def test_what_fails_in_an_unknown_way_is_tried_again_after_the_lease(left: Office, another: Office) -> None:
    case = await left.open("SHARED")
    assert (states(case), case.needs[0].next_attempt_at) == ({"01": "PENDING"}, NOW + EXTRACTION_LEASE)
    assert await go_on(left) == 0
    left.clock.advance(seconds=LONGER)
    assert await go_on(left) == 1
    left.clock.advance(seconds=LONGER)
    assert await go_on(another) == 1
    (need,) = (await another.file(case.case.number)).needs
    assert (need.state, need.attempts, need.next_attempt_at) == (NeedState.MET, 3, None)


@pytest.mark.requirement("I1")
async def test_an_extraction_ends_with_its_lease_and_leaves_the_need_to_the_next_attempt(
    office: Office, another: Office
) -> None:
    office.registers["population"].hanging = True
    extractor = replace(office.extractor, lease_seconds=0.05, _running={})
    number = (await replace(office.cases, extractor=extractor).open(OPERATOR, matter("SHARED"))).case.number
    await extractor.drain()
    assert states(await office.file(number)) == {"01": "PENDING"}
    office.clock.advance(seconds=LONGER)
    assert await go_on(another) == 1
    assert states(await another.file(number)) == {"01": "MET"}


async def test_a_process_that_has_much_under_way_takes_up_no_more(office: Office, left: Office) -> None:
    await left.open("SHARED")
    left.clock.advance(seconds=LONGER)
    never = asyncio.create_task(asyncio.Event().wait())
    busy = replace(office.extractor, _running={str(number): never for number in range(AT_ONCE)})
    assert await busy.take_up() == 0
    never.cancel()
    assert await go_on(office) == 1


@pytest.mark.requirement("I1")
async def test_a_clock_that_jumped_ahead_while_it_was_extracted_holds_nothing_up(left: Office, another: Office) -> None:
    left.clock.advance(days=365)
    number = (await left.open("SHARED")).case.number
    left.clock.advance(days=-365)
    assert await go_on(another) == 1
    assert (states(await another.file(number)), await due(another)) == ({"01": "MET"}, ())


@pytest.mark.requirement("I2")
async def test_a_need_is_taken_by_one_process_and_not_by_another_that_saw_it_before(
    left: Office, another: Office
) -> None:
    await left.open("SHARED")
    left.clock.advance(seconds=LONGER)
    (seen,) = await due(left)
    task = await another.extractor.take(seen)
    assert task is not None
    assert await left.extractor.take(seen) is None
    await task
    assert (await due(left), len(another.registers["population"].asked)) == ((), 1)


@pytest.mark.requirement("I2")
async def test_processes_that_look_at_once_extract_each_need_once(
    another: Office, left: Office, hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    numbers = [(await left.open("SHARED")).case.number for _ in range(4)]
    offices = [another, await open_office(hub_store, seals, tmp_path)]
    left.clock.advance(seconds=LONGER)
    looks = await asyncio.gather(*(office.extractor.take_up() for office in offices for _ in range(2)))
    await asyncio.gather(*(office.extractor.drain() for office in offices))
    assert sum(looks) == len(numbers)
    assert sum(len(office.registers["population"].asked) for office in offices) == len(numbers)
    assert all([len((await left.file(number)).proofs) == 1 for number in numbers])


@pytest.mark.requirement("I2")
async def test_an_attempt_that_finds_an_intent_finishes_it_and_does_not_ask_again(
    hub_store: LadybugStore, seals: Seals, tmp_path: Path
) -> None:
    seals.clock.at, signer = NOW, FailingSigner(seals.signer)
    office = await open_office(hub_store, seals, tmp_path, Parts(signer=signer))
    number = (await office.open("SHARED")).case.number
    intended = await intent_of(office, f"{number}/01")
    signer.problem = None
    office.clock.advance(seconds=LONGER)
    assert await go_on(office) == 1
    (proof,) = (await office.file(number)).proofs
    assert (proof.number, proof.extracted_at) == (intended.proof_number, NOW)
    assert len(office.registers["population"].asked) == 1


async def test_a_source_is_told_the_case_and_its_purpose_and_nothing_that_it_does_not_need(office: Office) -> None:
    case = await office.open("KEYED", subject=(("property_number", "330203 001"), ("remark", "x")))
    register: Register = office.registers["estate"]
    (query,) = register.asked
    assert (query.case_number, query.purpose, query.proof_type_code) == (case.case.number, "KEYED", "BC")
    assert query.subject == {"property_number": "330203 001"}


@pytest.mark.requirement("R14.3")
async def test_what_is_extracted_is_extracted_in_the_name_of_the_operator_who_opened_the_case(office: Office) -> None:
    case = await office.open("SHARED")
    entry = next(each for each in await office.audit(case.case.number) if each.operation == "proof.intended")
    assert (entry.actor, entry.unit_code, '"OPERATOR"' in entry.detail_json) == (OPERATOR.subject, "MZ-HS", True)


async def test_a_case_withdrawn_while_its_source_is_asked_gets_neither_proof_nor_request(office: Office) -> None:
    register = office.registers["population"]
    for down in (None, DownReason.TIMEOUT):
        register.hanging, register.down = True, down
        register.resumed.clear()
        asked = len(register.asked)
        opening = asyncio.create_task(office.open("SHARED"))
        await until(lambda asked=asked: len(register.asked) > asked)
        number = register.asked[-1].case_number
        await office.cases.withdraw(OPERATOR, number, f"w-{number}")
        register.resumed.set()
        await opening
        after = await office.file(number)
        assert (states(after), after.proofs, after.requests) == ({"01": "WITHDRAWN"}, (), ())
