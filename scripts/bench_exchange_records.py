"""The requests that fill a store before it is measured: several of each case, the same for the same seed.

One unit is asked a fifth of everything, the others the rest evenly; one request in three goes to the unit that the case
asked last, so that there are bundles. What is answered lies back up to a year. What is open came in the last four hours
and has a day, so that for eight hours no limit of it passes. Needs and proofs are left out: nothing that is measured on
such a store reads them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph_models.casework import (
    Applicant,
    Case,
    CaseState,
    DraftAnswer,
    IdentityEvidence,
    RequestState,
    RequestStep,
    VerificationRequest,
)
from graph_models.catalogue import ApplicantKind, Measure
from graph_models.journal import AuditDraft

DAY = timedelta(days=1)
_LATELY, _YEAR = 4 * 3_600_000, 365 * 86_400_000
"""Milliseconds back from now in which open requests, and answered ones, were received."""
_STEPS = {
    RequestState.RECEIVED: (),
    RequestState.CLAIMED: ("CLAIM",),
    RequestState.DRAFTED: ("CLAIM", "DRAFT"),
    RequestState.REVIEWED: ("CLAIM", "DRAFT", "APPROVE"),
    RequestState.DELIVERED: ("CLAIM", "DRAFT", "APPROVE", "SEAL", "DELIVER"),
    RequestState.WITHDRAWN: ("WITHDRAW",),
}
_OPEN_OF_TWENTY = (
    *[RequestState.RECEIVED] * 14,
    *[RequestState.CLAIMED] * 3,
    *[RequestState.DRAFTED] * 2,
    RequestState.REVIEWED,
)
_ENDED_OF_TWENTY = (*[RequestState.DELIVERED] * 19, RequestState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a case is about, as the catalogue has it."""

    asking_unit: str
    item_code: str
    proof_type_code: str
    region: str


@dataclass(frozen=True, slots=True)
class Made:
    """A case with what is written for it."""

    case: Case
    requests: tuple[VerificationRequest, ...]
    audit: AuditDraft


@dataclass(frozen=True, slots=True)
class Crowd:
    """Makes cases, each by its number."""

    units: tuple[str, ...]
    """Units that are asked; the first one a fifth of everything."""
    kind: Kind
    now: datetime
    """When it is measured; aware, UTC."""
    open_of_hundred: int
    requests: int = 4
    """Of each case."""
    seed: int = 1

    def case(self, number: int) -> Made:
        """Return the case with the number, from 0."""
        dice = _Dice(self.seed, number)
        is_open = dice.below(100) < self.open_of_hundred
        received = self.now - timedelta(milliseconds=dice.below(_LATELY if is_open else _YEAR) + 1)
        case = self._case(dice, received, ended=not is_open)
        units = [self._unit(dice)]
        for _ in range(self.requests - 1):
            units.append(units[-1] if dice.below(3) == 0 else self._unit(dice))
        states = _OPEN_OF_TWENTY if is_open else _ENDED_OF_TWENTY
        requests = [self._request(dice, case, unit, states[dice.below(20)]) for unit in units]
        opened = AuditDraft(
            stream=case.number,
            at=received,
            actor=case.opened_by,
            unit_code=case.unit_code,
            operation="case.opened",
            target=case.number,
            detail_json='{"item":"' + case.item_code + '","posts":["OPERATOR"],"state":"OPEN"}',
        )
        return Made(case, tuple(requests), opened)

    def _unit(self, dice: _Dice) -> str:
        return self.units[0] if dice.below(5) == 0 else self.units[1 + dice.below(len(self.units) - 1)]

    def _case(self, dice: _Dice, at: datetime, *, ended: bool) -> Case:
        number, kind = dice.identifier("C"), self.kind
        identifier = (
            f"330203{1940 + dice.below(70)}{1 + dice.below(12):02}{1 + dice.below(28):02}{dice.below(10_000):04}"
        )
        evidence = IdentityEvidence(
            method=Measure.FACE_RECOGNITION, provider="window-1", assertion_id=dice.identifier("A"), at=at
        )
        return Case(
            number=number,
            unit_code=kind.asking_unit,
            business_number=f"J-{number}",
            item_code=kind.item_code,
            region=kind.region,
            applicant=Applicant(kind=ApplicantKind.NATURAL_PERSON, name="示例某", identifier=identifier),
            identity=evidence,
            answers=(),
            licences=(),
            subject=(),
            catalogue_version=1,
            content_digest=dice.identifier("").ljust(64, "0").lower(),
            opened_at=at,
            opened_by="operator-1",
            promised_at=at + 5 * DAY,
            state=CaseState.CLOSED if ended else CaseState.OPEN,
            version=2 if ended else 1,
        )

    def _request(self, dice: _Dice, case: Case, unit: str, state: RequestState) -> VerificationRequest:
        steps = tuple(
            RequestStep(step=step, at=case.opened_at + timedelta(minutes=place), by=f"person-{place}", unit_code=unit)
            for place, step in enumerate(_STEPS[state], 1)
        )
        people = (*[f"person-{place}" for place in range(1, min(len(steps), 4) + 1)], None, None, None, None)
        claimed = state is not RequestState.WITHDRAWN
        draft = DraftAnswer(negative=False, facts=(("result", "经查询，未发现有犯罪记录"),), statement="")
        return VerificationRequest(
            id=dice.identifier("R"),
            case_number=case.number,
            need_id=f"{case.number}-01",
            proof_type_code=self.kind.proof_type_code,
            item_code=case.item_code,
            asking_unit=case.unit_code,
            issuing_unit=unit,
            region=case.region,
            state=state,
            received_at=case.opened_at,
            target_at=case.opened_at + DAY,
            hard_limit_at=case.opened_at + 4 * DAY,
            due_at=case.opened_at + DAY,
            urgent=False,
            provisional=False,
            drafter=people[0] if claimed else None,
            reviewer=people[2],
            seal_keeper=people[3],
            draft=draft if len(steps) > 1 else None,
            remarks=None,
            steps=steps,
            passed_by=(),
            version=1 + len(steps),
            bundle_seed=dice.identifier("B"),
        )


class _Dice:
    """Numbers that look random and are the same for the same seed and case."""

    def __init__(self, seed: int, number: int) -> None:
        self._name = f"{seed}/{number}/"
        self._turn = 0
        self._bits = 0
        self._left = 0

    def below(self, limit: int) -> int:
        """Return the next number from 0 up to, without, the limit (at most 2^40)."""
        if self._left < 48:
            digest = hashlib.blake2b(f"{self._name}{self._turn}".encode()).digest()
            self._turn, self._bits, self._left = self._turn + 1, int.from_bytes(digest), 512
        found = self._bits & ((1 << 48) - 1)
        self._bits, self._left = self._bits >> 48, self._left - 48
        return found % limit

    def identifier(self, prefix: str) -> str:
        """Return an identifier as long as those of the hub."""
        return f"{prefix}{self.below(1 << 40):013X}{self.below(1 << 40):013X}"
