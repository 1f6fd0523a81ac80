"""One whole case over HTTP on a hub process with its defaults: shared data at once, the rest by three people."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from hub.actors import Post
from scripts.demonstration.story import APPLICANT, UNIT
from scripts.demonstration.window import CallError
from tests.journeys.stage import Stage, command
from tests.journeys.whole_case import WholeCase, carry_out


@pytest.fixture(scope="module")
def case(stage: Stage) -> WholeCase:
    """The second case of the hub: with its first page a signer that has just started takes longer."""
    carry_out(stage, stage)
    return carry_out(stage, stage)


@pytest.mark.requirement("I6", "R13.1", "R9.1")
def test_shared_proofs_are_there_in_the_call_that_opens_the_case(case: WholeCase) -> None:
    states = {need["proofType"]["name"]: need["state"] for need in case.opened["needs"]}
    assert states["学历证明"] == states["居民身份证信息"] == "MET"
    assert states["无犯罪记录证明"] == "REQUESTED"
    assert {proof["kind"] for proof in case.opened["proofs"]} == {"SHARED"}
    assert len(case.opened["proofs"]) == 3
    assert case.opened["plan"]["clock"]
    assert case.seconds < 2.5


@pytest.mark.requirement("R14.4", "R17.2")
def test_what_must_be_looked_up_is_claimed_drafted_reviewed_and_sealed_by_three_people(case: WholeCase) -> None:
    assert case.states == ["CLAIMED", "DRAFTED", "REVIEWED", "DELIVERED"]
    assert sorted(proof["kind"] for proof in case.read["proofs"]) == ["SHARED", "SHARED", "SHARED", "VERIFIED"]
    assert case.closed == "CLOSED"


@pytest.mark.requirement("R14.1", "I5")
def test_each_proof_is_good_by_the_check_page_by_graphql_and_by_the_command_alone(
    stage: Stage, case: WholeCase, tmp_path: Path
) -> None:
    operator = stage.desk("operator-1")
    assert {stage.outcome(pdf, operator) for pdf in case.documents.values()} == {("GOOD", "GOOD")}
    verified = next(proof["number"] for proof in case.read["proofs"] if proof["kind"] == "VERIFIED")
    for number in {verified, min(case.documents)}:
        file = tmp_path / f"{number}.pdf"
        file.write_bytes(case.documents[number])
        said = command("verify", str(file), "--trust", str(stage.city.root), "--json")
        assert (said.returncode, json.loads(said.stdout)["outcome"]) == (0, "GOOD")


@pytest.mark.requirement("R14.2")
def test_the_endorsement_names_who_extracted_and_who_produced(stage: Stage, case: WholeCase) -> None:
    verified = next(proof for proof in case.read["proofs"] if proof["kind"] == "VERIFIED")
    pdf = case.documents[verified["number"]]
    query = "query V($file: Base64!) { verifyProof(document: $file) { ... on Verdict { endorsement } } }"
    operator = stage.desk("operator-1")
    said = operator.ask(query, file=base64.b64encode(pdf).decode())["verifyProof"]["endorsement"]
    endorsement = json.loads(said)
    assert endorsement["extraction_unit_code"] == UNIT
    assert endorsement["producing_unit_code"] == case.request["issuingUnit"]
    assert endorsement["case_number"] == case.opened["number"]


@pytest.mark.requirement("I4")
def test_nobody_else_sees_the_case_or_its_proofs(stage: Stage, case: WholeCase) -> None:
    stranger = stage.desk("operator-9", "330203-MZ")
    query = "query C($number: String!) { case(number: $number) { __typename } }"
    assert stranger.ask(query, number=case.opened["number"])["case"]["__typename"] == "NotFound"
    for number in case.documents:
        path = f"/proofs/{number}.pdf"
        assert stage.client.get(path).status_code == 401
        answer = stage.client.get(path, headers={"Authorization": f"Bearer {stranger.token}"})
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_closed_case_takes_no_more_steps(stage: Stage, case: WholeCase) -> None:
    keeper = stage.desk("keeper-1", case.request["issuingUnit"], Post.SEAL_KEEPER)
    seal = "mutation S($input: SealAnswerInput!) { sealAnswer(input: $input) { ...step } }"
    with pytest.raises(CallError, match="WRONG_STATE"):
        keeper.do(seal, requestId=case.request["requestId"], key="once-more")


@pytest.mark.requirement("I4")
def test_the_log_of_the_hub_names_nobody(stage: Stage, case: WholeCase) -> None:
    log = stage.log()
    assert '"event": "answered"' in log
    for word in (APPLICANT["name"], APPLICANT["identifier"], stage.desk("operator-1").token[:40], "Bearer"):
        assert word not in log
    assert all(json.loads(line) for line in log.splitlines())
