"""Proofs by GraphQL: who sees one, who took one, and the verdict on any bytes."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from graph_models.journal_records import load_audit
from seals.checks import MAY_BE_UNASKED
from tests.schema.city import DRAFTER, JUSTICE, OPERATOR, REVIEWER, SEALER, STRANGER, City
from tests.schema.test_cases import opened, step

PROBLEM = "... on Problem { __typename code field }"
PROOF = f"""query P($number: String!) {{ proof(number: $number) {{ {PROBLEM} ... on Proof {{
  number kind state negative caseNumber requestId extractionUnit producingUnit extractedAt validUntil documentSha256
  documentBytes catalogueVersion endorsement proofType {{ name }} producer {{ name }} document }} }} }}"""
VERIFY = f"""query V($pdf: Base64!) {{ verifyProof(document: $pdf) {{ {PROBLEM} ... on Verdict {{
  outcome summary summaryZh signer sealedAt endorsement documentSha256 facts {{ key label labelEn value }}
  checks {{ name status question questionZh reason reasonZh evidence }} }} }} }}"""


async def verdict_on(city: City, data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = (await city.ask(VERIFY, STRANGER, pdf=base64.b64encode(data).decode()))["verifyProof"]
    return found


@pytest.mark.requirement("R14.2", "R17.4")
async def test_a_proof_says_what_was_signed_and_who_takes_it_is_on_record(city: City) -> None:
    case = await opened(city, "PR-1")
    proof = (await city.ask(PROOF, number=case["proofs"][0]["number"]))["proof"]
    endorsement = orjson.loads(proof["endorsement"])
    assert (endorsement["proof_number"], endorsement["case_number"]) == (proof["number"], proof["caseNumber"])
    assert (endorsement["extraction_unit_code"], endorsement["producing_unit_code"]) == ("JY", "GA")
    assert len(base64.b64decode(proof["document"])) == proof["documentBytes"]
    entries = await city.store.read(lambda tx: load_audit(tx, case["number"], 0, 100))
    taken = [(entry.actor, entry.target) for entry in entries if entry.operation == "proof.downloaded"]
    assert taken == [(OPERATOR.subject, proof["number"])]


@pytest.mark.requirement("R14.2", "R17.3")
async def test_a_proof_names_who_answers_for_its_content_the_source_or_the_drafter(city: City) -> None:
    case = await opened(city, "PR-5")
    request = case["requests"][0]["id"]
    facts = ', negative: false, facts: [{key: "name", value: "王小明"}]'
    await step(city, DRAFTER, "claimRequest", request)
    await step(city, DRAFTER, "draftAnswer", request, facts)
    await step(city, REVIEWER, "reviewAnswer", request, ", approve: true")
    await step(city, SEALER, "sealAnswer", request)
    query = f'{{ case(number: "{case["number"]}") {{ ... on Case {{ proofs {{ kind endorsement }} }} }} }}'
    found = {each["kind"]: orjson.loads(each["endorsement"]) for each in (await city.ask(query))["case"]["proofs"]}
    shared, verified = found["SHARED"], found["VERIFIED"]
    assert (shared["data_source"], shared["drafted_by"], shared["producing_unit_code"]) == ("population", None, "GA")
    assert (verified["data_source"], verified["drafted_by"]) == (None, DRAFTER.subject)
    assert verified["producing_unit_code"] == "GA-HS"


@pytest.mark.parametrize(("actor", "kind"), [(DRAFTER, "NotFound"), (JUSTICE, "NotPermitted")])
async def test_a_proof_is_not_there_for_units_that_neither_took_nor_made_it(city: City, actor: Any, kind: str) -> None:
    number = (await opened(city, f"PR-2-{kind}"))["proofs"][0]["number"]
    assert (await city.ask(PROOF, actor, number=number))["proof"]["__typename"] == kind


async def test_the_unit_that_made_a_proof_sees_it_too(city: City) -> None:
    number = (await opened(city, "PR-3"))["proofs"][0]["number"]
    assert (await city.ask(PROOF, STRANGER, number=number))["proof"]["producingUnit"] == "GA"


async def test_the_verdict_names_every_check_in_both_languages(city: City) -> None:
    number = (await opened(city, "PR-4"))["proofs"][0]["number"]
    document = base64.b64decode((await city.ask(PROOF, number=number))["proof"]["document"])
    good = await verdict_on(city, document)
    assert (good["outcome"], good["sealedAt"]) == ("GOOD", "2026-03-02T01:00:00Z")
    assert "宁波市公安局" in good["signer"]
    assert all(
        each[name] for each in good["checks"] for name in ("name", "question", "questionZh", "reason", "reasonZh")
    )
    assert {each["name"] for each in good["checks"] if each["status"] == "NOT_ASKED"} <= MAY_BE_UNASKED
    assert {each["status"] for each in good["checks"]} <= {"PASSED", "NOT_ASKED"}
    changed = await verdict_on(city, document.replace(b"%%EOF", b"%%EOG", 1))
    assert (changed["outcome"], changed["summary"] != good["summary"]) == ("NOT_GOOD", True)


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"<html></html>", b"%PDF-1.7\n%%EOF"])
async def test_whatever_is_sent_gets_a_verdict(city: City, data: bytes) -> None:
    verdict = await verdict_on(city, data)
    assert verdict["outcome"] in ("NOT_GOOD", "UNDECIDED")
    assert (verdict["facts"], verdict["endorsement"]) == (None, None)


async def test_what_is_no_base64_is_refused_before_it_is_judged(city: City) -> None:
    answer = (await city.post({"query": VERIFY, "variables": {"pdf": "%%%"}})).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_VARIABLES"
