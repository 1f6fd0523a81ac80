"""Audit entries from what an actor does."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.actors import SYSTEM_ACTOR, Actor, Post
from hub.audit import entry
from tests.hub.office import NAME, NOW, PERSON, Office

DETAIL = st.dictionaries(
    st.sampled_from(["need", "unit", "state", "posts_of"]), st.none() | st.booleans() | st.integers(0, 99) | st.text()
)


@pytest.mark.requirement("I3")
def test_an_entry_says_who_for_which_unit_by_which_posts_did_what_and_when() -> None:
    actor = Actor("op-1", "GA", frozenset({Post.REVIEWER, Post.DRAFTER}))
    made = entry("C1", actor, "request.drafted", "R1", NOW, unit="GA", negative=True)
    assert (made.stream, made.actor, made.unit_code, made.operation, made.target, made.at) == (
        "C1",
        "op-1",
        "GA",
        "request.drafted",
        "R1",
        NOW,
    )
    assert made.detail_json == '{"negative":true,"posts":["DRAFTER","REVIEWER"],"unit":"GA"}'


@given(DETAIL)
def test_the_same_details_are_the_same_bytes_in_whatever_order_they_were_given(detail: dict[str, str]) -> None:
    backwards = dict(reversed(detail.items()))
    made = entry("C1", SYSTEM_ACTOR, "x", "t", NOW, **detail)
    assert entry("C1", SYSTEM_ACTOR, "x", "t", NOW, **backwards) == made
    assert orjson.loads(made.detail_json) == {**detail, "posts": []}


@pytest.mark.requirement("I3", "I4")
async def test_a_whole_case_leaves_entries_of_persons_and_hub_and_no_personal_data(office: Office) -> None:
    case = await office.open("WHOLE")
    await office.answered(case.requests[0])
    entries = await office.audit(case.case.number)
    assert {each.actor for each in entries} == {"op-1", "GA-HS-1", "GA-HS-2", "GA-HS-3", "proofhub"}
    assert all(each.unit_code for each in entries if each.actor != SYSTEM_ACTOR.subject)
    assert not any(secret in repr(each) for each in entries for secret in (PERSON, NAME))
