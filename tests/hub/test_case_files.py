"""Reading cases with all that belongs to them, and writing what happens to them."""

from __future__ import annotations

import pytest

from graph_models.errors import RecordNotFoundError
from hub.actors import SYSTEM_ACTOR, Actor, Post
from hub.case_files import CaseHappening, journal_case, load_file, load_files, load_own
from hub.errors import NotFoundError
from hub.events import EventType
from tests.hub.failing_parts import assert_accounted_for
from tests.hub.office import NOBODY, OPERATOR, Office


async def test_many_cases_read_at_once_are_what_each_is_by_itself(office: Office) -> None:
    opened = [await office.open(item) for item in ("WHOLE", "VERIFIED", "TWICE", "ASKS")]
    opened.append(await office.open("EITHER", person=NOBODY))
    await office.answered(opened[1].requests[0])
    cases = [each.case for each in opened]
    alone = [await office.store.read(lambda tx, number=case.number: load_file(tx, number)) for case in cases]
    assert await office.store.read(lambda tx: load_files(tx, reversed(cases))) == tuple(reversed(alone))
    assert await office.store.read(lambda tx: load_files(tx, ())) == ()


@pytest.mark.requirement("I4")
async def test_a_case_of_another_unit_and_one_that_is_not_there_look_the_same(office: Office) -> None:
    case = (await office.open("SHARED")).case
    stranger = Actor("op-1", "MZ", frozenset({Post.OPERATOR}))
    said = []
    for actor, number in ((stranger, case.number), (OPERATOR, "C-none")):
        with pytest.raises(NotFoundError) as refused:
            await office.store.read(lambda tx, actor=actor, number=number: load_own(tx, actor, number))
        said.append((refused.value.message, refused.value.field))
    assert said[0] == said[1]
    assert await office.store.read(lambda tx: load_own(tx, OPERATOR, case.number)) == case


async def test_a_file_that_is_not_there_is_not_found(office: Office) -> None:
    with pytest.raises(RecordNotFoundError):
        await office.store.read(lambda tx: load_file(tx, "C-none"))


@pytest.mark.requirement("I3")
@pytest.mark.parametrize(
    ("kind", "told"),
    [(EventType.NEED_CHANGED, "request.received"), (EventType.CASE_WITHDRAWN, "request.withdrawn")],
)
async def test_what_happens_to_a_case_is_written_once_and_told_to_both_units_of_its_requests(
    office: Office, kind: EventType, told: str
) -> None:
    file = await office.open("VERIFIED")
    entries, events = await office.audit(file.case.number), await office.events()
    happened = CaseHappening(file.case, SYSTEM_ACTOR, kind, office.clock.now())
    await office.store.write(lambda tx: journal_case(tx, happened, file.requests))
    more = (await office.audit(file.case.number))[len(entries) :]
    new = {event.id for event in await office.events()} - {event.id for event in events}
    heard = sorted((event.type, event.unit_code) for event in await office.events() if event.id in new)
    assert [entry.operation for entry in more] == [kind, told]
    assert heard == sorted([(kind.value, "MZ-HS"), (told, "GA-HS"), (told, "MZ-HS")])
    await assert_accounted_for(office, file.case.number)
