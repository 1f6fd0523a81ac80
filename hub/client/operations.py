"""What the client says in GraphQL: each document, and the records that go in and come out.

A test holds every document and record against schema/schema.graphql, so that neither can leave the other behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.client import inputs
from hub.client.records import (
    Case,
    Plan,
    Proof,
    Record,
    RequestConnection,
    ServiceItem,
    ServiceItemConnection,
    VerificationRequest,
)

R = TypeVar("R", bound=Record)

_FRAGMENTS = {
    "case": """on Case {
  number businessNumber unitCode itemCode region state openedAt version
  plan { ...plan }
  needs {
    id proofTypeCode group state reason reasonZh issuingUnit expectedAt requestId proofNumber
    question { text textEn choices { region unitCode } }
  }
  proofs { ...proof }
}""",
    "plan": """on Plan {
  readyAt clock clockZh
  lines { requirementId proofTypeCode group outcome chosen text textZh expectedAt issuingUnit }
}""",
    "proof": """on Proof {
  number kind negative proofTypeCode requestId producingUnit extractedAt validUntil documentSha256 documentBytes
}""",
    "item": "on ServiceItem { code name lineOfWork: field unitCode instant promisedDays applicantKinds }",
    "request": """on VerificationRequest {
  id caseNumber proofTypeCode itemCode askingUnit issuingUnit region state
  receivedAt targetAt hardLimitAt dueAt urgent drafter version remarks partOf partFields
  steps { step at by unitCode remarks }
  subject { kind name keys { key value } }
  form { key label labelEn kind required }
}""",
    "page": "on PageInfo { hasNextPage endCursor }",
    "problem": "on Problem { code message messageZh mend field }",
}
"""Name → what it selects; one uses only those after it."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[R]):
    """One operation with one field: a query of a union, or a mutation whose payload holds ``part`` and errors."""

    field: str
    text: str
    record: type[R]
    """Named as its type in the SDL."""
    part: str | None = None
    given: type[inputs.Given] | None = None


def _query(record: type[R], variables: str, asked: str, selection: str) -> Operation[R]:
    text = f"query Read{variables} {{ {asked} {{ __typename {selection} ...problem }} }}"
    return Operation(asked.partition("(")[0], _with_fragments(text), record)


def _change(field: str, kind: str, given: type[inputs.Given]) -> Operation[Case]:
    return Operation(field, _mutation(field, kind, "case"), Case, "case", given)


def _step(field: str, kind: str, given: type[inputs.Given]) -> Operation[VerificationRequest]:
    return Operation(field, _mutation(field, kind, "request"), VerificationRequest, "request", given)


def _mutation(field: str, kind: str, part: str) -> str:
    selection = f"{part} {{ ...{part} }} errors {{ ...problem }}"
    return _with_fragments(f"mutation Change($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}")


def _with_fragments(text: str) -> str:
    for name, selected in _FRAGMENTS.items():
        if f"...{name} " in text:
            text += f"\nfragment {name} {selected}"
    return text


_WAYS = "$item: String!, $region: String!, $kind: ApplicantKind!, $answers: [AnswerInput!]"
READ_CASE = _query(Case, "($number: String!)", "case(number: $number)", "...case")
READ_PROOF = _query(Proof, "($number: String!)", "proof(number: $number)", "...proof")
PLAN_CASE = _query(
    Plan,
    f"({_WAYS})",
    "planCase(itemCode: $item, region: $region, applicantKind: $kind, answers: $answers)",
    "...plan",
)
READ_ITEM = _query(ServiceItem, "($code: String!)", "serviceItem(code: $code)", "...item")
LIST_ITEMS = _query(
    ServiceItemConnection,
    "($search: String, $unit: String, $first: Int!, $after: String)",
    "serviceItems(search: $search, unit: $unit, first: $first, after: $after)",
    "... on ServiceItemConnection { nodes { ...item } pageInfo { ...page } }",
)
OPEN_CASE = _change("openCase", "OpenCaseInput", inputs.OpenCase)
ANSWER_QUESTION = _change("answerQuestion", "AnswerQuestionInput", inputs.AnswerQuestion)
CLOSE_CASE = _change("closeCase", "CloseCaseInput", inputs.EndCase)
WITHDRAW_CASE = _change("withdrawCase", "WithdrawCaseInput", inputs.EndCase)

READ_REQUEST = _query(VerificationRequest, "($id: ID!)", "request(id: $id)", "...request")
INBOX = _query(
    RequestConnection,
    "($states: [RequestState!], $first: Int!, $after: String)",
    "inbox(states: $states, first: $first, after: $after)",
    "... on RequestConnection { nodes { ...request } pageInfo { ...page } }",
)
CLAIM = _step("claimRequest", "ClaimRequestInput", inputs.StepCall)
RELEASE = _step("releaseRequest", "ReleaseRequestInput", inputs.StepCall)
DRAFT = _step("draftAnswer", "DraftAnswerInput", inputs.DraftAnswer)
REVIEW = _step("reviewAnswer", "ReviewAnswerInput", inputs.ReviewAnswer)
SEAL = _step("sealAnswer", "SealAnswerInput", inputs.SeenStepCall)
REROUTE = _step("rerouteRequest", "RerouteRequestInput", inputs.RerouteRequest)

REQUEST_PART = Operation(
    "requestPart",
    _with_fragments(
        "mutation Change($input: RequestPartInput!) "
        "{ requestPart(input: $input) { part { ...request } errors { ...problem } } }"
    ),
    VerificationRequest,
    "part",
    inputs.RequestPart,
)

WATCH_INBOX = "subscription Watch($unit: String!) { requestAssigned(unitCode: $unit) { event } }"
WATCH_CASE = _with_fragments(
    "subscription Watch($number: String!, $after: String) "
    "{ caseUpdated(number: $number, after: $after) { cursor case { __typename ...case } } }"
)
