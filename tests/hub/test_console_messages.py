"""Messages to contacts: who is told of what, once, whatever fails in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from graph_models.casework import RequestState
from graph_models.contact_records import due_messages, find_link
from graph_models.contacts import ContactPost
from graph_models.journal_records import append_events, load_audit
from hub.console_messages import ATTEMPTS, token_digest, who_acts
from hub.events import EventType, event
from hub.notifier import NoNotifier
from tests.hub.casework import REQUEST
from tests.hub.office import NAME, PERSON, call, drafter, keeper, reviewer
from tests.hub.village import CHECKER, KEEPER, LOOKER, MANAGER, UNIT, Village, contact_of, person, plain_notifier
from tests.simulators import mail_server as mail


@pytest.mark.requirement("R14.4")
async def test_each_step_is_told_to_those_whose_turn_it_is(village: Village) -> None:
    request = await village.ask()
    for step, sent in (("drafted", 1), ("reviewed", 1)):
        if step == "drafted":
            await village.office.drafted(request)
        else:
            await village.office.requests.review(reviewer(UNIT), call(request), approve=True, remarks=None)
        assert await village.messenger.look() == sent
    assert [mail_["To"] for mail_ in village.server.got] == [LOOKER, CHECKER, KEEPER]
    assert ["待核查" in mail_["Subject"] for mail_ in village.server.got] == [True, False, False]
    await village.office.requests.seal(keeper(UNIT), call(request))
    assert await village.messenger.look() == 0


@pytest.mark.requirement("I4")
async def test_a_message_names_item_proof_time_and_link_and_no_citizen(village: Village) -> None:
    request = await village.ask()
    text = mail.text_of(village.server.got[0])
    for said in (
        "张三：您好",
        "事项VERIFIED",
        "无犯罪记录证明",
        "2026年3月3日 09:00",
        "https://proofs.example/console/",
    ):
        assert said in text
    whole = village.server.got[0].as_string() + text + village.server.got[0]["Subject"]
    for personal in (NAME, PERSON, request.case_number):
        assert personal not in whole
    assert text.index("您好") < text.index("Dear colleague")


@pytest.mark.parametrize(
    "kind",
    [
        EventType.REQUEST_HALF_PASSED,
        EventType.REQUEST_NEARLY_DUE,
        EventType.REQUEST_TARGET_PASSED,
        EventType.REQUEST_HARD_LIMIT_PASSED,
    ],
)
async def test_reminders_go_to_whoever_must_act_at_that_moment(village: Village, kind: EventType) -> None:
    request = await village.ask()
    at = village.office.clock.now()
    reminder = event(UNIT, kind, request.id, at, case=request.case_number, limit=at.isoformat())
    await village.office.store.write(lambda tx: append_events(tx, [reminder]))
    assert await village.messenger.look() == 1
    await village.office.drafted(request)
    await village.office.store.write(lambda tx: append_events(tx, [reminder]))
    await village.messenger.look()
    assert [mail_["To"] for mail_ in village.server.got] == [LOOKER, LOOKER, CHECKER, CHECKER]
    assert "·待核查】" in village.server.got[1]["Subject"]


async def test_a_draft_that_comes_back_is_told_to_its_drafter_alone(village: Village) -> None:
    await village.contacts.register(MANAGER, person("GA-HS-1", "赵六", "z@village.example", ContactPost.DRAFTER))
    request = await village.ask()
    assert len(village.server.got) == 2
    await village.office.drafted(request)
    await village.office.requests.review(reviewer(UNIT), call(request), approve=False, remarks="写明期间")
    await village.messenger.look()
    assert village.server.got[-1]["To"] == "z@village.example"
    assert len(village.server.got) == 3


async def test_a_mail_server_that_was_down_gets_each_message_once(village: Village) -> None:
    kept = mail.MailServer()
    async with mail.mail_server(kept):
        messenger = village.told_by(plain_notifier(kept))
    await village.office.open("VERIFIED")
    assert await messenger.look() == 0
    village.office.clock.advance(seconds=6)
    assert await messenger.look() == 0
    async with mail.mail_server(kept):
        assert await messenger.look() == 0
        village.office.clock.advance(seconds=11)
        assert await messenger.look() == 1
        village.office.clock.advance(hours=1)
        assert await messenger.look() == 0
    assert len(kept.got) == 1


async def test_two_processes_and_a_restart_send_a_message_once(village: Village) -> None:
    await village.office.open("VERIFIED")
    other = replace(village.messenger)
    assert sum(await asyncio.gather(village.messenger.look(), other.look())) == 1
    assert await replace(village.messenger).look() == 0
    assert len(village.server.got) == 1


async def test_who_dies_with_a_message_leaves_it_to_the_next(village: Village) -> None:
    await village.office.open("VERIFIED")
    await village.messenger._read_events()
    (message,) = await village.office.store.read(lambda tx: due_messages(tx, village.office.clock.now(), 9))
    assert await village.messenger._taken(message) is not None
    assert await village.messenger.look() == 0
    village.office.clock.advance(seconds=village.messenger.lease.total_seconds() + 1)
    assert await village.messenger.look() == 1


@pytest.mark.parametrize("hours", [-1, 24 * 365])
async def test_a_clock_that_jumped_and_was_set_right_holds_no_message_up(village: Village, hours: int) -> None:
    await village.office.open("VERIFIED")
    await village.messenger._read_events()
    (message,) = await village.office.store.read(lambda tx: due_messages(tx, village.office.clock.now(), 9))
    village.office.clock.advance(hours=hours)
    assert await village.messenger._taken(message) is not None
    village.office.clock.advance(hours=-hours)
    assert await village.messenger.look() == 1
    assert await village.messenger.look() == 0


async def test_an_address_that_is_refused_for_good_is_left_and_audited(village: Village) -> None:
    village.server.refuses = "550 no such user"
    await village.ask()
    village.server.refuses = None
    village.office.clock.advance(hours=1)
    assert await village.messenger.look() == 0
    entries = await village.office.store.read(lambda tx: load_audit(tx, f"contacts/{UNIT}", 0, 99))
    assert entries[-1].operation == "console.undeliverable"


async def test_a_recipient_who_takes_nothing_for_now_holds_no_other_up(village: Village) -> None:
    await village.contacts.register(MANAGER, person("V-4", "赵六", "z@village.example", ContactPost.DRAFTER))
    for first, second in ((LOOKER, "z@village.example"), ("z@village.example", LOOKER)):
        village.server.refused = {first: "450 later"}
        await village.ask()
        assert village.server.got[-1]["To"] == second


async def test_a_message_that_is_never_taken_is_given_up_and_audited(village: Village) -> None:
    village.server.answer = None
    await village.ask()
    for _ in range(ATTEMPTS + 5):
        village.office.clock.advance(minutes=11)
        await village.messenger.look()
    assert len(village.server.got) == ATTEMPTS
    assert len({mail_["Message-ID"] for mail_ in village.server.got}) == 1
    entries = await village.office.store.read(lambda tx: load_audit(tx, f"contacts/{UNIT}", 0, 99))
    assert entries[-1].operation == "console.undeliverable"


async def test_an_outage_of_the_mail_server_takes_nobodys_message_and_leaves_no_link(village: Village) -> None:
    kept = mail.MailServer()
    async with mail.mail_server(kept):
        messenger = village.told_by(plain_notifier(kept))
    await village.office.open("VERIFIED")
    for _ in range(ATTEMPTS + 5):
        await messenger.look()
        village.office.clock.advance(minutes=11)
    async with mail.mail_server(kept):
        assert await messenger.look() == 1
    village.office.clock.advance(days=30)
    assert await messenger.sweep() == 1


async def test_a_message_on_which_each_process_dies_is_given_up(village: Village) -> None:
    await village.office.open("VERIFIED")
    await village.messenger._read_events()
    for _ in range(ATTEMPTS):
        (message,) = await village.office.store.read(lambda tx: due_messages(tx, village.office.clock.now(), 9))
        assert await village.messenger._taken(message) is not None
        village.office.clock.advance(hours=1)
    assert await village.messenger.look() == 0
    assert village.server.got == []


async def test_who_may_take_up_what_was_given_back_is_told(village: Village) -> None:
    request = await village.ask()
    await village.office.requests.claim(drafter(UNIT), call(request))
    await village.office.requests.release(drafter(UNIT), call(request))
    assert await village.messenger.look() == 1
    assert [mail_["To"] for mail_ in village.server.got] == [LOOKER, LOOKER]


async def test_nobody_is_told_of_what_is_done_or_was_passed_on_meanwhile(village: Village) -> None:
    request = (await village.office.open("VERIFIED")).requests[0]
    await village.messenger._read_events()
    await village.office.answered(request)
    assert await village.messenger.look() == 0
    assert village.server.got == []


async def test_a_removed_contact_is_told_nothing_and_without_a_notifier_nobody_is(village: Village) -> None:
    await village.office.open("VERIFIED")
    assert await village.told_by(NoNotifier()).look() == 0
    await village.messenger._read_events()
    await village.contacts.remove(MANAGER, (await contact_of(village, "V-1")).id)
    assert await village.messenger.look() == 0


async def test_only_the_digest_of_a_token_is_stored_and_an_old_link_is_forgotten(village: Village) -> None:
    await village.ask()
    digest = token_digest(village.server.link(LOOKER).removeprefix("/console/"))
    read = village.office.store.read
    assert await read(lambda tx: find_link(tx, digest)) is not None
    assert await village.messenger.sweep() == 0
    village.office.clock.advance(days=10)
    assert await village.messenger.sweep() == 1
    assert await read(lambda tx: find_link(tx, digest)) is None


@pytest.mark.requirement("R17.2")
async def test_whoever_took_a_step_is_not_told_of_one_that_forbids_it(village: Village) -> None:
    both = await village.contacts.register(MANAGER, person("V-9", "孙七", "s@village.example", *ContactPost))
    contacts = (both, await contact_of(village, "V-3"))
    reviewed = replace(REQUEST, state=RequestState.REVIEWED, drafter="X", reviewer="V-9")
    assert who_acts(reviewed, contacts, two_people=False) == contacts[1:]
    assert who_acts(reviewed, contacts, two_people=True) == contacts
    drafted = replace(REQUEST, state=RequestState.DRAFTED, drafter="V-9")
    assert who_acts(drafted, contacts, two_people=True) == ()
    assert who_acts(replace(REQUEST, state=RequestState.DELIVERED), contacts, two_people=False) == ()
