"""Verification with the hub at hand: the file's own verdict, then the record's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graph_models.casework import Proof, ProofState
from graph_models.ladybug_store import LadybugStore
from graph_models.proof_records import load_proof, save_proof
from graph_models.store import Transaction
from hub.verifying import CheckStatus, Verdict, VerdictOutcome, Verifier
from tests.hub.office import OPERATOR, Office, Seals, verifier_of


@pytest.fixture
async def proof(office: Office) -> Proof:
    return (await office.open("SHARED")).proofs[0]


@pytest.fixture
async def document(office: Office, proof: Proof) -> bytes:
    return await office.reader.document(OPERATOR, proof.number)


async def change(office: Office, number: str, **changes: object) -> None:
    """Change the record of a proof."""

    async def work(tx: Transaction) -> None:
        await save_proof(tx, replace(await load_proof(tx, number), **changes))  # type: ignore[arg-type]

    await office.store.write(work)


def of_record(verdict: Verdict) -> tuple[CheckStatus, CheckStatus]:
    return verdict.check("recorded").status, verdict.check("not_withdrawn").status


@pytest.mark.requirement("R14.1", "R14.2", "I5")
async def test_what_the_hub_issued_is_good_and_says_what_it_is(
    office: Office, seals: Seals, proof: Proof, document: bytes
) -> None:
    verdict = await verifier_of(office, seals).verify(document)
    assert (verdict.outcome, of_record(verdict)) == (VerdictOutcome.GOOD, (CheckStatus.PASSED, CheckStatus.PASSED))
    assert verdict.endorsement is not None
    assert (verdict.endorsement.to_json().decode(), verdict.document_sha256) == (
        proof.endorsement_json,
        proof.document_sha256,
    )


async def test_a_proof_that_was_withdrawn_is_not_good(
    office: Office, seals: Seals, proof: Proof, document: bytes
) -> None:
    await change(office, proof.number, state=ProofState.WITHDRAWN)
    verdict = await verifier_of(office, seals).verify(document)
    assert (verdict.outcome, of_record(verdict)[1]) == (VerdictOutcome.NOT_GOOD, CheckStatus.FAILED)


@pytest.mark.parametrize("changes", [{"document_sha256": "0" * 64}, {"endorsement_json": "{}"}])
async def test_a_proof_whose_record_is_of_another_file_is_not_good(
    office: Office, seals: Seals, proof: Proof, document: bytes, changes: dict[str, object]
) -> None:
    await change(office, proof.number, **changes)
    verdict = await verifier_of(office, seals).verify(document)
    assert (verdict.outcome, of_record(verdict)[0]) == (VerdictOutcome.NOT_GOOD, CheckStatus.FAILED)


async def test_a_well_sealed_file_that_this_hub_has_no_record_of_is_not_good(
    seals: Seals, office: Office, document: bytes, tmp_path: Path
) -> None:
    store = await LadybugStore.open(tmp_path / "another", buffer_bytes=256 << 20)
    await store.migrate()
    verdict = await Verifier(store, seals.judges, office.clock).verify(document)
    await store.close()
    assert verdict.outcome is VerdictOutcome.NOT_GOOD
    assert of_record(verdict) == (CheckStatus.FAILED, CheckStatus.NOT_ASKED)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\x00" * 5000, "不是文件".encode()])
async def test_whatever_else_a_file_holds_gets_a_verdict_and_no_error(
    office: Office, seals: Seals, data: bytes
) -> None:
    verdict = await verifier_of(office, seals).verify(data)
    assert verdict.outcome is not VerdictOutcome.GOOD
    assert verdict.endorsement is None


async def test_one_changed_byte_makes_a_proof_no_longer_good(office: Office, seals: Seals, document: bytes) -> None:
    verifier = verifier_of(office, seals)
    for place in (len(document) // 3, len(document) // 2, len(document) - 40):
        changed = document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]
        assert (await verifier.verify(changed)).outcome is not VerdictOutcome.GOOD
