"""What a department's system says to the hub over HTTP: GraphQL with a bearer token, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

_SECONDS = 30

OPEN_CASE = """
mutation Open($input: OpenCaseInput!) {
  openCase(input: $input) { case { ...standing } errors { code message mend } }
}
fragment standing on Case {
  number
  item { name }
  plan { clockZh clock }
  needs { proofType { name } state reasonZh proofNumber requestId issuingUnit }
  proofs { number kind proofType { name } producer { name } documentBytes }
}
"""
READ_CASE = """
query Read($number: String!) {
  case(number: $number) { __typename ...standing }
}
fragment standing on Case {
  number
  state
  plan { clockZh clock }
  needs { state proofNumber requestId }
  proofs { number kind proofType { name } producer { name } documentBytes level }
}
"""
INBOX = """
query Inbox { inbox(first: 100) {
  __typename
  ... on RequestConnection {
    edges { node { id dueAt proofType { name } form { key label kind required } } }
  }
} }
"""
CLAIM = "mutation C($input: ClaimRequestInput!) { claimRequest(input: $input) { ...step } }"
DRAFT = "mutation D($input: DraftAnswerInput!) { draftAnswer(input: $input) { ...step } }"
REVIEW = "mutation R($input: ReviewAnswerInput!) { reviewAnswer(input: $input) { ...step } }"
SEAL = "mutation S($input: SealAnswerInput!) { sealAnswer(input: $input) { ...step } }"
CLOSE = (
    "mutation E($input: CloseCaseInput!) { closeCase(input: $input) { case { state } errors { code message mend } } }"
)
_STEP = " fragment step on RequestPayload { request { state } errors { code message mend } }"


class CallError(Exception):
    """The hub refused a call; the text says why."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at one desk, with a token."""

    client: httpx.Client
    token: str

    def ask(self, document: str, **variables: object) -> dict[str, Any]:
        """Return the data of a call. Raises CallError where the answer holds errors."""
        text = document + (_STEP if "...step" in document else "")
        answer = self.client.post(
            "/graphql", json={"query": text, "variables": variables}, headers=self._headers(), timeout=_SECONDS
        ).json()
        if answer.get("errors"):
            raise CallError(answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        for field in data.values():
            for problem in field.get("errors", ()):
                raise CallError(f"{problem['code']}: {problem['message']} ({problem['mend']})")
        return data

    def do(self, document: str, **given: object) -> dict[str, Any]:
        """Return the data of a mutation that takes one input."""
        return self.ask(document, input=given)

    def document(self, number: str) -> bytes:
        """Return the sealed PDF of a proof."""
        answer = self.client.get(f"/proofs/{number}.pdf", headers=self._headers())
        answer.raise_for_status()
        return answer.content

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
