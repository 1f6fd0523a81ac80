"""The policy table: every operation by every post, as the regulation has it, and for no other unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.actors import SYSTEM_ACTOR, Actor, Post
from hub.errors import NotPermittedError
from hub.permission import POLICY, Operation, permitted, require

_CASES = "OPERATOR UNIT_MANAGER"
_REQUESTS = "DRAFTER REVIEWER SEAL_KEEPER UNIT_MANAGER"
MATRIX = {
    "OPEN_CASE": "OPERATOR",
    "READ_CASE": _CASES,
    "CHANGE_CASE": "OPERATOR",
    "READ_CATALOGUE": " ".join(Post),
    "IMPORT_CATALOGUE": "CATALOGUE_AUTHORITY",
    "READ_INBOX": _REQUESTS,
    "CLAIM_REQUEST": "DRAFTER",
    "DRAFT_ANSWER": "DRAFTER",
    "REVIEW_ANSWER": "REVIEWER",
    "SEAL_ANSWER": "SEAL_KEEPER",
    "REROUTE_REQUEST": "DRAFTER UNIT_MANAGER",
    "ASSIGN_REQUEST": "SUPERVISOR",
    "WITHDRAW_REQUEST": "OPERATOR",
    "REQUEST_PART": "DRAFTER",
    "WITHDRAW_PART": "DRAFTER",
    "READ_REQUEST": f"{_CASES} {_REQUESTS}",
    "READ_PROOF": f"{_CASES} {_REQUESTS}",
    "VERIFY_PROOF": " ".join(Post),
    "MANAGE_SEALS": "SEAL_AUTHORITY",
    "GRANT_SEALS": "SEAL_AUTHORITY",
    "READ_SEALS": "SEAL_AUTHORITY SUPERVISOR",
    "READ_OWN_VIOLATIONS": "SEAL_KEEPER UNIT_MANAGER",
    "MANAGE_WEBHOOKS": "UNIT_MANAGER",
    "MANAGE_CONTACTS": "CATALOGUE_AUTHORITY",
    "MANAGE_OWN_CONTACTS": "UNIT_MANAGER",
    "READ_DEAD_LETTERS": "SUPERVISOR",
    "REPLAY_EVENTS": "SUPERVISOR",
    "READ_STATISTICS": "SUPERVISOR",
    "READ_OWN_STATISTICS": f"{_CASES} {_REQUESTS}",
}
"""Written down a second time, by hand: who may do what."""
FOR_ANY_UNIT = {
    "MANAGE_CONTACTS",
    "ASSIGN_REQUEST",
    "READ_CATALOGUE",
    "IMPORT_CATALOGUE",
    "VERIFY_PROOF",
    "MANAGE_SEALS",
    "GRANT_SEALS",
    "READ_SEALS",
    "READ_DEAD_LETTERS",
    "REPLAY_EVENTS",
    "READ_STATISTICS",
}


def test_the_matrix_has_every_operation() -> None:
    assert set(MATRIX) == set(Operation) == set(POLICY)


@pytest.mark.requirement("R14.3", "R17.2", "I4")
@pytest.mark.parametrize("post", Post)
@pytest.mark.parametrize("operation", Operation)
def test_a_post_may_do_what_the_matrix_says_and_is_refused_all_else(operation: Operation, post: Post) -> None:
    actor = Actor("someone", "GA", frozenset({post}))
    if post in MATRIX[operation].split():
        require(actor, operation, "GA")
        return
    with pytest.raises(NotPermittedError) as refused:
        require(actor, operation, "GA")
    assert all(right in refused.value.mend for right in MATRIX[operation].split())
    assert operation in refused.value.message_zh


@pytest.mark.requirement("R14.3", "I4")
@pytest.mark.parametrize("operation", Operation)
def test_all_posts_together_reach_another_units_matter_only_where_it_is_nobodys(operation: Operation) -> None:
    everybody = Actor("someone", "GA", frozenset(Post))
    assert permitted(everybody, operation, "GA-HS") == (operation in FOR_ANY_UNIT)
    assert permitted(everybody, operation)


@given(st.sampled_from(Operation), st.frozensets(st.sampled_from(Post)), st.frozensets(st.sampled_from(Post)))
def test_one_right_post_is_enough_and_another_post_takes_nothing_away(
    operation: Operation, posts: frozenset[Post], more: frozenset[Post]
) -> None:
    allowed = {post for post in Post if post in MATRIX[operation].split()}
    held = Actor("someone", "GA", posts)
    assert permitted(held, operation, "GA") == bool(posts & allowed or allowed == set(Post))
    if permitted(held, operation, "GA"):
        assert permitted(Actor("someone", "GA", posts | more), operation, "GA")


def test_the_hub_itself_and_whoever_holds_no_post_may_only_read_what_is_public() -> None:
    for actor in (SYSTEM_ACTOR, Actor("someone", "GA", frozenset())):
        open_to_all = {operation for operation in Operation if permitted(actor, operation, actor.unit_code)}
        assert open_to_all == {"READ_CATALOGUE", "VERIFY_PROOF"}


def test_every_line_cites_its_article() -> None:
    assert all(rule.source.startswith("Art. ") for rule in POLICY.values())
