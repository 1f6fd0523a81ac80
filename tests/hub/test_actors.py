"""Who calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.actors import SYSTEM_ACTOR, Actor, Post


@given(st.frozensets(st.sampled_from(Post)), st.sampled_from(Post))
def test_an_actor_holds_the_posts_it_was_appointed_to_and_no_other(posts: frozenset[Post], post: Post) -> None:
    assert Actor("op-1", "GA", posts).holds(post) == (post in posts)


def test_the_hub_itself_belongs_to_no_unit_and_holds_no_post() -> None:
    assert (SYSTEM_ACTOR.unit_code, SYSTEM_ACTOR.posts) == ("", frozenset())


def test_one_person_of_two_units_is_two_actors() -> None:
    assert Actor("op-1", "GA", frozenset()) != Actor("op-1", "RS", frozenset())
