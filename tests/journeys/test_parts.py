"""Two units answer one request over HTTP: the proof says who produced what, and everybody can check it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.actors import Post
from scripts.demonstration.story import APPLICANT, FINDINGS, ITEM
from scripts.demonstration.window import CLAIM, DRAFT, OPEN_CASE, READ_CASE, REVIEW
from tests.journeys.stage import Stage, command, matter
from tests.journeys.subscribers import POLICE

OTHER = "330282-GA"
"""Police of another district: it issues the same."""
ASK = """mutation P($input: RequestPartInput!) { requestPart(input: $input) {
  request { version } part { id state partOf dueAt } errors { code message mend } } }"""
BUNDLES = """query B($unit: String!) { inboxBundles(unitCode: $unit, first: 100) {
  ... on BundleConnection { nodes { id requests { id caseNumber } } } } }"""
CLAIM_BUNDLE = """mutation C($input: ClaimBundleInput!) { claimBundle(input: $input) {
  claimed { id } taken { id } errors { code message mend } } }"""
SEAL = "mutation S($input: SealAnswerInput!) { sealAnswer(input: $input) { request { state } errors { code } } }"
FORM = "query R($id: ID!) { request(id: $id) { ... on VerificationRequest { dueAt form { key kind } } } }"


def open_case(stage: Stage) -> tuple[str, str]:
    """Open a case and return its number and what the police of one district are asked."""
    case = stage.desk("operator-1").do(OPEN_CASE, **matter(ITEM))["openCase"]["case"]
    return case["number"], next(need["requestId"] for need in case["needs"] if need["requestId"])


def facts_of(stage: Stage, unit: str, request: str) -> list[dict[str, str]]:
    form = stage.desk("drafter-1", unit, Post.DRAFTER).ask(FORM, id=request)["request"]["form"]
    known = {"name": APPLICANT["name"], "id_number": APPLICANT["identifier"], **FINDINGS}
    return [{"key": each["key"], "value": known.get(each["key"], "2020-09-01")} for each in form]


def answer(stage: Stage, unit: str, request: str) -> dict[str, Any]:
    """Draft, review and seal as three people of the unit; the drafter has claimed it."""
    said = {"requestId": request, "negative": False, "facts": facts_of(stage, unit, request)}
    stage.desk("drafter-1", unit, Post.DRAFTER).do(DRAFT, key=f"{request}-draft", **said)
    stage.desk("reviewer-1", unit, Post.REVIEWER).do(REVIEW, requestId=request, key=f"{request}-ok", approve=True)
    return stage.says(stage.desk("keeper-1", unit, Post.SEAL_KEEPER), SEAL, requestId=request, key=f"{request}-seal")


def with_part(stage: Stage) -> tuple[str, str, str]:
    """Open a case and have the police ask those of another district; return case, request and part."""
    number, request = open_case(stage)
    drafter = stage.desk("drafter-1", POLICE, Post.DRAFTER)
    drafter.do(CLAIM, requestId=request, key=f"{request}-claim")
    asked = {"unitCode": OTHER, "fields": ["period"], "reason": "在慈溪居住期间由慈溪核查"}
    part = drafter.do(ASK, requestId=request, key=f"{request}-part", **asked)["requestPart"]["part"]
    assert part["partOf"] == request
    assert part["dueAt"] <= drafter.ask(FORM, id=request)["request"]["dueAt"]
    return number, request, part["id"]


@pytest.mark.requirement("R14.2", "R14.4", "I5")
def test_a_proof_of_two_units_is_delivered_and_good_and_says_who_produced_what(stage: Stage, tmp_path: Path) -> None:
    number, request, part = with_part(stage)
    (refused,) = answer(stage, POLICE, request)["errors"]
    assert refused["code"] == "WRONG_STATE"
    stage.desk("drafter-1", OTHER, Post.DRAFTER).do(CLAIM, requestId=part, key=f"{part}-claim")
    assert answer(stage, OTHER, part)["request"]["state"] == "DELIVERED"
    keeper = stage.desk("keeper-1", POLICE, Post.SEAL_KEEPER)
    done = stage.says(keeper, SEAL, requestId=request, key=f"{request}-seal-again")
    assert done["request"]["state"] == "DELIVERED"
    operator = stage.desk("operator-1")
    proofs = operator.ask(READ_CASE, number=number)["case"]["proofs"]
    proof = next(each["number"] for each in proofs if each["kind"] == "VERIFIED")
    file = tmp_path / f"{proof}.pdf"
    file.write_bytes(operator.document(proof))
    assert stage.outcome(file.read_bytes(), operator) == ("GOOD", "GOOD")
    checked = command("verify", str(file), "--trust", str(stage.city.root), "--json")
    verdict = json.loads(checked.stdout)
    assert verdict["outcome"] == "GOOD", verdict["summary"]
    (said,) = verdict["endorsement"]["parts"]
    assert (said["unit_code"], said["fields"]) == (OTHER, ["period"])
    spoken = command("verify", str(file), "--trust", str(stage.city.root)).stdout
    assert f"{said['unit_name']}: {said['labels'][0]}" in spoken


@pytest.mark.requirement("I2")
def test_requests_of_two_cases_of_one_citizen_are_claimed_as_one_bundle(stage: Stage) -> None:
    requests = {open_case(stage)[1] for _ in range(2)}
    drafter = stage.desk("drafter-1", POLICE, Post.DRAFTER)
    nodes = drafter.ask(BUNDLES, unit=POLICE)["inboxBundles"]["nodes"]
    (mine,) = [each for each in nodes if requests & {request["id"] for request in each["requests"]}]
    assert requests <= {request["id"] for request in mine["requests"]}
    first = drafter.do(CLAIM_BUNDLE, bundleId=mine["id"], key=f"{mine['id']}-all")["claimBundle"]
    assert requests <= {request["id"] for request in first["claimed"]}
    assert drafter.do(CLAIM_BUNDLE, bundleId=mine["id"], key=f"{mine['id']}-all")["claimBundle"] == first
    other = stage.says(stage.desk("d-9", OTHER, Post.DRAFTER), CLAIM_BUNDLE, bundleId=mine["id"], key="not-mine")
    assert [error["code"] for error in other["errors"]] == ["NOT_FOUND"]
