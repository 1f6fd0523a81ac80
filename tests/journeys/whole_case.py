"""One case from end to end as three units' people carry it out over HTTP, and what each of them saw."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from hub.actors import Post
from scripts.demonstration.story import APPLICANT, FINDINGS, ITEM
from scripts.demonstration.window import CLAIM, CLOSE, DRAFT, INBOX, OPEN_CASE, READ_CASE, REVIEW, SEAL, Desk
from tests.journeys.stage import Stage, eventually, matter


@dataclass
class WholeCase:
    """What was seen of a case, in the order in which it happened."""

    opened: dict[str, Any]
    seconds: float
    """How long the window waited for the answer."""
    states: list[str] = field(default_factory=list)
    """The request's state after each step."""
    read: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    """Each proof's sealed PDF by the proof's number."""
    closed: str = ""

    @property
    def request(self) -> dict[str, Any]:
        """The need that another unit was asked for."""
        return next(need for need in self.opened["needs"] if need["requestId"])


def carry_out(window: Stage, issuer: Stage) -> WholeCase:
    """Carry out a case: the window speaks to one hub, the issuing unit to another or to the same."""
    operator, begin = window.desk("operator-1"), time.perf_counter()
    opened = operator.do(OPEN_CASE, **matter(ITEM))["openCase"]["case"]
    case = WholeCase(opened, time.perf_counter() - begin)
    case.states = answer_request(issuer, case.request["issuingUnit"], case.request["requestId"])
    case.read = eventually(lambda: _settled(operator, opened["number"]))
    case.documents = {proof["number"]: operator.document(proof["number"]) for proof in case.read["proofs"]}
    closed = operator.do(CLOSE, number=opened["number"], key=f"close-{opened['number']}")
    case.closed = closed["closeCase"]["case"]["state"]
    return case


def _settled(operator: Desk, number: str) -> dict[str, Any] | None:
    """Return the case unless it still waits for shared data."""
    case: dict[str, Any] = operator.ask(READ_CASE, number=number)["case"]
    return None if any(need["state"] == "PENDING" for need in case["needs"]) else case


def answer_request(stage: Stage, unit: str, asked: str) -> list[str]:
    """Answer as three people of the unit, whatever its form asks; return the request's state after each step."""
    drafter = stage.desk("drafter-1", unit, Post.DRAFTER)
    edges = drafter.ask(INBOX)["inbox"]["edges"]
    form = next(edge["node"]["form"] for edge in edges if edge["node"]["id"] == asked)
    facts = [{"key": field["key"], "value": _entry(field)} for field in form]
    steps: list[tuple[Desk, str, dict[str, Any]]] = [
        (drafter, CLAIM, {}),
        (drafter, DRAFT, {"negative": False, "facts": facts}),
        (stage.desk("reviewer-1", unit, Post.REVIEWER), REVIEW, {"approve": True}),
        (stage.desk("keeper-1", unit, Post.SEAL_KEEPER), SEAL, {}),
    ]
    states = []
    for number, (desk, document, more) in enumerate(steps):
        done = desk.do(document, requestId=asked, key=f"{asked}-{number}", **more)
        states.append(next(iter(done.values()))["request"]["state"])
    return states


def _entry(field: dict[str, Any]) -> str:
    """Return what a drafter enters into a field of the form."""
    known = {"name": APPLICANT["name"], "id_number": APPLICANT["identifier"], "valid_until": "2099-12-31", **FINDINGS}
    return known.get(field["key"], "2020-09-01" if field["kind"] == "DATE" else "示例")
