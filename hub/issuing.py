"""What an issuing decides before a page is made: number, time, endorsement, content. Pure but for identifiers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from graph_models.casework import Case, IntentState, IssuingIntent, Need, Proof, ProofKind, ProofState
from graph_models.catalogue import ProofType, ServiceItem, Unit
from hub.clock import CITY_TIME, Ids
from seals.endorsement import EndorsedPart, Endorsement, Fact, facts_digest
from seals.kinds import SealKind
from seals.page_content import PageContent, PageFamily, content_json

SEAL_OF_KIND = {
    ProofKind.SHARED: SealKind.INFORMATION_SHARING,
    ProofKind.VERIFIED: SealKind.INFORMATION_VERIFICATION,
}
"""The seal that each kind of proof carries (Art. 14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueOrder:
    """Everything that is known when a proof is to be made; nothing of it is taken from a caller's word."""

    key: str
    kind: ProofKind
    case: Case
    need: Need
    item: ServiceItem
    proof_type: ProofType
    extraction_unit: Unit
    producing_unit: Unit
    facts: tuple[Fact, ...]
    negative: bool
    remarks: str | None
    data_source: str | None
    drafted_by: str | None
    request_id: str | None
    parts: tuple[EndorsedPart, ...] = ()
    """What other units produced of it."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What is the same on all proofs of this hub."""

    public_url: str
    """Address under which anybody reaches the check page, without a slash at the end."""
    seal_holders: dict[SealKind, str]
    """Name on the arc of each seal, as its record says."""


def intend(order: IssueOrder, letterhead: Letterhead, ids: Ids, now: datetime) -> IssuingIntent:
    """Decide the issuing: give it its number, its time and its endorsement."""
    number, code = ids.identifier("P"), ids.check_code()
    return IssuingIntent(
        key=order.key,
        proof_number=number,
        check_code=code,
        case_number=order.case.number,
        need_id=order.need.id,
        request_id=order.request_id,
        order_json=content_json(_content(order, letterhead, number, code, now)),
        state=IntentState.INTENDED,
        intended_at=now,
        version=1,
    )


def proof_of(intent: IssuingIntent, content: PageContent, document_sha256: str, document_bytes: int) -> Proof:
    """Return the record of the proof that an intent has become: a document of a digest and a length."""
    endorsement = content.endorsement
    shared = endorsement.seal_kind is SealKind.INFORMATION_SHARING
    return Proof(
        number=intent.proof_number,
        check_code=intent.check_code,
        kind=ProofKind.SHARED if shared else ProofKind.VERIFIED,
        negative=endorsement.negative,
        proof_type_code=endorsement.proof_type_code,
        case_number=intent.case_number,
        need_id=intent.need_id,
        request_id=intent.request_id,
        extraction_unit=endorsement.extraction_unit_code,
        producing_unit=endorsement.producing_unit_code,
        extracted_at=endorsement.extracted_at,
        valid_until=end_of_day(content.valid_until) if content.valid_until else None,
        document_sha256=document_sha256,
        document_bytes=document_bytes,
        endorsement_json=endorsement.to_json().decode(),
        catalogue_version=endorsement.catalogue_version,
        state=ProofState.VALID,
        version=1,
    )


def end_of_day(day: str) -> datetime:
    """Return the end of an ISO date in city time: a proof can be relied on through its last day."""
    return datetime.combine(date.fromisoformat(day), time(23, 59, 59), CITY_TIME)


def last_day(extracted_at: datetime, validity_days: int | None) -> str | None:
    """Return the last day on which the proof can be relied on, ISO date in city time; None for no end."""
    if validity_days is None:
        return None
    return (extracted_at.astimezone(CITY_TIME) + timedelta(days=validity_days)).date().isoformat()


def _content(order: IssueOrder, letterhead: Letterhead, number: str, code: str, now: datetime) -> PageContent:
    return PageContent(
        family=PageFamily(order.proof_type.family.value),
        title=order.proof_type.name,
        title_en=order.proof_type.name_en,
        facts=order.facts,
        endorsement=_endorsement(order, number, now),
        check_url=f"{letterhead.public_url}/check/{code}",
        seal_holder=letterhead.seal_holders[SEAL_OF_KIND[order.kind]],
        valid_until=last_day(now, order.proof_type.validity_days),
        remarks=order.remarks,
    )


def _endorsement(order: IssueOrder, number: str, now: datetime) -> Endorsement:
    return Endorsement(
        proof_number=number,
        seal_kind=SEAL_OF_KIND[order.kind],
        proof_type_code=order.proof_type.code,
        proof_type_name=order.proof_type.name,
        negative=order.negative,
        item_code=order.item.code,
        item_name=order.item.name,
        case_number=order.case.number,
        catalogue_version=order.case.catalogue_version,
        extraction_unit_code=order.extraction_unit.code,
        extraction_unit_name=order.extraction_unit.name,
        producing_unit_code=order.producing_unit.code,
        producing_unit_name=order.producing_unit.name,
        extracted_at=now,
        data_source=order.data_source,
        drafted_by=order.drafted_by,
        facts_sha256=facts_digest(order.facts),
        parts=order.parts,
    )
