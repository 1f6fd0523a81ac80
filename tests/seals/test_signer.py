import asyncio
import hashlib
import inspect
import threading
from dataclasses import fields, replace
from datetime import timedelta
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.endorsement import Fact
from seals.errors import (
    ExpiredSealError,
    ReusedIssuingKeyError,
    SealingError,
    SignerClosedError,
    UnprintableCharacterError,
    WrongSealError,
)
from seals.kinds import SEAL_POLICIES, SealKind
from seals.page_content import PageContent
from seals.signer import SealedDocument, SealingOrder, SealingService, Signer
from seals.verdict import VerdictOutcome
from seals.verification import verify_document
from seals.verification_policy import VerificationPolicy

pytestmark = pytest.mark.both_key_stores


@pytest.fixture
async def signer(seal_office, tmp_path):
    made = Signer(seal_office.parts(tmp_path / "signer"))
    yield made
    await made.close()


def _name_of_seal(document: SealedDocument) -> str:
    (signature,) = PdfFileReader(BytesIO(document.pdf)).embedded_signatures
    return signature.signer_cert.subject.native["common_name"]


@pytest.mark.requirement("R14.1")
async def test_each_kind_of_information_gets_its_own_seal(
    signer: SealingService, seal_office, shared_content, verified_content
) -> None:
    shared = await signer.seal(seal_office.order("need-1", shared_content))
    verified = await signer.seal(seal_office.order("request-1", verified_content))
    assert _name_of_seal(shared) == "电子证明共享信息专用章"
    assert _name_of_seal(verified) == "电子证明核实信息专用章"


@pytest.mark.requirement("R14.1", "R14.2")
async def test_what_the_signer_makes_verification_finds_good(signer, seal_office, shared_content) -> None:
    document = await signer.seal(seal_office.order("need-1", shared_content))
    policy = VerificationPolicy(
        trust_roots=tuple(root.public_bytes(Encoding.DER) for root in seal_office.root.certificates),
        seal_policies=tuple(SEAL_POLICIES.items()),
        crls=seal_office.authority.revocation_lists,
    )
    verdict = verify_document(document.pdf, policy, at=seal_office.now)
    assert verdict.outcome is VerdictOutcome.GOOD, verdict.summary
    assert verdict.endorsement == shared_content.endorsement


async def test_the_digest_is_that_of_the_file(signer, seal_office, shared_content) -> None:
    document = await signer.seal(seal_office.order("need-1", shared_content))
    assert document.sha256 == hashlib.sha256(document.pdf).hexdigest()


@pytest.mark.requirement("R15.3")
def test_no_pdf_and_no_digest_can_be_handed_in() -> None:
    assert {field.name: field.type for field in fields(SealingOrder)} == {
        "issuing_key": "str",
        "content": "PageContent",
        "grant": "SignedGrant",
    }
    assert list(inspect.signature(Signer.seal).parameters) == ["self", "order"]
    assert "bytes" not in {field.type for field in fields(PageContent)}


@pytest.mark.requirement("R15.3", "R17.4")
async def test_an_endorsement_of_other_facts_is_refused(signer, seal_office, shared_content) -> None:
    content = replace(shared_content, facts=(Fact("name", "姓名", "Name", "李大明"),))
    with pytest.raises(SealingError, match="other facts"):
        await signer.seal(seal_office.order("need-1", content))


@pytest.mark.requirement("I2")
async def test_the_same_issuing_key_with_other_content_is_refused(
    signer, seal_office, shared_content, verified_content
) -> None:
    await signer.seal(seal_office.order("need-1", shared_content))
    with pytest.raises(ReusedIssuingKeyError):
        await signer.seal(seal_office.order("need-1", verified_content))
    with pytest.raises(ReusedIssuingKeyError):
        await signer.seal(seal_office.order("need-1", replace(shared_content, valid_until=None)))


@pytest.mark.requirement("I2")
async def test_the_same_issuing_key_gives_the_same_document(signer, seal_office, shared_content) -> None:
    orders = [seal_office.order("need-1", replace(shared_content)) for _ in range(3)]
    first, *others = await asyncio.gather(*(signer.seal(order) for order in orders))
    assert others == [first, first]
    assert await signer.seal(orders[0]) == first


@pytest.mark.requirement("I2")
async def test_after_a_restart_an_issuing_key_is_still_remembered(seal_office, tmp_path, shared_content) -> None:
    documents = []
    for _ in range(2):
        signer = Signer(seal_office.parts(tmp_path / "signer"))
        documents.append(await signer.seal(seal_office.order("need-1", shared_content)))
        with pytest.raises(ReusedIssuingKeyError):
            await signer.seal(seal_office.order("need-1", replace(shared_content, remarks="另有说明")))
        await signer.close()
    assert documents[0] == documents[1]


async def test_a_page_that_names_another_holder_is_refused(signer, seal_office, shared_content) -> None:
    with pytest.raises(WrongSealError, match="held by"):
        await signer.seal(seal_office.order("need-1", replace(shared_content, seal_holder="宁波市教育局")))


async def test_without_a_seal_of_the_kind_nothing_is_sealed(seal_office, tmp_path, verified_content) -> None:
    records = (seal_office.record(SealKind.INFORMATION_SHARING),)
    signer = Signer(seal_office.parts(tmp_path / "signer", records=records))
    with pytest.raises(WrongSealError, match="no seal information-verification"):
        await signer.seal(seal_office.order("request-1", verified_content))
    await signer.close()


async def test_a_character_that_no_font_has_is_a_clear_error(signer, seal_office, shared_content) -> None:
    with pytest.raises(UnprintableCharacterError):
        await signer.seal(seal_office.order("need-1", replace(shared_content, title="证\U000f0000")))


async def test_after_the_certificate_has_run_out_nothing_is_sealed(seal_office, tmp_path, shared_content) -> None:
    late = seal_office.granting.now + timedelta(days=1096)
    signer = Signer(seal_office.parts(tmp_path / "signer", clock=lambda: late))
    with pytest.raises(ExpiredSealError):
        await signer.seal(seal_office.order("need-1", shared_content, not_after=late))
    await signer.close()


def test_the_wrong_key_for_a_seal_stops_the_start(seal_office, tmp_path) -> None:
    sharing, verifying = seal_office.records
    crossed = (replace(sharing, key_label=verifying.key_label),)
    with pytest.raises(WrongSealError):
        Signer(seal_office.parts(tmp_path / "signer", records=crossed))


def test_a_seal_that_is_there_twice_stops_the_start(seal_office, tmp_path) -> None:
    twice = (*seal_office.records, seal_office.records[0])
    with pytest.raises(WrongSealError, match="two seals"):
        Signer(seal_office.parts(tmp_path / "signer", records=twice))


@pytest.mark.parametrize("label", ["nobody", "../root"])
def test_a_key_that_is_not_there_stops_the_start(seal_office, tmp_path, label) -> None:
    records = (replace(seal_office.records[0], key_label=label),)
    with pytest.raises(SealingError, match="cannot be opened"):
        Signer(seal_office.parts(tmp_path / "signer", records=records))


def test_a_wrong_passphrase_stops_the_start(seal_office, tmp_path) -> None:
    # A process that is logged in to a token is not asked again, so it is one to which nobody is.
    place = replace(seal_office.place, secret="0000-wrong", token=seal_office.place.token and "wrong-pin")
    with pytest.raises(SealingError, match=place.secret_name):
        Signer(seal_office.parts(tmp_path / "signer", open_keys=place.open))


async def test_sealing_runs_in_a_thread_of_its_own(seal_office, tmp_path, shared_content) -> None:
    seen: list[str] = []

    def clock():
        seen.append(threading.current_thread().name)
        return seal_office.now

    signer = Signer(seal_office.parts(tmp_path / "signer", clock=clock))
    await asyncio.gather(*(signer.seal(seal_office.order(f"need-{n}", shared_content)) for n in range(3)))
    await signer.close()
    assert {name for name in seen if name != threading.current_thread().name} == {"signer_0"}


async def test_a_closed_signer_finishes_what_was_begun_and_takes_no_more(seal_office, tmp_path, shared_content) -> None:
    signer = Signer(seal_office.parts(tmp_path / "signer"))
    begun = asyncio.ensure_future(signer.seal(seal_office.order("need-1", shared_content)))
    await asyncio.sleep(0)
    await signer.close()
    assert (await begun).pdf
    with pytest.raises(SignerClosedError):
        await signer.seal(seal_office.order("need-2", shared_content))
    await signer.close()
