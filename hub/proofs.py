"""Issues proofs: the intent is committed, the page made and sealed, the proof committed (the only user of the signer).

After a crash an intent is finished with the same number and time, or closed as void and counted: no number vanishes
and no proof exists twice. Delivery to the case is part of the last transaction.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from graph_models.case_records import load_case, load_needs, save_need
from graph_models.casework import (
    Case,
    CaseState,
    IntentState,
    IssuingIntent,
    Need,
    NeedState,
    Proof,
    RequestState,
    RequestStep,
    VerificationRequest,
)
from graph_models.errors import RecordNotFoundError, StaleVersionError, StoreError
from graph_models.journal_records import append_audit, append_audit_many, append_events
from graph_models.proof_records import add_intent, add_proof, load_intent, load_proof, open_intents, save_intent
from graph_models.request_records import add_request, load_request, save_request
from graph_models.store import GraphStore, Transaction, Work
from hub.actors import SYSTEM_ACTOR, Actor
from hub.audit import entry
from hub.catalogue import SnapshotHolder
from hub.clock import Clock, Ids
from hub.documents import DocumentStore
from hub.errors import NotIssuableError, SealRefusedError, UnavailableError
from hub.events import EventType, events_for
from hub.issuing import IssueOrder, Letterhead, intend, proof_of
from hub.needs import NeedMaker, groups_without_way
from hub.proof_levels import ProofLevels
from hub.seal_usage import SealUsage
from hub.working_days import WorkingCalendar
from seals.errors import PageError, SealsError, UnprintableCharacterError
from seals.grants import SignedGrant
from seals.page_content import content_from_json
from seals.page_limits import require_within_limits
from seals.signer_orders import SealingOrder, SealingService

LOG = structlog.get_logger("proofhub.proofs")

LEFT_AFTER = timedelta(seconds=5)
"""An intent so old is nobody's any more: making a page takes milliseconds."""
_OPEN_NEEDS = frozenset({NeedState.PENDING, NeedState.REQUESTED, NeedState.ANSWER_NEEDED})
_STALE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ProofService:
    """Issues proofs and finishes what a crash left open."""

    store: GraphStore
    documents: DocumentStore
    signer: SealingService
    usage: SealUsage
    clock: Clock
    ids: Ids
    letterhead: Letterhead
    snapshots: SnapshotHolder
    calendar: WorkingCalendar
    levels: ProofLevels = field(default_factory=ProofLevels)

    async def issue(self, order: IssueOrder, actor: Actor) -> Proof | None:
        """Make the proof of an order; asked again with the same key it finishes the same intent.

        Args:
            order: what is to be proved; its key names the intent.
            actor: who extracts it, as the audit says.

        Returns:
            The proof, or None where the intent was closed as void because the case no longer wants it.

        Raises:
            NotIssuableError: no page can be made of it; nothing was written.
            SealRefusedError: no seal may be used for it; nothing was written but the violation, if it is one.
            SealsError: the page could not be made or sealed; the intent stays and is tried again.
        """
        intent = self.intend(order)
        async with self.signer.ahead(content_from_json(intent.order_json)) as signer:
            async with self.usage.watched(actor):
                kept = await self.store.write(lambda tx: self.record_intent(tx, intent, actor))
            return await self.finish(kept, signer)

    def intend(self, order: IssueOrder) -> IssuingIntent:
        """Decide number, time and endorsement of an order; nothing is written.

        Raises:
            NotIssuableError: no page can be made of it; an intent would never be finished.
            UnavailableError: sealing has stopped, because proofs wait too long for their time stamps.
        """
        self.levels.require_in_time(self.clock.now())
        intent = intend(order, self.letterhead, self.ids, self.clock.now())
        try:
            require_within_limits(content_from_json(intent.order_json))
        except (PageError, UnprintableCharacterError) as problem:
            raise NotIssuableError(
                f"no page can be made of it: {problem}",
                message_zh="内容无法制成电子证明",
                mend="Return the draft, then shorten it or write it with characters that a carried font has.",
                field="facts",
            ) from problem
        return intent

    async def unfinished(self, key: str) -> IssuingIntent | None:
        """Return the intent with the key, where an earlier attempt got so far."""
        return await self.store.read(lambda tx: load_intent(tx, key))

    async def record_intent(self, tx: Transaction, intent: IssuingIntent, actor: Actor) -> IssuingIntent:
        """Write the intent in a transaction of the caller; where one with this key exists, return that one.

        Raises:
            SealRefusedError: no seal may be used for it; the caller's ``usage.watched`` records that.
        """
        kept = await load_intent(tx, intent.key)
        if kept is not None:
            return kept
        intent = await self.usage.reserve(tx, intent)
        await add_intent(tx, intent)
        await append_audit(
            tx,
            entry(
                intent.case_number,
                actor,
                "proof.intended",
                intent.proof_number,
                intent.intended_at,
                need=intent.need_id,
                seal=intent.seal_id,
                grant=intent.grant_id,
                content_sha256=hashlib.sha256(intent.order_json.encode()).hexdigest(),
            ),
        )
        return intent

    async def finish(self, intent: IssuingIntent, signer: SealingService | None = None) -> Proof | None:
        """Seal what was intended, keep the document, commit the proof and deliver it to the case.

        Where the seal or the grant was revoked meanwhile, the intent is closed as void. ``signer`` is one that is at
        the page already.

        Raises:
            SealSuspendedError: the seal is suspended; the intent stays and is tried again.
            SealsError, UnavailableError: it could not be sealed or kept; likewise.
        """
        if intent.state is not IntentState.INTENDED:
            return await self.store.read(lambda tx: _issued(tx, intent))
        if intent.seal_id is None:  # written before the hub kept a register of seals
            intent = await self.store.write(lambda tx: self._with_seal(tx, intent.key))
        self.levels.require_in_time(self.clock.now())
        content = content_from_json(intent.order_json)
        grant = await self.store.read(lambda tx: self.usage.grant_of(tx, intent))
        if grant is None:
            return await write_again(self.store, lambda tx: self._give_up(tx, intent.key))
        order = SealingOrder(intent.key, content, SignedGrant.from_text(grant.signed))
        sealed = await (signer or self.signer).seal(order)
        await self.documents.put(sealed.pdf)
        proof = proof_of(intent, content, sealed.sha256, len(sealed.pdf))
        snapshot = await self.snapshots.at(proof.catalogue_version)
        maker = NeedMaker(snapshot, self.calendar, self.ids, self.clock.now())
        return await write_again(self.store, lambda tx: self._commit(tx, intent.key, proof, maker))

    async def _with_seal(self, tx: Transaction, key: str) -> IssuingIntent:
        intent = await load_intent(tx, key)
        if intent is None:
            raise RecordNotFoundError(f"there is no intent {key}")
        return intent if intent.seal_id else await save_intent(tx, await self.usage.reserve(tx, intent))

    async def recover(self, limit: int = 100) -> int:
        """Finish intents that a crash or a failing signer left open; return how many were looked at.

        One that fails in a way that nobody foresaw holds up no other.
        """
        before = self.clock.now() - LEFT_AFTER
        intents = await self.store.read(lambda tx: open_intents(tx, limit))
        left = [intent for intent in intents if intent.intended_at <= before]
        for intent in left:
            try:
                await self.finish_or_leave(intent)
            except StoreError:
                raise
            except Exception:
                LOG.exception("issuing.failed", proof=intent.proof_number)
        return len(left)

    async def finish_or_leave(self, intent: IssuingIntent) -> Proof | None:
        """Finish an intent; where the signer or the document store fails or the seal is suspended, leave it and say so.

        What is left is for ``recover``.
        """
        try:
            return await self.finish(intent)
        except (SealsError, SealRefusedError, UnavailableError) as problem:
            LOG.error("issuing.unfinished", proof=intent.proof_number, reason=type(problem).__name__)
            return None

    async def take_next(self, tx: Transaction, case: Case, maker: NeedMaker) -> None:
        """Let each group whose alternative turned out negative take the next one that is open."""
        needs = await load_needs(tx, case.number)
        taken = maker.retake(case, needs, groups_without_way(needs))
        for need in taken.needs:
            await save_need(tx, need)
        for request in taken.requests:
            await add_request(tx, request)
        at, asked = maker.now, EventType.REQUEST_RECEIVED
        entries = [entry(case.number, SYSTEM_ACTOR, "need.alternative", need.id, at) for need in taken.needs]
        entries += [
            entry(case.number, SYSTEM_ACTOR, asked, found.id, at, unit=found.issuing_unit) for found in taken.requests
        ]
        await append_audit_many(tx, entries)
        told = [
            events_for((case.unit_code,), EventType.NEED_CHANGED, need.id, at, case=case.number) for need in taken.needs
        ]
        told += [
            events_for(
                (found.issuing_unit, found.asking_unit),
                asked,
                found.id,
                at,
                case=case.number,
                type=found.proof_type_code,
            )
            for found in taken.requests
        ]
        await append_events(tx, [each for events in told for each in events])

    async def _commit(self, tx: Transaction, key: str, proof: Proof, maker: NeedMaker) -> Proof | None:
        intent = await load_intent(tx, key)
        if intent is None or intent.state is not IntentState.INTENDED:
            return await _issued(tx, intent)
        case = await load_case(tx, proof.case_number)
        needs = await load_needs(tx, proof.case_number)
        request = await load_request(tx, proof.request_id) if proof.request_id else None
        if not _wanted(case, needs, proof, request):
            await self._void(tx, intent, case.unit_code, request)
            return None
        seal = await self.usage.hold(tx, intent)
        if seal is None:
            await self._give_up(tx, key)
            return None
        await save_intent(tx, replace(intent, state=IntentState.COMMITTED))
        await add_proof(tx, proof)
        await self.usage.enter(tx, intent, seal, proof)
        await self.levels.enter(tx, proof.number, self.clock.now())
        for need in _met_by(needs, proof.proof_type_code):
            await save_need(tx, _met(need, proof))
        if request is not None:
            await save_request(tx, self._delivered(request))
        await self._journal(tx, proof, request)
        if proof.negative:
            await self.take_next(tx, case, maker)
        return proof

    async def _give_up(self, tx: Transaction, key: str) -> None:
        """Close an intent whose seal or grant was revoked; what it was for is no longer brought by this hub."""
        intent = await load_intent(tx, key)
        if intent is None or intent.state is not IntentState.INTENDED:
            return
        case, needs = await load_case(tx, intent.case_number), await load_needs(tx, intent.case_number)
        wanted = next(need for need in needs if need.id == intent.need_id)
        left = [need for need in _met_by(needs, wanted.proof_type_code) if case.state is CaseState.OPEN]
        for need in left:
            await save_need(tx, _without_seal(need))
        at, event = self.clock.now(), EventType.NEED_CHANGED
        await append_audit_many(
            tx, [entry(case.number, SYSTEM_ACTOR, "need.seal_revoked", need.id, at) for need in left]
        )
        told = [events_for((case.unit_code,), event, need.id, at, case=case.number) for need in left]
        await append_events(tx, [each for events in told for each in events])
        request = await load_request(tx, intent.request_id) if intent.request_id else None
        await self._void(tx, intent, case.unit_code, request)

    def _delivered(self, request: VerificationRequest) -> VerificationRequest:
        step = RequestStep(step="DELIVER", at=self.clock.now(), by=SYSTEM_ACTOR.subject, unit_code="")
        return replace(request, state=RequestState.DELIVERED, steps=(*request.steps, step))

    async def _journal(self, tx: Transaction, proof: Proof, request: VerificationRequest | None) -> None:
        at = self.clock.now()
        entries = [
            entry(
                proof.case_number,
                SYSTEM_ACTOR,
                "proof.issued",
                proof.number,
                at,
                need=proof.need_id,
                document_sha256=proof.document_sha256,
                negative=proof.negative,
            )
        ]
        if request is not None:
            entries.append(entry(proof.case_number, SYSTEM_ACTOR, "request.delivered", request.id, at))
        await append_audit_many(tx, entries)
        units = (proof.extraction_unit, proof.producing_unit)
        payload = {"case": proof.case_number, "need": proof.need_id, "type": proof.proof_type_code}
        await append_events(
            tx,
            events_for(units, EventType.PROOF_ISSUED, proof.number, at, negative=proof.negative, **payload),
        )

    async def _void(
        self, tx: Transaction, intent: IssuingIntent, unit: str, request: VerificationRequest | None
    ) -> None:
        """Close an intent that nobody wants any more; its request, sealed already, ends with it."""
        at = self.clock.now()
        if request is not None and request.state is RequestState.SEALED:
            step = RequestStep(step="WITHDRAW", at=at, by=SYSTEM_ACTOR.subject, unit_code="")
            await save_request(tx, replace(request, state=RequestState.WITHDRAWN, steps=(*request.steps, step)))
        await save_intent(tx, replace(intent, state=IntentState.VOID))
        await self.usage.release(tx, intent)
        await append_audit(
            tx, entry(intent.case_number, SYSTEM_ACTOR, "proof.voided", intent.proof_number, at, need=intent.need_id)
        )
        await append_events(
            tx,
            events_for((unit,), EventType.ISSUING_VOIDED, intent.proof_number, at, case=intent.case_number),
        )


async def write_again(store: GraphStore, work: Work[Proof | None]) -> Proof | None:
    """Run a work of the hub's own, again where somebody else changed a record meanwhile."""
    for _ in range(_STALE_ATTEMPTS - 1):
        try:
            return await store.write(work)
        except StaleVersionError:
            continue
    return await store.write(work)


async def _issued(tx: Transaction, intent: IssuingIntent | None) -> Proof | None:
    """Return the proof that an intent has become; None where it was closed as void."""
    done = intent is not None and intent.state is IntentState.COMMITTED
    return await load_proof(tx, intent.proof_number) if intent and done else None


def _wanted(case: Case, needs: tuple[Need, ...], proof: Proof, request: VerificationRequest | None) -> bool:
    """Tell whether the case still waits for this proof: open, not met otherwise, its request not withdrawn."""
    if case.state is not CaseState.OPEN:
        return False
    if request is not None and request.state is not RequestState.SEALED:
        return False
    return any(need.id == proof.need_id and need.state in _OPEN_NEEDS for need in needs)


def _met_by(needs: tuple[Need, ...], proof_type: str) -> tuple[Need, ...]:
    """Return the needs of the case that a proof of the type meets: all that are still open for it."""
    return tuple(need for need in needs if need.proof_type_code == proof_type and need.state in _OPEN_NEEDS)


def _without_seal(need: Need) -> Need:
    return replace(
        need,
        state=NeedState.ASK_APPLICANT,
        reason="the seal, or the unit's grant of it, was revoked before the proof was sealed",
        reason_zh="电子印章或本单位的用印授权在盖章前被吊销",
        expected_at=None,
        next_attempt_at=None,
    )


def _met(need: Need, proof: Proof) -> Need:
    return replace(
        need,
        state=NeedState.NEGATIVE if proof.negative else NeedState.MET,
        proof_number=proof.number,
        expected_at=None,
        next_attempt_at=None,
    )
