"""Whatever comes in is answered in time with what is wrong, and leaves nothing behind (bad input over HTTP)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.actors import Post
from hub.identifiers import identity_check_digit
from scripts.bench_city import ITEM as SHARED_ITEM
from scripts.demonstration.story import APPLICANT, ITEM
from scripts.demonstration.window import CLAIM, OPEN_CASE
from tests.journeys.stage import Stage, matter
from tests.simulators.hostile_source import Behaviour, Flood, HostileSource, answer, drip, hang, speak_no_http, stated

VECTORS = Path(__file__).parents[1] / "vectors" / "files"
OPEN = """mutation Open($input: OpenCaseInput!) { openCase(input: $input) {
  case { number version needs { id state } } errors { __typename code field mend messageZh } } }"""
NAME, DIGITS = APPLICANT["name"], APPLICANT["identifier"]
NO_SUCH_DAY = "33020319900231001"
SLOWEST = 5.0
"""Seconds: what is answered without a judge or a source."""


@pytest.fixture
def unharmed(stage: Stage) -> Iterator[Stage]:
    """The hub, which afterwards has the cases that it had and serves as before."""
    before, begin = stage.cases(), time.perf_counter()
    yield stage
    assert time.perf_counter() - begin < SLOWEST
    assert stage.cases() == before
    assert stage.client.get("/health/ready").status_code == 200


def request_of(stage: Stage) -> dict[str, Any]:
    """Open a case and return the need that another unit is asked for."""
    needs = stage.desk("operator-1").do(OPEN_CASE, **matter(ITEM))["openCase"]["case"]["needs"]
    found: dict[str, Any] = next(need for need in needs if need["requestId"])
    return found


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "BAD_REQUEST"),
        (b"\xff\xfe{", 400, "BAD_REQUEST"),
        (b"[" * 200_000, 400, "BAD_REQUEST"),
        ({"query": "{ cases("}, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ passwords }"}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{a" * 10_000 + "}" * 10_000}, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{" + "...{" * 1_000 + "__typename" + "}" * 1_001}, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ __typename }", "extensions": "x" * 5_000_000}, 413, "BODY_TOO_LARGE"),
    ],
    ids=["empty", "no text", "brackets", "broken", "unknown field", "10,000 deep", "1,000 fragments", "5 MB"],
)
def test_a_body_that_is_no_sound_request_is_refused(unharmed: Stage, body: Any, status: int, code: str) -> None:
    refused = unharmed.post(unharmed.desk("operator-1").token, body, Accept="application/graphql-response+json")
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert len(refused.content) < 5_000


@pytest.mark.parametrize(
    ("changes", "kind", "field"),
    [
        ({"itemCode": "NB9999"}, "OutsideCatalogue", "itemCode"),
        ({"region": "999999"}, "InvalidInput", "region"),
        ({"region": "3302\u0000"}, "InvalidInput", "region"),
        ({"businessNumber": ""}, "InvalidInput", "businessNumber"),
        ({"businessNumber": "x" * 10_000}, "InvalidInput", "businessNumber"),
        ({"applicant": {**APPLICANT, "name": "\u202e章示例"}}, "InvalidInput", "applicant.name"),
        ({"applicant": {**APPLICANT, "identifier": DIGITS[:-1] + "0"}}, "InvalidInput", "applicant.identifier"),
        (
            {"applicant": {**APPLICANT, "identifier": NO_SUCH_DAY + identity_check_digit(NO_SUCH_DAY)}},
            "InvalidInput",
            "applicant.identifier",
        ),
        (
            {
                "identity": {
                    "method": "ELECTRONIC_PROOF",
                    "provider": "p",
                    "assertionId": "a",
                    "at": "2026-01-05T09:00Z",
                }
            },
            "InvalidInput",
            "identity.method",
        ),
        (
            {"identity": {"method": "APP_LICENCE", "provider": "p", "assertionId": "a", "at": "2999-01-05T09:00:00Z"}},
            "InvalidInput",
            "identity.at",
        ),
    ],
)
@pytest.mark.requirement("R8.3", "R12.1")
def test_a_case_that_cannot_be_is_a_typed_problem(
    unharmed: Stage, changes: dict[str, Any], kind: str, field: str | None
) -> None:
    payload = unharmed.says(unharmed.desk("operator-1"), OPEN, **matter(ITEM, **changes))
    (problem,) = payload["errors"]
    assert payload["case"] is None
    assert (problem["__typename"], problem["field"]) == (kind, field)
    assert problem["mend"]
    assert problem["messageZh"]
    assert DIGITS not in str(payload)


def test_a_date_that_does_not_exist_is_refused_before_anything_is_done(unharmed: Stage) -> None:
    identity = {"method": "APP_LICENCE", "provider": "p", "assertionId": "a", "at": "2026-02-30T09:00:00Z"}
    body = {"query": OPEN, "variables": {"input": matter(ITEM, identity=identity)}}
    refused = unharmed.post(unharmed.desk("operator-1").token, body)
    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_VARIABLES"
    assert "data" not in refused.json()


def test_a_person_without_the_post_opens_no_case(unharmed: Stage) -> None:
    drafter = unharmed.desk("drafter-1", "330203-JY", Post.DRAFTER)
    payload = unharmed.says(drafter, OPEN, **matter(ITEM))
    assert [problem["__typename"] for problem in payload["errors"]] == ["NotPermitted"]


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 20_000, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."])
def test_a_token_that_is_none_is_refused(unharmed: Stage, token: str) -> None:
    assert unharmed.post(token, {"query": "{ __typename }"}).status_code == 401


@pytest.mark.requirement("I2")
def test_a_case_opened_twice_is_one_case_and_with_other_content_a_conflict(stage: Stage) -> None:
    desk, given = stage.desk("operator-1", "330203-YB"), matter(SHARED_ITEM)
    first = stage.says(desk, OPEN, **given)
    assert first["case"]["needs"][0]["state"] == "MET"
    assert stage.says(desk, OPEN, **given) == first
    other = stage.says(desk, OPEN, **given | {"applicant": {**APPLICANT, "name": "章实例"}})
    assert (other["case"], other["errors"][0]["__typename"]) == (None, "IdempotencyConflict")
    assert stage.says(desk, OPEN, **given) == first


@pytest.mark.requirement("I2")
def test_eight_calls_at_once_open_one_case(stage: Stage) -> None:
    operator, given, found = stage.desk("operator-1"), matter(ITEM), []
    calls = [
        threading.Thread(target=lambda: found.append(stage.says(operator, OPEN, **given)["case"]["number"]))
        for _ in range(8)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.requirement("I2")
def test_a_step_sent_twice_is_done_once_and_its_key_takes_nothing_else(stage: Stage) -> None:
    first, second = (request_of(stage), request_of(stage))
    drafter = stage.desk("drafter-1", first["issuingUnit"], Post.DRAFTER)
    claimed = drafter.do(CLAIM, requestId=first["requestId"], key="same")
    assert drafter.do(CLAIM, requestId=first["requestId"], key="same") == claimed
    claim = "mutation C($input: ClaimRequestInput!) { claimRequest(input: $input) { errors { __typename } } }"
    other = stage.says(drafter, claim, requestId=second["requestId"], key="same")
    assert [problem["__typename"] for problem in other["errors"]] == ["IdempotencyConflict"]


@pytest.mark.parametrize(
    "name",
    [
        "bomb_in_an_object_stream",
        "bomb_in_the_cross_reference",
        "endless_table",
        "deep_nesting",
        "a_web_page",
        "garbage",
    ],
)
def test_a_file_made_to_hurt_gets_a_verdict_and_the_hub_serves_on(stage: Stage, name: str) -> None:
    begin = time.perf_counter()
    pdf = (VECTORS / f"{name}.pdf").read_bytes()
    assert stage.outcome(pdf, stage.desk("operator-1")) == ("NOT_GOOD", "NOT_GOOD")
    assert time.perf_counter() - begin < 20
    assert stage.client.get("/health/ready").status_code == 200


def test_a_file_that_is_too_large_is_refused_before_it_is_judged(unharmed: Stage) -> None:
    refused = unharmed.post(None, b"%PDF-1.7" + bytes(21_000_000), "/verify", **{"Content-Type": "application/pdf"})
    assert (refused.status_code, refused.json()["code"]) == (413, "TOO_LARGE")


@pytest.mark.requirement("I6")
@pytest.mark.parametrize(
    "behaviour",
    [
        hang,
        drip,
        speak_no_http,
        answer(b"<html>maintenance</html>", media_type="text/html"),
        stated(facts={"name": NAME, "nonsense": "x"}),
        Flood(announced=True),
        Flood(announced=False),
    ],
    ids=["hangs", "drips", "no http", "web page", "unknown facts", "100 MB", "100 MB unannounced"],
)
def test_a_register_that_misbehaves_costs_two_seconds_and_its_unit_is_asked(
    shaken: Stage, register: HostileSource, behaviour: Behaviour
) -> None:
    register.script, desk = [behaviour], shaken.desk("operator-1", "330203-YB")
    begin = time.perf_counter()
    opened = desk.do(OPEN_CASE, **matter(SHARED_ITEM))["openCase"]["case"]
    assert time.perf_counter() - begin < 2.5
    (need,) = opened["needs"]
    assert (need["state"], opened["proofs"]) == ("REQUESTED", [])
    assert need["issuingUnit"]
    assert "已转请出具单位协助核实" in need["reasonZh"]
    assert shaken.client.get("/health/ready").status_code == 200
