"""The console page: a village answers by three links from three mails, and what its links refuse."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from starlette.requests import Request

from graph_models.casework import RequestState
from graph_models.contacts import ContactPost
from hub.entry.console_pages import WRONG_AT_MOST, _caller
from hub.parts import AskedPart
from tests.hub.office import NAME, OPERATOR, PERSON, call, drafter, found, reviewer, states
from tests.hub.village import (
    CHECKER,
    KEEPER,
    LOOKER,
    MANAGER,
    UNIT,
    VALID,
    Village,
    contact_of,
    person,
)

STATEMENT = "已查全市登记簿，按身份证号查询，无此记录。"
FOUND = {"found": "yes", "fact_name": NAME}


@pytest.mark.requirement("R14.4", "R17.2")
async def test_a_village_answers_by_three_links_from_three_mails(village: Village) -> None:
    request = await village.ask()
    assert (await village.send(village.server.link(LOOKER), **FOUND)).status_code == 303
    await village.messenger.look()
    assert (await village.send(village.server.link(CHECKER), step="approve")).status_code == 303
    await village.messenger.look()
    assert (await village.send(village.server.link(KEEPER))).status_code == 303
    done = await village.read(request)
    assert done.state is RequestState.DELIVERED
    assert (done.drafter, done.reviewer, done.seal_keeper) == ("V-1", "V-2", "V-3")
    case = await village.office.file(request.case_number)
    assert states(case) == {"01": "MET"}
    assert (case.proofs[0].producing_unit, case.proofs[0].negative) == (UNIT, False)
    assert len(village.server.got) == 3


@pytest.mark.requirement("R14.2", "R14.4")
async def test_a_village_answers_a_part_by_its_links_and_sees_just_its_fields(village: Village) -> None:
    office, asker = village.office, drafter("GA-CX")
    (whole,) = (await office.open("JOINT")).requests
    whole = await office.requests.reroute(drafter("GA-HS"), call(whole), "GA-CX", "户籍在慈溪")
    await office.requests.claim(asker, call(whole))
    asked = AskedPart(unit_code=UNIT, fields=("since",), reason="入户在海曙")
    part = (await office.requests.parts.request(asker, call(whole), asked)).part
    await village.messenger.look()
    page = (await village.client.get(village.server.link(LOOKER))).text
    assert ("fact.since" in page, "fact.name" in page, "入户在海曙" in page) == (True, False, True)
    assert (await village.send(village.server.link(LOOKER), found="yes", fact_name=NAME)).status_code == 400
    await village.send(village.server.link(LOOKER), found="yes", fact_since="2015-06-01")
    await village.messenger.look()
    await village.send(village.server.link(CHECKER), step="approve")
    await village.messenger.look()
    assert "列入对方单位出具的电子证明" in (await village.client.get(village.server.link(KEEPER))).text
    await village.send(village.server.link(KEEPER))
    done = await village.read(part)
    assert (done.state, done.seal_keeper) == (RequestState.DELIVERED, "V-3")


@pytest.mark.requirement("R16.1")
async def test_no_such_record_is_answered_with_its_statement(village: Village) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    bare = await village.send(link, found="no")
    assert bare.status_code == 400
    assert "无记录答复须说明" in bare.text
    assert (await village.read(request)).state is RequestState.RECEIVED
    await village.send(link, found="no", statement=STATEMENT)
    drafted = await village.read(request)
    assert drafted.draft is not None
    assert (drafted.draft.negative, drafted.draft.statement) == (True, STATEMENT)


@pytest.mark.requirement("I3")
async def test_a_link_opened_ten_times_changes_nothing_but_the_audit(village: Village) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    events = await village.office.events()
    pages = {(await village.client.get(link)).text for _ in range(10)}
    assert len(pages) == 1
    assert await village.read(request) == request
    assert await village.office.events() == events
    views = [one for one in await village.office.audit(request.case_number) if one.operation == "console.viewed"]
    assert {(view.actor, view.unit_code) for view in views} == {("V-1", UNIT)}
    assert len(views) == 10


@pytest.mark.requirement("I3")
async def test_every_act_is_audited_with_the_contacts_staff_number(village: Village) -> None:
    request = await village.ask()
    await village.send(village.server.link(LOOKER), **FOUND)
    told = [(one.operation, one.actor) for one in await village.office.audit(request.case_number)]
    for operation in ("request.claimed", "request.drafted", "console.drafted"):
        assert (operation, "V-1") in told


async def test_a_page_shows_whom_to_look_for_and_the_form_and_may_be_kept_by_nobody(village: Village) -> None:
    await village.ask()
    answer = await village.client.get(village.server.link(LOOKER))
    for shown in (NAME, PERSON, "无犯罪记录证明", "事项VERIFIED", "单位MZ", 'name="fact.name"', "无相应记录"):
        assert shown in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert not re.search(r"<script|src=|https?://", answer.text)


async def test_a_form_is_good_once_and_only_as_it_was_shown(village: Village) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    shown = await village.form(link)
    for wrong in ("", "0" * 64, shown["form"][:-1] + "x"):
        refused = await village.client.post(link, data={**shown, "form": wrong, "found": "yes", "fact.name": NAME})
        assert refused.status_code == 409
    assert await village.read(request) == request
    sent = {**shown, "found": "yes", "fact.name": NAME}
    assert (await village.client.post(link, data=sent)).status_code == 303
    again = await village.client.post(link, data=sent)
    assert again.status_code == 409
    assert "重新打开" in again.text
    assert (await village.read(request)).state is RequestState.DRAFTED


async def test_a_request_that_changed_meanwhile_is_not_answered_blindly(village: Village) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    shown = await village.form(link)
    await village.office.requests.claim(drafter(UNIT), call(request))
    refused = await village.client.post(link, data={**shown, "found": "yes", "fact.name": NAME})
    assert refused.status_code == 409
    page = await village.client.get(link)
    assert "须由本单位另一位人员办理" in page.text
    assert "<form" not in page.text


async def test_an_expired_link_says_so_and_shows_nothing(village: Village) -> None:
    await village.ask()
    link = village.server.link(LOOKER)
    shown = await village.form(link)
    village.office.clock.advance(seconds=VALID.total_seconds() + 1)
    for answer in (await village.client.get(link), await village.client.post(link, data=shown)):
        assert answer.status_code == 410
        assert "链接已过期" in answer.text
        assert NAME not in answer.text


async def test_a_link_of_a_removed_contact_and_a_guessed_one_look_the_same(village: Village) -> None:
    await village.ask()
    link = village.server.link(LOOKER)
    await village.contacts.remove(MANAGER, (await contact_of(village, "V-1")).id)
    gone = await village.client.get(link)
    guessed = await village.client.get("/console/" + "A" * 44)
    changed = await village.client.get(link[:-1] + ("A" if link[-1] != "A" else "B"))
    assert {gone.status_code, guessed.status_code, changed.status_code} == {404}
    assert gone.text == guessed.text == changed.text
    assert "请从邮件中完整打开链接" in gone.text


@pytest.mark.requirement("R17.2")
async def test_a_link_is_good_for_its_own_post_alone(village: Village) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    shown = await village.form(link)
    for step in ("approve", "seal"):
        refused = await village.client.post(link, data={"form": shown["form"], "step": step})
        assert refused.status_code == 403
    assert await village.read(request) == request


@pytest.mark.requirement("R17.2")
async def test_nobody_reviews_a_draft_of_their_own_by_a_second_link(village: Village) -> None:
    posts = (ContactPost.DRAFTER, ContactPost.REVIEWER)
    await village.contacts.register(MANAGER, person("V-5", "钱八", "both@village.example", *posts))
    request = await village.ask()
    await village.send(village.server.link("both@village.example"), **FOUND)
    await village.messenger.look()
    assert len(village.server.to("both@village.example")) == 1
    assert (await village.read(request)).drafter == "V-5"
    page = await village.client.get(village.server.link(LOOKER))
    assert "<form" not in page.text


async def test_a_reviewer_returns_a_draft_with_remarks_only(village: Village) -> None:
    request = await village.ask()
    await village.send(village.server.link(LOOKER), **FOUND)
    await village.messenger.look()
    link = village.server.link(CHECKER)
    assert (await village.send(link, step="return")).status_code == 400
    assert (await village.send(link, step="return", remarks="写明<b>期间</b>")).status_code == 303
    await village.messenger.look()
    page = await village.client.get(village.server.link(LOOKER))
    assert "写明&lt;b&gt;期间&lt;/b&gt;" in page.text
    assert (await village.send(village.server.link(LOOKER), **FOUND)).status_code == 303
    assert (await village.read(request)).state is RequestState.DRAFTED


async def test_what_was_filled_in_comes_back_with_what_is_wrong(village: Village) -> None:
    await village.ask()
    answer = await village.send(village.server.link(LOOKER), found="yes", statement='"<x>')
    assert answer.status_code == 400
    assert "缺少" in answer.text
    assert "&#34;&lt;x&gt;</textarea>" in answer.text
    assert "checked" in answer.text


async def test_once_it_is_done_or_withdrawn_a_link_shows_that_and_nobodys_data(village: Village) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    await village.office.requests.withdraw(OPERATOR, call(request), "不再需要")
    page = await village.client.get(link)
    assert page.status_code == 200
    assert "已办结" in page.text
    assert NAME not in page.text
    assert PERSON not in page.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"form=a&form=b", "application/x-www-form-urlencoded"),
        (b"found=%ff", "application/x-www-form-urlencoded"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=" % number for number in range(300)), "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_malformed_form_gets_a_page_that_says_so(village: Village, content: bytes, kind: str) -> None:
    request = await village.ask()
    link = village.server.link(LOOKER)
    answer = await village.client.post(link, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "<form" in answer.text
    assert await village.read(request) == request


async def test_a_form_that_is_too_long_is_not_read(village: Village) -> None:
    await village.ask()
    content, kind = b"a=" + b"x" * 300_000, "application/x-www-form-urlencoded"
    answer = await village.client.post(village.server.link(LOOKER), content=content, headers={"Content-Type": kind})
    assert answer.status_code == 413


async def test_who_tries_many_wrong_links_has_to_wait(village: Village) -> None:
    await village.ask()
    tries = [f"/console/{quote('guess' * 8 + str(number))}" for number in range(WRONG_AT_MOST + 1)]
    statuses = [(await village.client.get(path)).status_code for path in tries]
    assert statuses == [404] * WRONG_AT_MOST + [429]
    refused = await village.client.post(tries[0], data={"form": "x", "step": "seal"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    village.office.clock.advance(seconds=61)
    assert (await village.client.get(tries[0])).status_code == 404


async def test_a_good_link_opens_whatever_others_of_the_same_address_have_tried(village: Village) -> None:
    await village.ask()
    for number in range(WRONG_AT_MOST + 1):
        await village.client.get(f"/console/{'guess' * 8}{number}")
    assert (await village.client.get(village.server.link(LOOKER))).status_code == 200
    assert (await village.send(village.server.link(LOOKER), **FOUND)).status_code == 303


@pytest.mark.parametrize(
    ("host", "caller"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2400:cb00:1:2:3::4", "2400:cb00:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("socket", "socket"),
    ],
)
def test_callers_are_told_apart_by_address_or_by_network_of_one_customer(host: str, caller: str) -> None:
    assert _caller(Request({"type": "http", "client": (host, 1), "headers": []})) == caller


async def test_remarks_that_are_too_long_come_back_with_the_form(village: Village) -> None:
    await village.ask()
    await village.send(village.server.link(LOOKER), **FOUND)
    await village.messenger.look()
    answer = await village.send(village.server.link(CHECKER), step="return", remarks="y" * 2000)
    assert answer.status_code == 400
    assert "<form" in answer.text


async def test_a_draft_by_machine_is_reviewed_and_sealed_by_link_too(village: Village) -> None:
    request = await village.ask()
    await village.office.drafted(request, found())
    await village.office.requests.review(reviewer(UNIT), call(request), approve=True, remarks=None)
    await village.messenger.look()
    page = await village.client.get(village.server.link(KEEPER))
    assert "不可撤销" in page.text
    await village.send(village.server.link(KEEPER))
    assert (await village.client.get(village.server.link(KEEPER))).text.count("已办结") == 1
