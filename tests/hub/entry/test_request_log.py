"""What the log says of a call: its id, its route, what came of it; nobody's name, number, token or query."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from tests.hub.entry.door import NAME, OPERATOR, PERSON, Door, open_door, settings_in

SECRET = "a word that only the exception knows"


async def _fail(_: Request) -> Response:
    raise RuntimeError(f"{SECRET}: {PERSON}")


@pytest.fixture(scope="module")
async def broken(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """A hub with a route that fails in a way that nobody expected."""
    async with open_door(settings_in(tmp_path_factory.mktemp("broken"))) as opened:
        opened.app.router.routes.insert(0, Route("/check/broken", _fail))
        yield opened


async def test_each_call_is_one_line_with_its_id_route_status_and_time(door: Door) -> None:
    with capture_logs() as logs:
        await door.client.get("/proofs/P-1.pdf", headers={"X-Request-Id": "my-call-1"})
    (line,) = [each for each in logs if each["event"] == "answered"]
    assert (line["request"], line["method"], line["route"], line["status"]) == ("my-call-1", "GET", "/proofs", 401)
    assert line["ms"] >= 0
    assert set(line) == {"event", "log_level", "request", "method", "route", "status", "ms"}


@pytest.mark.requirement("I4")
async def test_a_whole_case_leaves_nobodys_name_number_or_token_in_the_log(door: Door) -> None:
    with capture_logs() as logs:
        case = (await door.open_case("LOG-1"))["case"]
        refused = await door.open_case("LOG-2", applicant={"kind": "NATURAL_PERSON", "name": NAME, "identifier": "1"})
        pdf = await door.client.get(f"/proofs/{case['proofs'][0]['number']}.pdf", headers=door.bearer(OPERATOR))
        await door.client.post("/verify", content=pdf.content, headers={"Content-Type": "application/pdf"})
        await door.client.get(f"/check/{PERSON}?name={NAME}")
        await door.client.get("/graphql", headers={"Authorization": f"Bearer {PERSON}"})
    assert refused["errors"][0]["code"] == "INVALID_INPUT"
    assert len([line for line in logs if line["event"] == "answered"]) == 6
    for word in (NAME, PERSON, door.token(OPERATOR).split(".")[2], "Bearer", "openCase", "window-7"):
        assert word not in str(logs)


async def test_what_nobody_expected_is_an_id_to_the_caller_and_the_whole_story_in_the_log(broken: Door) -> None:
    with capture_logs() as logs:
        answer = await broken.client.get("/check/broken", headers={"X-Request-Id": "call-that-fails"})
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert answer.json()["id"] == answer.headers["x-request-id"] == "call-that-fails"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    (failed,) = [line for line in logs if line["event"] == "server.failed"]
    assert failed["request"] == "call-that-fails"
    assert isinstance(failed["exc_info"], RuntimeError)
    assert [line["status"] for line in logs if line["event"] == "answered"] == [500]
