"""Idempotent mutations: the same key and content is the same answer, other content is a conflict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_models.errors import DuplicateKeyError
from graph_models.ladybug_store import LadybugStore
from hub.actors import Actor
from hub.errors import IdempotencyConflictError, InvalidInputError
from hub.receipts import KEY_LIMIT, Keyed, done_before, keyed, note_done
from tests.hub.office import NOW, OPERATOR

CONTENT = st.lists(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "1", "a", "a', 'b"]), max_size=3
)
ONCE = keyed(OPERATOR, "claim", "K1", "R1")


async def before(store: LadybugStore, mutation: Keyed) -> str | None:
    return await store.read(lambda tx: done_before(tx, mutation))


@pytest.mark.requirement("I2")
@given(CONTENT, CONTENT)
def test_contents_that_differ_in_anything_have_different_digests(one: list[str], other: list[str]) -> None:
    first, second = keyed(OPERATOR, "claim", "K1", *one), keyed(OPERATOR, "claim", "K1", *other)
    assert (first.content_digest == second.content_digest) == (repr(one) == repr(other))


def test_who_asks_belongs_to_the_content_and_the_unit_to_the_key() -> None:
    colleague = replace(OPERATOR, subject="op-2")
    assert keyed(colleague, "claim", "K1", "R1").content_digest != ONCE.content_digest
    assert keyed(colleague, "claim", "K1", "R1").unit_code == ONCE.unit_code


@pytest.mark.parametrize("key", ["", "k" * (KEY_LIMIT + 1)])
def test_a_key_that_is_empty_or_too_long_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        keyed(OPERATOR, "claim", key)
    assert refused.value.field == "key"
    assert keyed(OPERATOR, "claim", "k" * KEY_LIMIT)


@pytest.mark.requirement("I2")
async def test_what_was_done_is_answered_again_and_other_content_under_its_key_is_a_conflict(
    hub_store: LadybugStore,
) -> None:
    assert await before(hub_store, ONCE) is None
    await hub_store.write(lambda tx: note_done(tx, ONCE, "R1", NOW))
    assert await before(hub_store, keyed(OPERATOR, "claim", "K1", "R1")) == "R1"
    with pytest.raises(IdempotencyConflictError) as refused:
        await before(hub_store, keyed(OPERATOR, "claim", "K1", "R2"))
    assert refused.value.field == "key"


async def test_a_key_is_known_only_to_its_unit_and_its_operation(hub_store: LadybugStore) -> None:
    await hub_store.write(lambda tx: note_done(tx, ONCE, "R1", NOW))
    for other in (keyed(OPERATOR, "draft", "K1", "R1"), keyed(Actor("op-1", "RS", frozenset()), "claim", "K1", "R1")):
        assert await before(hub_store, other) is None


async def test_of_two_that_did_the_same_at_once_one_is_written(hub_store: LadybugStore) -> None:
    await hub_store.write(lambda tx: note_done(tx, ONCE, "R1", NOW))
    with pytest.raises(DuplicateKeyError):
        await hub_store.write(lambda tx: note_done(tx, ONCE, "R2", NOW))
    assert await before(hub_store, ONCE) == "R1"
