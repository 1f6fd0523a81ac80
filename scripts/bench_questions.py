"""What is asked over HTTP: GraphQL documents, and bodies that differ where nothing may have been asked before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from scripts.bench_city import APPLICANT, REGION

OPEN_CASE = """mutation Open($input: OpenCaseInput!) {
  openCase(input: $input) {
    case { number state needs { id state reason proofNumber } proofs { number documentSha256 } }
    errors { code message }
  }
}"""
ITEM = """query Item($code: String!) {
  serviceItem(code: $code) {
    ... on ServiceItem {
      code name field instant promisedDays
      unit { code name nameEn }
      requirements { id group measures basis { act article level } proofType { code name nameEn } }
    }
  }
}"""
PAGE = """query Page($after: String) {
  serviceItems(first: 50, after: $after) {
    ... on ServiceItemConnection {
      nodes { code name field instant promisedDays unit { code name } }
      pageInfo { endCursor hasNextPage }
    }
  }
}"""
CURSORS = """query Cursors($after: String) {
  serviceItems(first: 100, after: $after) {
    ... on ServiceItemConnection { edges { cursor node { code } } pageInfo { endCursor hasNextPage } }
  }
}"""


def body(document: str, variables: dict[str, object], mark: int | None = None) -> str:
    """Return the body of a request; a ``mark`` makes it one that was never asked before."""
    asked: dict[str, object] = {"query": document, "variables": variables}
    if mark is not None:
        asked["extensions"] = {"mark": mark}
    return json.dumps(asked, ensure_ascii=False)


def open_case(item: str, number: str, at: datetime) -> str:
    """Return the body that opens a case of the item."""
    return body(
        OPEN_CASE,
        {
            "input": {
                "businessNumber": number,
                "itemCode": item,
                "region": REGION,
                "applicant": APPLICANT,
                "identity": {
                    "method": "FACE_RECOGNITION",
                    "provider": "bench",
                    "assertionId": "bench-1",
                    "at": at.isoformat(),
                },
            }
        },
    )


def never_asked(document: str, name: str, values: Sequence[str], marks: Iterator[int], count: int) -> list[str]:
    """Return bodies that ask for one value after another, none of them ever asked before."""
    return [body(document, {name: values[turn % len(values)]}, next(marks)) for turn in range(count)]
