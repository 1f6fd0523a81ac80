"""Sealed proofs and what becomes of checking one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from graph_models import casework as records
from graph_models.casework import ProofKind, ProofLevel, ProofState
from graph_models.snapshot import CatalogueSnapshot
from hub import verifying
from hub.verifying import CheckStatus, VerdictOutcome
from schema import enums  # noqa: F401  the enums' descriptions
from schema.catalogue import ProofType, Snapshot, Unit, proof_type_in, unit_in
from schema.context import Info
from schema.errors import QueryProblem, read_or_problem
from schema.fields import resolved
from schema.scalars import Base64
from schema.shaping import shaped


@strawberry.type(description="A sealed electronic proof (电子证明). Seen by the unit that extracted or produced it.")
class Proof:
    """A sealed electronic proof."""

    snapshot: Snapshot
    number: str = strawberry.field(description="Its number.")
    kind: ProofKind = strawberry.field(description="Shared or verified information; decides the seal.")
    negative: bool = strawberry.field(description="Whether it says that there is no such record.")
    state: ProofState = strawberry.field(description="Whether it can still be relied on.")
    proof_type_code: str = strawberry.field(description="Code of the proof type.")
    case_number: str = strawberry.field(description="The case for which it was extracted.")
    request_id: strawberry.ID | None = strawberry.field(description="The request that it answers, if it does.")
    extraction_unit: str = strawberry.field(description="Code of the unit that extracted it.")
    producing_unit: str = strawberry.field(description="Code of the unit that answers for its content.")
    extracted_at: datetime = strawberry.field(description="When it was extracted, as the endorsement says.")
    valid_until: datetime | None = strawberry.field(description="Until when it can be relied on; null for no end.")
    document_sha256: str = strawberry.field(
        description="SHA-256 of the sealed PDF as it is now, lower-case hexadecimal."
    )
    document_bytes: int = strawberry.field(description="Size of the sealed PDF in bytes.")
    level: ProofLevel | None = strawberry.field(description="PAdES level that the hub raised it to; null: as sealed.")
    stands_until: datetime | None = strawberry.field(
        description="When its last time stamp has to be renewed at the latest; null where it was not raised."
    )
    catalogue_version: int = strawberry.field(description="The version of the catalogue under which it was issued.")
    endorsement: str = strawberry.field(description="The endorsement (背书) as signed: canonical JSON.")

    @resolved("The proof type.")
    def proof_type(self) -> ProofType | None:
        """Return the proof type."""
        return proof_type_in(self.snapshot, self.proof_type_code)

    @resolved("The unit that answers for its content.")
    def producer(self) -> Unit | None:
        """Return the unit that answers for its content."""
        return unit_in(self.snapshot, self.producing_unit)

    @resolved("The sealed PDF. Who takes it is written into the case's audit (Art. 17).")
    async def document(self, info: Info) -> Base64:
        """Return the sealed PDF."""
        return Base64(await info.context.services.proofs.document(info.context.actor, self.number))


@strawberry.type(description="One question about a file and its answer.")
class Check:
    """One question about a file and its answer."""

    name: str = strawberry.field(description="Stable name of the check.")
    question_zh: str = strawberry.field(description="What was asked, in Chinese.")
    question: str = strawberry.field(description="What was asked, in English.")
    status: CheckStatus = strawberry.field(description="The answer.")
    evidence: str = strawberry.field(description="What was seen, for whoever looks closer.")
    reason_zh: str = strawberry.field(description="The answer in words, Chinese.")
    reason: str = strawberry.field(description="The answer in words, English.")


@strawberry.type(description="A fact that a proof states.")
class ProofFact:
    """A fact that a proof states."""

    key: str = strawberry.field(description="Its key.")
    label: str = strawberry.field(description="Its label in Chinese.")
    label_en: str = strawberry.field(description="Its label in English.")
    value: str = strawberry.field(description="What it says.")


@strawberry.type(description="The verdict on a file, with every check that led to it.")
class Verdict:
    """The verdict on a file."""

    outcome: VerdictOutcome = strawberry.field(description="What it comes to.")
    summary_zh: str = strawberry.field(description="The verdict in one sentence, Chinese.")
    summary: str = strawberry.field(description="The verdict in one sentence, English.")
    checks: list[Check] = strawberry.field(description="Every check that was asked.")
    document_sha256: str = strawberry.field(description="SHA-256 of the whole file; empty if it was not read.")
    signer: str = strawberry.field(description="Subject of the seal's certificate (RFC 4514); empty if there is none.")
    sealed_at: datetime | None = strawberry.field(description="The time that the seal claims.")
    proven_at: datetime | None = strawberry.field(
        description="The earliest time at which a valid time stamp proves that the seal was there."
    )
    endorsement: str | None = strawberry.field(description="The endorsement found in the signature: canonical JSON.")
    facts: list[ProofFact] | None = strawberry.field(description="The facts found in the file, if they could be read.")


ProofResult: TypeAlias = Annotated[
    Proof | QueryProblem, strawberry.union("ProofResult", description="The proof, or why there is none.")
]
VerdictResult: TypeAlias = Annotated[
    Verdict | QueryProblem, strawberry.union("VerdictResult", description="The verdict, or why there is none.")
]


@strawberry.type(description="Queries of proofs.")
class ProofQueries:
    """Queries of proofs."""

    @resolved("A proof that the caller's unit extracted or produced, by its number.")
    async def proof(
        self, info: Info, number: Annotated[str, strawberry.argument(description="Number of the proof.")]
    ) -> ProofResult:
        """Return a proof."""

        async def read() -> Proof:
            record = await info.context.services.proofs.read(info.context.actor, number)
            return proof_shape(await info.context.catalogue_at(record.catalogue_version), record)

        return await read_or_problem(read())

    @resolved("Judges any PDF: intact, rightly sealed, recorded and not withdrawn. Anybody with a token.")
    async def verify_proof(
        self,
        info: Info,
        document: Annotated[Base64, strawberry.argument(description="The file, as it was received.")],
    ) -> VerdictResult:
        """Return the verdict on a file."""

        async def read() -> Verdict:
            return verdict_shape(await info.context.services.verifier.verify(document))

        return await read_or_problem(read())


def proof_shape(snapshot: CatalogueSnapshot, record: records.Proof) -> Proof:
    """Return a proof as GraphQL shows it."""
    return shaped(Proof, record, snapshot=snapshot, endorsement=record.endorsement_json)


def verdict_shape(verdict: verifying.Verdict) -> Verdict:
    """Return a verdict as GraphQL shows it."""
    return shaped(
        Verdict,
        verdict,
        checks=[shaped(Check, check) for check in verdict.checks],
        endorsement=verdict.endorsement.to_json().decode() if verdict.endorsement else None,
        facts=None if verdict.facts is None else [shaped(ProofFact, fact) for fact in verdict.facts],
    )
