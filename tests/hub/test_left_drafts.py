"""What is with a removed contact goes back to the inbox, and the other drafters are told."""

from __future__ import annotations

from graph_models.casework import RequestState
from graph_models.contacts import ContactPost
from hub.actors import SYSTEM_ACTOR
from tests.hub.office import NAME, call, drafter, reviewer
from tests.hub.village import CHECKER, LOOKER, MANAGER, UNIT, Village, contact_of, person

OTHER = "z@village.example"
FOUND = {"found": "yes", "fact_name": NAME}


async def removed(village: Village) -> None:
    """Register another drafter and remove the first one."""
    await village.contacts.register(MANAGER, person("V-4", "赵六", OTHER, ContactPost.DRAFTER))
    await village.contacts.remove(MANAGER, (await contact_of(village, "V-1")).id)


async def test_a_draft_that_is_returned_to_a_removed_contact_is_taken_up_by_another(village: Village) -> None:
    request = await village.ask()
    await village.send(village.server.link(LOOKER), **FOUND)
    await village.messenger.look()
    await removed(village)
    await village.send(village.server.link(CHECKER), step="return", remarks="写明期间")
    assert await village.messenger.look() == 1
    released = await village.read(request)
    assert (released.state, released.drafter, released.draft) == (RequestState.RECEIVED, None, None)
    assert (released.steps[-1].step, released.steps[-1].by) == ("RELEASE", SYSTEM_ACTOR.subject)
    page = await village.client.get(village.server.link(OTHER))
    assert "写明期间" in page.text
    await village.send(village.server.link(OTHER), **FOUND)
    assert (await village.read(request)).drafter == "V-4"


async def test_what_a_contact_has_claimed_is_released_when_it_is_removed(village: Village) -> None:
    request = await village.ask()
    await village.send(village.server.link(LOOKER), **FOUND)
    await village.office.requests.review(reviewer(UNIT), call(request), approve=False, remarks="写明期间")
    await removed(village)
    assert (await village.read(request)).state is RequestState.RECEIVED
    last = [one for one in await village.office.audit(request.case_number) if one.operation == "request.released"]
    assert [one.actor for one in last] == [MANAGER.subject]
    await village.messenger.look()
    assert village.server.got[-1]["To"] == OTHER


async def test_who_signs_in_keeps_what_was_claimed_and_returned(village: Village) -> None:
    request = await village.ask()
    await village.office.drafted(request)
    await removed(village)
    await village.office.requests.review(reviewer(UNIT), call(request), approve=False, remarks="写明期间")
    await village.messenger.look()
    kept = await village.read(request)
    assert (kept.state, kept.drafter) == (RequestState.CLAIMED, drafter(UNIT).subject)


async def test_who_is_registered_again_keeps_it_too(village: Village) -> None:
    request = await village.ask()
    await village.send(village.server.link(LOOKER), **FOUND)
    await removed(village)
    await village.contacts.register(MANAGER, person("V-1", "张三", LOOKER, ContactPost.DRAFTER))
    await village.office.requests.review(reviewer(UNIT), call(request), approve=False, remarks="写明期间")
    await village.messenger.look()
    assert (await village.read(request)).drafter == "V-1"
    assert village.server.got[-1]["To"] == LOOKER
