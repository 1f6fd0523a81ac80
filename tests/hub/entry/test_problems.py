"""Each error of the hub has a status, a code, both languages and how to mend it."""

from __future__ import annotations

import orjson
import pytest
from starlette.requests import Request

from graph_models.errors import StoreUnavailableError
from hub import errors
from hub.entry.problems import on_error, on_hub_error, on_store_error, orjson_answer
from hub.entry.uploads import TooLargeError, TooSlowError
from hub.errors import CatalogueRejectedError, HubError, RowProblem

STATUS = {
    errors.InvalidInputError: 400,
    errors.UnauthenticatedError: 401,
    errors.NotPermittedError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.IdempotencyConflictError: 409,
    errors.WrongStateError: 409,
    errors.EventsGoneError: 410,
    errors.SamePersonError: 400,
    errors.OutsideCatalogueError: 400,
    errors.UnavailableError: 503,
    TooLargeError: 413,
    TooSlowError: 408,
}


def request() -> Request:
    return Request({"type": "http", "headers": [], "state": {"request_id": "Q-1"}})


@pytest.mark.parametrize("kind", STATUS)
async def test_an_error_of_the_hub_is_answered_with_its_status_and_all_that_it_says(kind: type[HubError]) -> None:
    answer = await on_hub_error(request(), kind("no", message_zh="不行", mend="do other", field="a.b"))
    said = {"code": kind.code, "message": "no", "messageZh": "不行", "mend": "do other", "field": "a.b"}
    assert (answer.status_code, orjson.loads(answer.body)) == (STATUS[kind], said)
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    assert ("connection" in answer.headers) == (answer.status_code == 408)


async def test_what_cannot_be_done_now_says_when_to_ask_again_and_nothing_else_does() -> None:
    words = {"message_zh": "不行", "mend": "later"}
    told = await on_hub_error(request(), errors.UnavailableError("no", **words, retry_seconds=60))
    usual = await on_hub_error(request(), errors.UnavailableError("no", **words))
    store = await on_store_error(request(), StoreUnavailableError("away"))
    assert [answer.headers["retry-after"] for answer in (told, usual, store)] == ["60", "1", "1"]
    for other in (errors.ConflictError("no", **words), errors.UnauthenticatedError("no", **words)):
        assert "retry-after" not in (await on_hub_error(request(), other)).headers


async def test_a_rejected_catalogue_lists_its_rows() -> None:
    row = RowProblem("目录", 7, "法律依据", "is missing", "缺少")
    answer = await on_hub_error(request(), CatalogueRejectedError((row,)))
    assert answer.status_code == 422
    assert orjson.loads(answer.body)["problems"] == [
        {"table": "目录", "row": 7, "column": "法律依据", "message": "is missing", "message_zh": "缺少"}
    ]


async def test_what_is_no_error_of_the_hub_is_left_to_others() -> None:
    with pytest.raises(KeyError):
        await on_hub_error(request(), KeyError("x"))


async def test_a_store_that_fails_and_what_nobody_expected_tell_the_id_alone() -> None:
    secret = "330203199001011234"
    stored = await on_store_error(request(), StoreUnavailableError(secret))
    unknown = await on_error(request(), RuntimeError(secret))
    assert (stored.status_code, unknown.status_code) == (503, 500)
    for answer in (stored, unknown):
        assert orjson.loads(answer.body)["id"] == "Q-1"
        assert secret.encode() not in answer.body


def test_chinese_is_sent_as_it_is() -> None:
    assert orjson_answer({"a": "证"}).body == '{"a":"证"}'.encode()
