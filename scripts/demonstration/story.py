"""One case from end to end: a teacher's qualification, four facts that the applicant need not bring on paper."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console

from graph_models.casework import ProofLevel
from hub.actors import Post
from hub.clock import SystemClock, SystemIds
from hub.entry.wiring import trust_in
from scripts.demonstration.city import City
from scripts.demonstration.window import CLAIM, CLOSE, DRAFT, INBOX, OPEN_CASE, READ_CASE, REVIEW, SEAL, Desk
from seals.findings import read_findings
from seals.judge import judge_once
from seals.levels import SealLevel, level_of
from seals.verdict import VerdictOutcome

ITEM, REGION, UNIT = "NB0001", "330203", "330203-JY"
"""Teacher's qualification, in Haishu, at the district's education bureau."""
APPLICANT = {"kind": "NATURAL_PERSON", "name": "章示例", "identifier": "330211198603318599"}
"""One of the registry server's fictitious people."""
FINDINGS = {"result": "经查询，未发现有犯罪记录", "period": "出生之日起至查询之日"}
"""What the issuing unit's drafter finds; the rest of its form is about the applicant."""
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Story:
    """Carries out the case and shows it."""

    city: City
    client: httpx.Client
    out: Console

    def tell(self) -> bool:
        """Carry out the whole case; return whether every proof came and is good."""
        operator = self._desk("operator-1", UNIT, Post.OPERATOR)
        case = self._open(operator)
        for need in case["needs"]:
            if need["requestId"]:
                self._answer(need["requestId"], need["issuingUnit"])
        number = case["number"]
        settled = self._settled(operator, number)
        operator.do(CLOSE, number=number, key=f"close-{number}")
        self.out.print(f"办件 {number} 已办结 the case is closed", highlight=False)
        good = [self._verify(operator, proof) for proof in self._raised(operator, number)]
        wanted = sum(bool(need["proofNumber"] or need["requestId"]) for need in settled["needs"])
        return len(good) == wanted > 0 and all(good)

    def _open(self, operator: Desk) -> dict[str, Any]:
        case: dict[str, Any] = operator.do(
            OPEN_CASE,
            businessNumber=SystemIds().identifier("DEMO-"),
            itemCode=ITEM,
            region=REGION,
            applicant=APPLICANT,
            identity={
                "method": "FACE_RECOGNITION",
                "provider": "window-camera-1",
                "assertionId": SystemIds().identifier("A"),
                "at": SystemClock().now().isoformat(),
            },
        )["openCase"]["case"]
        self.out.rule(f"[bold]办件 Case {case['number']}: {case['item']['name']}")
        for need in case["needs"]:
            name = need["proofType"]["name"]
            self.out.print(f"  {need['state']:<12} {name}: {need['reasonZh']}", markup=False, highlight=False)
        self.out.print(f"  全部可得 all ready: {case['plan']['clockZh']} {case['plan']['clock']}", highlight=False)
        return case

    def _settled(self, operator: Desk, number: str) -> dict[str, Any]:
        """Return the case once its shared data is there: a machine that is busy takes longer than the first answer."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            case: dict[str, Any] = operator.ask(READ_CASE, number=number)["case"]
            if all(need["state"] != "PENDING" for need in case["needs"]) or time.monotonic() > deadline:
                return case
            time.sleep(0.2)

    def _raised(self, operator: Desk, number: str) -> list[dict[str, Any]]:
        """Return the case's proofs once they are of the level that the hub raises them to, beside the calls."""
        wanted, deadline = self.city.settings.seals.wanted_level, time.monotonic() + _PATIENCE_SECONDS
        while True:
            proofs: list[dict[str, Any]] = operator.ask(READ_CASE, number=number)["case"]["proofs"]
            if all(_reaches(proof, wanted) for proof in proofs) or time.monotonic() > deadline:
                return proofs
            time.sleep(0.2)

    def _answer(self, request_id: str, unit: str) -> None:
        """Draft, review and seal as three people of the issuing unit, whichever the route found."""
        drafter = self._desk("drafter-1", unit, Post.DRAFTER)
        edges = drafter.ask(INBOX)["inbox"]["edges"]
        request = next(edge["node"] for edge in edges if edge["node"]["id"] == request_id)
        about = {"name": APPLICANT["name"], "id_number": APPLICANT["identifier"], **FINDINGS}
        facts = [{"key": field["key"], "value": about[field["key"]]} for field in request["form"]]
        name = request["proofType"]["name"]
        self.out.rule(f"[bold]协助核实请求 Request {request_id}: {name}")
        self._say("领取 claimed", drafter.do(CLAIM, requestId=request_id, key=f"claim-{request_id}"))
        self._say(
            "核查 drafted",
            drafter.do(DRAFT, requestId=request_id, key=f"draft-{request_id}", negative=False, facts=facts),
        )
        reviewer = self._desk("reviewer-1", unit, Post.REVIEWER)
        self._say("审核 reviewed", reviewer.do(REVIEW, requestId=request_id, key=f"review-{request_id}", approve=True))
        keeper = self._desk("seal-keeper-1", unit, Post.SEAL_KEEPER)
        self._say("盖章 sealed", keeper.do(SEAL, requestId=request_id, key=f"seal-{request_id}"))

    def _verify(self, operator: Desk, proof: dict[str, Any]) -> bool:
        """Take the sealed PDF, keep it, and verify it twice: by the hub, and with no hub at all."""
        pdf = operator.document(proof["number"])
        path = self.city.place.proofs / f"{proof['number']}.pdf"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pdf)
        policy = trust_in(self.city.root)
        alone = judge_once(pdf, policy, SystemClock().now()).outcome
        asked = self.client.post("/verify", content=pdf, headers={"Content-Type": "application/pdf"}).json()["outcome"]
        good = alone is VerdictOutcome.GOOD and asked == "GOOD"
        words = "[green]✓ 有效 good[/]" if good else f"[red]✗ hub: {asked}, offline: {alone}[/]"
        level = level_of(read_findings(pdf, policy.limits)).replace("_", "-")
        self.out.print(
            f"  {words} PAdES {level} {proof['proofType']['name']} — {proof['producer']['name']}  {path}",
            highlight=False,
            soft_wrap=True,
        )
        return good

    def _say(self, words: str, data: dict[str, Any]) -> None:
        state = next(iter(data.values()))["request"]["state"]
        self.out.print(f"  {words:<12} → {state}", highlight=False)

    def _desk(self, subject: str, unit: str, *posts: Post) -> Desk:
        return Desk(self.client, self.city.token(subject, unit, *posts))


def _reaches(proof: dict[str, Any], wanted: ProofLevel) -> bool:
    return SealLevel(proof["level"] or ProofLevel.B_B).reaches(SealLevel(wanted))
