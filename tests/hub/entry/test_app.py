"""The server: health, metrics, schema, documents, imports; who may, and how much."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from graph_models.journal_records import load_audit
from hub.actors import Actor
from hub.entry.app import Authentication
from tests.hub.catalogue_authority import JUSTICE
from tests.hub.catalogue_tables import small_catalogue, workbook_of
from tests.hub.entry.door import OPERATOR, PRODUCER, STRANGER, Door, open_door, settings_in

SCHEMA = Path(__file__).parents[3] / "schema" / "schema.graphql"
VERSION = "{ catalogueVersion { ... on CatalogueVersion { number } } }"


async def document_of(door: Door, number: str) -> tuple[str, str]:
    """Open a case and return its number and that of its proof."""
    case = (await door.open_case(number))["case"]
    return case["number"], case["proofs"][0]["number"]


async def test_it_is_live_and_with_a_published_catalogue_ready(door: Door) -> None:
    assert (await door.client.get("/health/live")).json() == {"live": True}
    ready = await door.client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "catalogueVersion": 1})


async def test_without_a_catalogue_or_with_its_store_closed_it_is_live_and_not_ready(tmp_path: Path) -> None:
    async with open_door(settings_in(tmp_path), published=False) as door:
        empty = await door.client.get("/health/ready")
        await door.hub.store.close()
        closed = await door.client.get("/health/ready")
        live = await door.client.get("/health/live")
    assert (empty.status_code, empty.json()) == (503, {"ready": False, "reason": "UnavailableError"})
    assert (closed.status_code, closed.json()) == (503, {"ready": False, "reason": "StoreUnavailableError"})
    assert live.status_code == 200


async def test_where_the_store_fails_a_call_is_answered_that_it_cannot_be_done_now(tmp_path: Path) -> None:
    async with open_door(settings_in(tmp_path)) as door:
        await door.hub.store.close()
        answer = await door.client.get("/proofs/P1.pdf", headers=door.bearer(OPERATOR))
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert answer.json()["id"] == answer.headers["x-request-id"]
    assert "closed" not in answer.text


@pytest.mark.requirement("I4")
async def test_metrics_count_calls_by_route_and_name_no_proof(door: Door) -> None:
    await door.client.get("/proofs/PSECRETNUMBER.pdf", headers=door.bearer(OPERATOR))
    await door.client.request("BREW", "/somewhere/PSECRETNUMBER")
    text = (await door.client.get("/metrics")).text
    assert 'proofhub_http_requests_total{method="GET",route="/proofs",status="404"}' in text
    assert 'method="other",route="other"' in text
    assert "proofhub_http_request_seconds_bucket" in text
    assert "PSECRETNUMBER" not in text
    assert "BREW" not in text


async def test_the_schema_is_served_as_it_is_tracked(door: Door) -> None:
    answer = await door.client.get("/schema.graphql")
    assert answer.text.strip() == SCHEMA.read_text(encoding="utf-8").strip()


async def test_graphql_needs_a_token_and_answers_with_one(door: Door) -> None:
    assert (await door.client.post("/graphql", json={"query": VERSION})).status_code == 401
    assert (await door.ask(VERSION, {})).json() == {"data": {"catalogueVersion": {"number": 1}}}


async def test_a_token_is_good_until_a_moment_that_does_not_move_while_the_call_is_read(door: Door) -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope["state"])

    async def nothing(*_: Message) -> Any:
        raise AssertionError("nothing is read or sent")

    token, loop = door.token(OPERATOR), asyncio.get_running_loop()
    headers = [(b"authorization", f"Bearer {token}".encode())]
    await Authentication(app, door.hub.tokens)({"type": "http", "headers": headers}, nothing, nothing)
    until = loop.time() + door.hub.tokens.admit(token).seconds
    assert (seen["actor"], seen["token_until"]) == (OPERATOR, pytest.approx(until, abs=1))


@pytest.mark.requirement("R17.4", "I4")
@pytest.mark.parametrize("actor", [OPERATOR, PRODUCER], ids=["extracting unit", "producing unit"])
async def test_the_units_concerned_take_a_document_and_that_is_written_down(door: Door, actor: Actor) -> None:
    case, number = await document_of(door, f"D-{actor.unit_code}")
    answer = await door.client.get(f"/proofs/{number}.pdf", headers=door.bearer(actor))
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}.pdf"'
    entries = await door.hub.store.read(lambda tx: load_audit(tx, case, 0, 100))
    taken = [(entry.actor, entry.target) for entry in entries if entry.operation == "proof.downloaded"]
    assert taken == [(actor.subject, number)]


@pytest.mark.requirement("I4")
async def test_another_unit_or_nobody_takes_no_document(door: Door) -> None:
    _, number = await document_of(door, "D-3")
    for name in (number, "P-NONE", "..%2f..%2fetc%2fpasswd"):
        refused = await door.client.get(f"/proofs/{name}.pdf", headers=door.bearer(STRANGER))
        assert refused.status_code == 404
    without = await door.client.get(f"/proofs/{number}.pdf")
    assert (without.status_code, without.json()["code"]) == (401, "UNAUTHENTICATED")
    assert without.headers["www-authenticate"] == 'Bearer realm="proofhub"'


async def test_a_wrong_token_is_refused_even_where_none_is_needed(door: Door) -> None:
    for path in ("/graphql", "/proofs/P1.pdf", "/verify", "/health/live"):
        refused = await door.client.get(path, headers={"Authorization": "Bearer a.b.c"})
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.requirement("R8.1", "R5.1")
async def test_a_catalogue_is_imported_by_its_authority_alone(tmp_path: Path) -> None:
    data = workbook_of(small_catalogue())
    async with open_door(settings_in(tmp_path)) as door:
        where = "/catalogue/import?filename=a.xlsx&title=第二版"
        made = await door.client.post(where, content=data, headers=door.bearer(JUSTICE))
        refused = await door.client.post(where, content=data, headers=door.bearer(OPERATOR))
        nobody = await door.client.post(where, content=data)
        ready = await door.client.get("/health/ready")
    assert (made.status_code, made.json()["version"]["number"]) == (201, 2)
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_PERMITTED")
    assert nobody.status_code == 401
    assert ready.json()["catalogueVersion"] == 1


async def test_an_import_is_bounded_and_its_faults_are_told_by_row_and_column(door: Door) -> None:
    headers = door.bearer(JUSTICE)
    large = await door.client.post("/catalogue/import", content=bytes(300_001), headers=headers)
    assert (large.status_code, large.json()["code"]) == (413, "TOO_LARGE")
    nothing = await door.client.post("/catalogue/import?filename=a.csv&title=x", content=b"", headers=headers)
    assert nothing.status_code in {400, 422}
    csv = "单位代码,单位名称\nX,\n".encode()
    faulty = await door.client.post("/catalogue/import?filename=units.csv&title=x", content=csv, headers=headers)
    assert (faulty.status_code, faulty.json()["code"]) == (422, "CATALOGUE_REJECTED")
    assert {"table", "row", "column", "message", "message_zh"} == set(faulty.json()["problems"][0])


async def test_each_answer_carries_an_id_the_callers_own_where_it_is_sound(door: Door) -> None:
    own = await door.client.get("/health/live", headers={"X-Request-Id": "window-7.2026"})
    assert own.headers["x-request-id"] == "window-7.2026"
    for given in ("short", "x" * 65, "new\tline-123", "<script>alert(1)</script>"):
        other = await door.client.get("/nothing/here", headers={"X-Request-Id": given})
        assert other.status_code == 404
        assert other.headers["x-request-id"].startswith("Q")
