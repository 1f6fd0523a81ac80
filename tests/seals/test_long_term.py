"""Levels of PAdES: raised, renewed, refused; what comes out verifies with nobody to ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import cms
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from pki.errors import TimeStampUnavailableError
from seals.check_results import CheckStatus
from seals.errors import LongTermError
from seals.findings import read_findings
from seals.hostile_input import DocumentLimits
from seals.levels import SealLevel, level_of
from seals.long_term import LONGEST_TOKEN, LongTermMeans, raise_level, renew, stands_until
from seals.verdict import Verdict, VerdictOutcome
from seals.verification import verify_document
from tests.seals.stamping import Archive, StoppedClock
from tests.vectors.make_vectors import FOLDER

DAY = timedelta(days=1)
ABOVE = (SealLevel.B_T, SealLevel.B_LT, SealLevel.B_LTA)
LEAK = x509.ReasonFlags.key_compromise


@pytest.fixture(scope="module")
def archive(seal_office, shared_content) -> Archive:
    return Archive(seal_office, shared_content)


@pytest.fixture(scope="module")
def plain(archive) -> bytes:
    return archive.sealed()


@pytest.fixture(scope="module")
def stamped(archive) -> bytes:
    return archive.sealed(archive.clock().token)


def level(pdf: bytes) -> SealLevel:
    return level_of(read_findings(pdf, DocumentLimits()))


def alone(archive: Archive, pdf: bytes, at: datetime) -> Verdict:
    """Judge a file with the root and nothing else."""
    return verify_document(pdf, replace(archive.policy(), crls=(), intermediates=()), at=at)


@pytest.mark.parametrize("wanted", ABOVE)
@pytest.mark.parametrize("begun", ["plain", "stamped"])
async def test_a_proof_is_raised_behind_the_sealed_bytes(archive, wanted, begun, request) -> None:
    pdf = request.getfixturevalue(begun)
    raised = await raise_level(pdf, wanted, archive.means(), archive.office.now)
    assert raised.startswith(pdf)
    assert level(raised) is wanted
    assert verify_document(raised, archive.policy(), at=archive.office.now).outcome is VerdictOutcome.GOOD


@pytest.mark.parametrize("wanted", ABOVE[1:])
async def test_twenty_years_later_it_verifies_with_the_root_alone(archive, plain, wanted) -> None:
    raised = await raise_level(plain, wanted, archive.means(), archive.office.now)
    verdict = alone(archive, raised, archive.office.now + 20 * 365 * DAY)
    assert verdict.outcome is VerdictOutcome.GOOD
    assert verdict.check("not_revoked").status is CheckStatus.PASSED
    assert verdict.check("time_stamp").status is CheckStatus.PASSED


async def test_what_is_there_already_is_not_added_again(archive, plain) -> None:
    raised = await raise_level(plain, SealLevel.B_LTA, archive.means(), archive.office.now)
    for wanted in SealLevel:
        assert await raise_level(raised, wanted, archive.means(), archive.office.now) == raised


async def test_renewed_again_and_again_it_stays_good_and_stands_longer(archive, plain) -> None:
    pdf, at = await raise_level(plain, SealLevel.B_LTA, archive.means(), archive.office.now), archive.office.now
    for _ in range(3):
        at += 700 * DAY
        longer = await renew(pdf, archive.means(at), at)
        assert longer.startswith(pdf)
        pdf = longer
    assert level(pdf) is SealLevel.B_LTA
    verdict = alone(archive, pdf, at)
    assert verdict.outcome is VerdictOutcome.GOOD
    assert verdict.check("trusted").status is CheckStatus.PASSED


async def test_it_stands_until_the_certificates_of_its_last_stamp_run_out(archive, plain) -> None:
    now, policy = archive.office.now, archive.policy()
    open_key = archive.office.keys.open
    raised = await raise_level(plain, SealLevel.B_LTA, archive.means(), now)
    assert stands_until(plain, policy, now) == open_key("information-sharing").certificate.not_valid_after_utc
    assert stands_until(raised, policy, now) == open_key("tsa").certificate.not_valid_after_utc
    assert stands_until(b"rubbish", policy, now) is None


async def test_without_a_clock_the_proof_stays_as_it_is_and_is_raised_when_there_is_one(archive, plain) -> None:
    stopped = replace(archive.means(), stamper=StoppedClock())
    with pytest.raises(TimeStampUnavailableError):
        await raise_level(plain, SealLevel.B_LTA, stopped, archive.office.now)
    later = archive.office.now + 3 * DAY
    raised = await raise_level(plain, SealLevel.B_LTA, archive.means(later), later)
    assert alone(archive, raised, later).outcome is VerdictOutcome.GOOD


async def test_with_nothing_about_revocation_there_is_no_long_term(archive, plain) -> None:
    means = replace(archive.means(), policy=replace(archive.policy(), crls=()))
    assert level(await raise_level(plain, SealLevel.B_T, means, archive.office.now)) is SealLevel.B_T
    for wanted in ABOVE[1:]:
        with pytest.raises(LongTermError, match="neither revocation lists"):
            await raise_level(plain, wanted, means, archive.office.now)


async def test_with_lists_of_another_day_the_result_would_not_verify_and_is_not_given(archive, plain) -> None:
    stale = LongTermMeans(stamper=archive.clock(), policy=archive.policy(archive.office.now - 30 * DAY))
    with pytest.raises(LongTermError):
        await raise_level(plain, SealLevel.B_LTA, stale, archive.office.now)


@pytest.mark.parametrize("wanted", ABOVE)
async def test_a_stamp_of_an_untrusted_clock_is_not_kept(archive, plain, wanted) -> None:
    policy = replace(archive.policy(), time_stamp_roots=((FOLDER / "trust_root.der").read_bytes(),))
    means = LongTermMeans(stamper=archive.clock(), policy=policy)
    with pytest.raises(LongTermError, match="time stamp"):
        await raise_level(plain, wanted, means, archive.office.now)


@pytest.mark.parametrize("reason", [LEAK, x509.ReasonFlags.superseded])
async def test_a_seal_that_is_revoked_by_now_is_not_stamped_over(archive, plain, reason) -> None:
    """By the time that it says it may be good; a stamp after the revocation would be what counts."""
    later = archive.office.now + 3 * DAY
    means = archive.means(later, archive.revoked("information-sharing", archive.office.now + DAY, reason))
    with pytest.raises(LongTermError):
        await raise_level(plain, SealLevel.B_T, means, later)


async def test_a_seal_whose_certificate_has_run_out_is_not_stamped_over(archive, plain) -> None:
    later = archive.office.now + 4 * 365 * DAY
    lists = (*archive.policy().crls, *archive.policy(later).crls)
    means = replace(archive.means(later), policy=replace(archive.policy(later), crls=lists))
    assert verify_document(plain, means.policy, at=later).outcome is VerdictOutcome.GOOD
    with pytest.raises(LongTermError, match="no longer good"):
        await raise_level(plain, SealLevel.B_LTA, means, later)


@pytest.mark.parametrize("name", ["changed_text", "unsigned", "appended_text", "stamped_by_strangers", "garbage"])
async def test_what_is_not_good_is_not_raised(archive, name) -> None:
    pdf = (FOLDER / f"{name}.pdf").read_bytes()
    for raising in (raise_level(pdf, SealLevel.B_T, archive.means(), archive.office.now), renew_at(archive, pdf)):
        with pytest.raises(LongTermError):
            await raising


def renew_at(archive: Archive, pdf: bytes):
    return renew(pdf, archive.means(), archive.office.now)


async def test_a_file_beyond_the_limits_is_not_raised(archive, plain) -> None:
    policy = replace(archive.policy(), limits=DocumentLimits(document_bytes=10))
    with pytest.raises(LongTermError, match="larger than"):
        await raise_level(plain, SealLevel.B_T, replace(archive.means(), policy=policy), archive.office.now)


@pytest.mark.parametrize("wanted", ABOVE)
async def test_a_key_that_leaked_later_does_not_harm_what_was_stamped_before(archive, plain, wanted) -> None:
    raised = await raise_level(plain, wanted, archive.means(), archive.office.now)
    later = archive.office.now + 3 * DAY
    policy = archive.policy(later, archive.revoked("information-sharing", archive.office.now + DAY, LEAK))
    assert verify_document(plain, policy, at=later).outcome is VerdictOutcome.UNDECIDED
    assert verify_document(raised, policy, at=later).outcome is VerdictOutcome.GOOD


async def test_a_clock_that_leaked_later_is_healed_by_a_stamp_of_before(archive, plain) -> None:
    """The first stamp alone proves nothing any more; the second shows that the first was there before the leak."""
    now = archive.office.now
    raised = await raise_level(plain, SealLevel.B_LTA, archive.means(), now)
    other = archive.second_clock(now + DAY)
    renewed = await renew(raised, LongTermMeans(stamper=other, policy=archive.policy(now + DAY)), now + DAY)
    later = now + 5 * DAY
    policy = archive.policy(later, archive.revoked("tsa", now + 2 * DAY, LEAK))
    assert verify_document(raised, policy, at=later).outcome is VerdictOutcome.UNDECIDED
    assert verify_document(renewed, policy, at=later).outcome is VerdictOutcome.GOOD


async def test_an_ocsp_answer_in_the_proof_serves_as_a_list_does(archive, plain) -> None:
    """Of the issuing authority there is no list: whether its certificates were revoked, its responder says."""
    policy = replace(
        archive.policy(), crls=archive.policy().crls[:1], ocsp_responses=archive.ocsp_answers("information-sharing")
    )
    with pytest.raises(LongTermError):  # nothing says whether the clock was revoked
        await raise_level(plain, SealLevel.B_LTA, replace(archive.means(), policy=policy), archive.office.now)
    policy = replace(policy, ocsp_responses=archive.ocsp_answers("information-sharing", "tsa"))
    raised = await raise_level(plain, SealLevel.B_LTA, replace(archive.means(), policy=policy), archive.office.now)
    verdict = alone(archive, raised, archive.office.now + 5 * 365 * DAY)
    assert verdict.outcome is VerdictOutcome.GOOD
    assert "OCSP answer" in verdict.check("not_revoked").evidence


@dataclass(frozen=True)
class FixedAnswer:
    """A clock that gives the same to everybody."""

    token: bytes

    async def stamp(self, digest: bytes) -> bytes:
        return self.token


_TOO_LONG = cms.ContentInfo({"content_type": "data", "content": bytes(LONGEST_TOKEN)}).dump()


@pytest.mark.parametrize("token", [b"", b"rubbish", b"\x30\x00", _TOO_LONG])
@pytest.mark.parametrize("wanted", ABOVE)
async def test_what_is_no_token_is_not_kept(archive, plain, token, wanted) -> None:
    with pytest.raises(LongTermError):
        await raise_level(plain, wanted, replace(archive.means(), stamper=FixedAnswer(token)), archive.office.now)


async def test_a_token_of_something_else_is_not_kept(archive, plain) -> None:
    stamper = FixedAnswer(archive.clock().token(bytes(32)))
    with pytest.raises(LongTermError, match="time stamp"):
        await raise_level(plain, SealLevel.B_T, replace(archive.means(), stamper=stamper), archive.office.now)


@pytest.fixture(scope="module")
async def archived(archive, stamped) -> bytes:
    return await raise_level(stamped, SealLevel.B_LTA, archive.means(), archive.office.now)


@given(data=st.data())
@settings(max_examples=60)
def test_with_any_byte_changed_before_the_last_stamp_it_is_not_good(archive, archived, data) -> None:
    hole = read_findings(archived, DocumentLimits()).document_stamps[0].coverage.byte_range[1]
    changed = bytearray(archived)
    changed[data.draw(st.integers(0, hole - 1))] ^= data.draw(st.integers(1, 255))
    assert alone(archive, bytes(changed), archive.office.now).outcome is not VerdictOutcome.GOOD
