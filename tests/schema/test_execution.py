"""What goes wrong in the middle of an answer: a refusal is shown, anything else is an id that is in the log."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLError
from structlog.testing import capture_logs

from graph_models.errors import StoreUnavailableError
from hub.errors import UnavailableError
from schema.execution import shown
from tests.schema.city import PERSON, open_city
from tests.schema.test_cases import opened

REFUSAL = UnavailableError("the document cannot be read", message_zh="暂不可用", mend="try again")


def raised(cause: Exception) -> Exception:
    try:
        raise cause
    except Exception as error:
        return error


def test_a_refusal_in_the_middle_of_an_answer_is_shown_with_how_to_mend_it() -> None:
    inner = GraphQLError("inner", original_error=REFUSAL)
    for error in (GraphQLError("outer", path=["proof"], original_error=each) for each in (REFUSAL, inner)):
        assert shown(error, "req-7") == {
            "message": "the document cannot be read",
            "path": ["proof"],
            "extensions": {"code": "UNAVAILABLE", "messageZh": "暂不可用", "mend": "try again", "field": None},
        }


def test_what_is_unexpected_is_masked_and_the_log_says_under_the_same_id_where_it_was() -> None:
    error = GraphQLError("x", path=["cases", 3, "proofs"], original_error=raised(ValueError(f"secret {PERSON}")))
    with capture_logs() as logs:
        answer = shown(error, "req-7")
    assert answer["message"] == "internal error"
    assert answer["extensions"] == {"code": "INTERNAL", "id": "req-7"}
    (line,) = logs
    assert (line["request_id"], line["path"], line["error"]) == ("req-7", "cases.3.proofs", "ValueError")
    assert line["where"][-1].endswith("raised")
    assert PERSON not in str((answer, logs))


def test_a_database_that_is_away_is_no_error_of_the_hub_but_a_reason_to_ask_again() -> None:
    error = GraphQLError(
        "x", path=["openCase"], original_error=raised(StoreUnavailableError("bolt://10.1.1.1 is away"))
    )
    with capture_logs() as logs:
        answer = shown(error, "req-7")
    assert (answer["message"], answer["extensions"]["code"]) == ("the hub cannot do this now", "UNAVAILABLE")  # type: ignore[index]
    assert "10.1.1.1" not in str(answer)
    assert [(line["event"], line["request_id"]) for line in logs] == [("graphql.store_unavailable", "req-7")]


def test_what_the_caller_did_wrong_is_said_and_not_logged() -> None:
    with capture_logs() as logs:
        answer = shown(GraphQLError("no such variable"), "req-7")
    assert (answer["message"], answer["extensions"], logs) == ("no such variable", {"code": "BAD_REQUEST"}, [])


async def test_the_rest_of_an_answer_stays_when_a_document_cannot_be_read(tmp_path: Path) -> None:
    async with open_city(tmp_path) as city:
        number = (await opened(city, "E-1"))["proofs"][0]["number"]
        for file in (path for path in (tmp_path / "documents").rglob("*") if path.is_file()):
            file.unlink()
        query = f'{{ catalogueVersion {{ __typename }} proof(number: "{number}") {{ ... on Proof {{ document }} }} }}'
        answer = (await city.post({"query": query})).json()
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["proof", "document"], "UNAVAILABLE")
    assert error["extensions"]["messageZh"]
    assert error["extensions"]["mend"]
