"""Reads cases with all that belongs to them, and writes what happens to them into audit and outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from graph_models.case_records import load_case, load_case_parts, load_needs_of
from graph_models.casework import Case, Need, Proof, VerificationRequest
from graph_models.errors import RecordNotFoundError
from graph_models.journal_records import append_audit_many, append_events, begin_audit
from graph_models.proof_records import load_proofs
from graph_models.request_records import load_requests_of
from graph_models.store import Transaction
from hub.actors import Actor
from hub.audit import entry
from hub.errors import NotFoundError
from hub.events import EventType, events_for


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with all that belongs to it."""

    case: Case
    needs: tuple[Need, ...]
    requests: tuple[VerificationRequest, ...]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class CaseHappening:
    """Something that an actor did with a case."""

    case: Case
    actor: Actor
    kind: EventType
    at: datetime


async def load_file(tx: Transaction, number: str) -> CaseFile:
    """Load a case with its needs, requests and proofs. Raises RecordNotFoundError."""
    case, needs, requests, proofs = await load_case_parts(tx, number)
    return CaseFile(case=case, needs=needs, requests=requests, proofs=proofs)


async def load_files(tx: Transaction, cases: Iterable[Case]) -> tuple[CaseFile, ...]:
    """Load what belongs to several cases, in as many statements as for one."""
    cases = tuple(cases)
    numbers = tuple(case.number for case in cases)
    needs: defaultdict[str, list[Need]] = defaultdict(list)
    requests: defaultdict[str, list[VerificationRequest]] = defaultdict(list)
    proofs: defaultdict[str, list[Proof]] = defaultdict(list)
    for need in await load_needs_of(tx, numbers):
        needs[need.case_number].append(need)
    for request in await load_requests_of(tx, numbers):
        requests[request.case_number].append(request)
    known = {need.proof_number for found in needs.values() for need in found if need.proof_number}
    for proof in await load_proofs(tx, tuple(sorted(known))):
        proofs[proof.case_number].append(proof)
    return tuple(
        CaseFile(
            case=case,
            needs=tuple(needs[case.number]),
            requests=tuple(requests[case.number]),
            proofs=tuple(proofs[case.number]),
        )
        for case in cases
    )


async def load_own(tx: Transaction, actor: Actor, number: str) -> Case:
    """Load a case of the actor's unit; to others it does not exist."""
    try:
        case = await load_case(tx, number)
    except RecordNotFoundError as problem:
        raise _gone() from problem
    if case.unit_code != actor.unit_code:
        raise _gone()
    return case


def _gone() -> NotFoundError:
    return NotFoundError(
        "there is no such case of this unit",
        message_zh="本单位没有该办件",
        mend="Check the case number; a unit sees its own cases only.",
        field="number",
    )


async def journal_case(tx: Transaction, happened: CaseHappening, requests: tuple[VerificationRequest, ...]) -> None:
    """Write what happened to a case, and to each of the requests that came or went with it."""
    case, actor, kind, at = happened.case, happened.actor, happened.kind, happened.at
    came = kind is not EventType.CASE_WITHDRAWN
    asked = EventType.REQUEST_RECEIVED if came else EventType.REQUEST_WITHDRAWN
    entries = [entry(case.number, actor, kind, case.number, at, item=case.item_code, state=case.state)]
    entries += [entry(case.number, actor, asked, found.id, at, unit=found.issuing_unit) for found in requests]
    await (begin_audit if kind is EventType.CASE_OPENED else append_audit_many)(tx, entries)
    events = [*events_for((case.unit_code,), kind, case.number, at, item=case.item_code)]
    for found in requests:
        units = (found.issuing_unit, found.asking_unit)
        events += events_for(units, asked, found.id, at, case=case.number, type=found.proof_type_code)
    await append_events(tx, events)
