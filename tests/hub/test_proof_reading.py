"""Reading proofs: by the two units concerned, every copy written down, and by the code of the check page."""

from __future__ import annotations

import pytest

from graph_models.casework import Proof
from hub.actors import Actor, Post
from hub.documents import FolderDocumentStore
from hub.errors import NotFoundError, NotPermittedError, UnavailableError
from hub.proof_reading import ProofReader
from tests.hub.failing_parts import operations
from tests.hub.office import OPERATOR, Office, drafter, staff


@pytest.fixture
async def proof(office: Office) -> Proof:
    """A proof that MZ-HS extracted and GA produced."""
    return (await office.open("SHARED")).proofs[0]


async def test_the_unit_that_extracted_it_and_the_one_that_produced_it_read_a_proof(
    office: Office, proof: Proof
) -> None:
    for actor in (OPERATOR, drafter("GA"), staff("GA", 7, Post.UNIT_MANAGER)):
        assert await office.reader.read(actor, proof.number) == proof
        assert (await office.reader.document(actor, proof.number)).startswith(b"%PDF-")


@pytest.mark.requirement("I4")
async def test_to_other_units_a_proof_does_not_exist_and_other_posts_read_none(office: Office, proof: Proof) -> None:
    before = await office.audit(proof.case_number)
    for read in (office.reader.read, office.reader.document):
        for actor, number in ((drafter("GA-HS"), proof.number), (drafter("RS"), proof.number), (OPERATOR, "P-none")):
            with pytest.raises(NotFoundError, match="no such proof of this unit"):
                await read(actor, number)
        with pytest.raises(NotPermittedError):
            await read(Actor("x", "MZ-HS", frozenset({Post.ANALYST})), proof.number)
    assert await office.audit(proof.case_number) == before


@pytest.mark.requirement("R17.4", "I3")
async def test_each_copy_says_who_took_it_for_which_case_and_when(office: Office, proof: Proof) -> None:
    office.clock.advance(minutes=3)
    for actor in (OPERATOR, drafter("GA")):
        await office.reader.document(actor, proof.number)
    taken = [each for each in await office.audit(proof.case_number) if each.operation == "proof.downloaded"]
    assert [(each.actor, each.unit_code, each.target, each.at) for each in taken] == [
        (OPERATOR.subject, "MZ-HS", proof.number, office.clock.now()),
        ("GA-1", "GA", proof.number, office.clock.now()),
    ]
    assert {each.stream for each in taken} == {proof.case_number}


@pytest.mark.requirement("I3")
async def test_a_copy_is_written_down_before_the_document_is_read(
    office: Office, proof: Proof, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = FolderDocumentStore(tmp_path_factory.mktemp("empty"))
    with pytest.raises(UnavailableError):
        await ProofReader(office.store, empty, office.clock).document(OPERATOR, proof.number)
    assert (await operations(office, proof.case_number))[-1] == "proof.downloaded"


@pytest.mark.requirement("I4")
async def test_the_check_code_finds_its_proof_and_nothing_else_does(office: Office, proof: Proof) -> None:
    assert await office.reader.by_check_code(proof.check_code) == proof
    guesses = ("", proof.number, proof.check_code[:-1], proof.check_code.swapcase(), proof.check_code + "A", "x" * 9999)
    for guess in guesses:
        assert await office.reader.by_check_code(guess) is None
