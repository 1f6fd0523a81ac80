"""The console's services: what a link opens at each stage, and steps at the same time or after a crash."""

from __future__ import annotations

import asyncio

import pytest

from graph_models.casework import DraftAnswer, RequestState, VerificationRequest
from hub.actors import Post
from hub.console import LinkEndedError, Stage, StaleFormError, UnknownLinkError
from hub.errors import InvalidInputError, NotPermittedError
from hub.request_steps import StepCall
from tests.hub.office import call, drafter, found, reviewer
from tests.hub.village import CHECKER, LOOKER, UNIT, Village


def token_of(village: Village, address: str) -> str:
    """Return the token in the newest message to an address."""
    return village.server.link(address).removeprefix("/console/")


@pytest.fixture
async def asked(village: Village) -> VerificationRequest:
    """A request of which the village's drafter was told."""
    return await village.ask()


@pytest.mark.requirement("R17.2")
async def test_a_link_makes_its_contact_the_actor_in_one_post(village: Village, asked: VerificationRequest) -> None:
    seen = await village.console.view(token_of(village, LOOKER))
    assert (seen.actor.subject, seen.actor.unit_code, seen.actor.posts) == ("V-1", UNIT, {Post.DRAFTER})
    assert (seen.request, seen.stage) == (asked, Stage.ACT)
    assert len(token_of(village, LOOKER)) == 44


async def test_the_stage_follows_the_request(village: Village, asked: VerificationRequest) -> None:
    token = token_of(village, LOOKER)
    await village.office.drafted(asked)
    assert (await village.console.view(token)).stage is Stage.WAITING
    await village.messenger.look()
    assert (await village.console.view(token_of(village, CHECKER))).stage is Stage.ACT
    await village.office.requests.review(reviewer(UNIT), call(asked), approve=False, remarks="写明期间")
    assert (await village.console.view(token)).stage is Stage.NOT_YOU
    await village.office.requests.draft(drafter(UNIT), call(asked), found())
    await village.office.requests.review(reviewer(UNIT), call(asked), approve=True, remarks=None)
    assert (await village.console.view(token)).stage is Stage.WAITING


async def test_a_request_that_went_to_another_unit_is_shown_no_more(
    village: Village, asked: VerificationRequest
) -> None:
    await village.office.requests.reroute(drafter(UNIT), call(asked), "GA", "户籍在市局")
    with pytest.raises(LinkEndedError):
        await village.console.view(token_of(village, LOOKER))


async def test_of_two_forms_sent_at_the_same_time_one_is_taken(village: Village, asked: VerificationRequest) -> None:
    token = token_of(village, LOOKER)
    form = (await village.console.view(token)).form_token
    other = DraftAnswer(negative=True, facts=(), statement="查无此记录")
    sent = [village.console.draft(token, form, answer) for answer in (found(), other)]
    outcomes = await asyncio.gather(*sent, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    drafted = await village.read(asked)
    assert [step.step for step in drafted.steps] == ["CLAIM", "DRAFT"]


async def test_who_died_between_claim_and_draft_goes_on_by_the_same_link(
    village: Village, asked: VerificationRequest
) -> None:
    token = token_of(village, LOOKER)
    seen = await village.console.view(token)
    await village.office.requests.claim(seen.actor, StepCall(request_id=asked.id, key="died"))
    with pytest.raises(StaleFormError):
        await village.console.draft(token, seen.form_token, found())
    again = await village.console.view(token)
    assert again.stage is Stage.ACT
    await village.console.draft(token, again.form_token, found())
    assert (await village.read(asked)).state is RequestState.DRAFTED


async def test_facts_that_are_wrong_claim_nothing(village: Village, asked: VerificationRequest) -> None:
    token = token_of(village, LOOKER)
    form = (await village.console.view(token)).form_token
    with pytest.raises(InvalidInputError):
        await village.console.draft(token, form, DraftAnswer(negative=False, facts=(("x", "y"),), statement=""))
    assert await village.read(asked) == asked


@pytest.mark.parametrize("token", ["", "-", "A" * 44, "王" * 44])
async def test_a_token_that_there_is_not_opens_nothing(village: Village, token: str) -> None:
    with pytest.raises(UnknownLinkError):
        await village.console.view(token)
    with pytest.raises(UnknownLinkError):
        await village.console.seal(token, "")


@pytest.mark.requirement("R17.2")
async def test_a_drafters_link_neither_reviews_nor_seals(village: Village, asked: VerificationRequest) -> None:
    token = token_of(village, LOOKER)
    form = (await village.console.view(token)).form_token
    with pytest.raises(NotPermittedError):
        await village.console.review(token, form, approve=True, remarks=None)
    with pytest.raises(NotPermittedError):
        await village.console.seal(token, form)
    assert await village.read(asked) == asked
