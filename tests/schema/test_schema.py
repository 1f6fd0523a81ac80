"""Every operation answers whoever holds a token, in types, and nobody else."""

from __future__ import annotations

import pytest

from tests.schema.city import City
from tests.schema.test_sdl import MUTATIONS, QUERIES

PROBLEM = "__typename ... on Problem { code message messageZh mend field }"
STEP = 'requestId: "R-none", key: "k"'
APPLICANT = 'applicant: {kind: NATURAL_PERSON, name: "王小明", identifier: "1"}'
IDENTITY = 'identity: {method: FACE_RECOGNITION, provider: "p", assertionId: "a", at: "2026-03-02T08:59:00+08:00"}'
NEW_CASE = f'businessNumber: "T-1", itemCode: "NB0001", region: "330203", {APPLICANT}, {IDENTITY}'
WANTED = 'itemCode: "NB0001", region: "330203", applicantKind: NATURAL_PERSON'
ARGUMENTS = {
    "case": '(number: "C-none")',
    "cases": "",
    "serviceItem": '(code: "NB0001")',
    "serviceItems": "",
    "proofType": '(code: "HJ")',
    "proofTypes": "",
    "unit": '(code: "GA")',
    "units": "",
    "catalogueVersion": "",
    "route": f"({WANTED})",
    "planCase": f"({WANTED})",
    "proof": '(number: "P-none")',
    "request": '(id: "R-none")',
    "inbox": "",
    "verifyProof": '(document: "")',
    "openCase": f"(input: {{{NEW_CASE}}})",
    "answerQuestion": '(input: {number: "C-none", key: "k", proofTypeCode: "JH", region: "330282"})',
    "closeCase": '(input: {number: "C-none", key: "k"})',
    "withdrawCase": '(input: {number: "C-none", key: "k"})',
    "claimRequest": f"(input: {{{STEP}}})",
    "releaseRequest": f"(input: {{{STEP}}})",
    "draftAnswer": f"(input: {{{STEP}, negative: true}})",
    "reviewAnswer": f"(input: {{{STEP}, approve: true}})",
    "sealAnswer": f"(input: {{{STEP}}})",
    "rerouteRequest": f'(input: {{{STEP}, toUnit: "GA", reason: "r"}})',
    "requestPart": f'(input: {{{STEP}, unitCode: "GA", fields: ["name"], reason: "r"}})',
    "assignRequest": f'(input: {{{STEP}, toUnit: "GA", reason: "r"}})',
    "claimBundle": '(input: {bundleId: "B-none", key: "k"})',
    "inboxBundles": '(unitCode: "GA-HS")',
    "unitStatistics": '(unitCode: "GA-HS", from: "2026-03-02", to: "2026-03-02")',
    "withdrawRequest": f'(input: {{{STEP}, reason: "r"}})',
    "publishCatalogue": "(input: {number: 99})",
}
NOT_THERE = {
    "case": "NotFound",
    "proof": "NotFound",
    "request": "NotFound",
    "inbox": "NotPermitted",
    "inboxBundles": "NotPermitted",
    "unitStatistics": "NotPermitted",
}
"""What an operator is told by queries of what is not there, or not for operators."""


def document_of(name: str) -> str:
    arguments = ARGUMENTS.get(name, "")
    if name in QUERIES:
        return f"query {{ {name}{arguments} {{ {PROBLEM} }} }}"
    return f"mutation {{ {name}{arguments} {{ errors {{ {PROBLEM} }} }} }}"


def test_what_cases_requests_proofs_and_the_catalogue_need_is_in_the_schema() -> None:
    assert ARGUMENTS.keys() <= QUERIES | MUTATIONS


@pytest.mark.requirement("I3", "I4")
@pytest.mark.parametrize("name", sorted(QUERIES | MUTATIONS))
async def test_without_a_token_no_operation_answers(city: City, name: str) -> None:
    answer = await city.post({"query": document_of(name)}, actor=None)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert "data" not in answer.json()


@pytest.mark.parametrize("name", sorted(ARGUMENTS.keys() & QUERIES))
async def test_with_a_token_each_query_answers_or_says_in_a_type_why_not(city: City, name: str) -> None:
    found = (await city.ask(document_of(name)))[name]
    expected = NOT_THERE.get(name)
    if expected is None:
        assert "code" not in found
    else:
        assert found["__typename"] == expected
        assert all(found[field] for field in ("code", "message", "messageZh", "mend"))


@pytest.mark.parametrize("name", sorted(ARGUMENTS.keys() & MUTATIONS))
async def test_with_a_token_each_mutation_on_what_is_not_there_says_so_in_a_type(city: City, name: str) -> None:
    (refused,) = (await city.ask(document_of(name)))[name]["errors"]
    expected = {"openCase": "InvalidInput", "publishCatalogue": "NotPermitted"}.get(name, "NotFound")
    assert refused["__typename"] == expected
    assert all(refused[field] for field in ("code", "message", "messageZh", "mend"))
