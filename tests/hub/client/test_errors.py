"""Which error each refusal of the hub is, and what an error says."""

from __future__ import annotations

import pytest

from hub import errors as hub_errors
from hub.client.errors import (
    ClientError,
    EventsGoneError,
    NotAllowedError,
    NotFoundError,
    OvertakenError,
    RefusedError,
    UnavailableError,
    error_of,
)
from hub.client.records import Problem
from hub.errors import HubError

KINDS = {
    "UNAUTHENTICATED": NotAllowedError,
    "NOT_PERMITTED": NotAllowedError,
    "NOT_FOUND": NotFoundError,
    "EVENTS_GONE": EventsGoneError,
    "CONFLICT": OvertakenError,
    "IDEMPOTENCY_CONFLICT": OvertakenError,
    "WRONG_STATE": OvertakenError,
    "UNAVAILABLE": UnavailableError,
}
CODES = {kind.code for kind in vars(hub_errors).values() if isinstance(kind, type) and issubclass(kind, HubError)}


def problem(code: str) -> Problem:
    return Problem(code=code, message="no", message_zh="否", mend="Try otherwise.", field="key")


def test_the_hub_has_every_code_that_is_told_apart() -> None:
    assert KINDS.keys() <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_of_the_hub_is_its_kind_of_error(code: str) -> None:
    found = error_of(problem(code), "q-1")
    assert type(found) is KINDS.get(code, RefusedError)
    assert found.request_id == "q-1"


def test_a_refusal_says_code_sentence_and_how_to_mend_it() -> None:
    found = error_of(problem("SAME_PERSON"), "q-1")
    assert isinstance(found, RefusedError)
    assert str(found) == "SAME_PERSON: no (Try otherwise.) [call q-1]"
    assert (found.message_zh, found.field) == ("否", "key")


def test_an_error_without_an_answer_has_no_call() -> None:
    assert str(ClientError("no hub answers")) == "no hub answers"
