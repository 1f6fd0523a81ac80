"""Revocation lists: what an authority makes, and what a list says of a certificate at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from pki.errors import ProfileViolationError
from pki.revocation import Revocation, RevocationStatus, check_revocation
from tests.pki.forged_certificates import AT, AUTHORITY, DAY, Wish, crl, crl_over_sha1, entry, issue

SECOND = timedelta(seconds=1)
ROOT = issue("root", None, AUTHORITY)
ISSUING = issue("issuing", ROOT, AUTHORITY)
SEAL = issue("seal", ISSUING, Wish())
PATH = (SEAL.certificate, ISSUING.certificate, ROOT.certificate)
LEAK = x509.CRLReason(x509.ReasonFlags.key_compromise)
GIVEN_UP = x509.CRLReason(x509.ReasonFlags.cessation_of_operation)


def status(*lists: bytes) -> RevocationStatus:
    """Ask about the seal; of the authority above it there is a clean list."""
    return check_revocation(PATH, (crl(ROOT), *lists), AT).status


def test_a_list_says_what_was_ordered(world) -> None:
    at = world.now.replace(microsecond=0)
    revoked = (
        Revocation(2**70, at, x509.ReasonFlags.key_compromise),
        Revocation(2**71, at, x509.ReasonFlags.unspecified),
    )
    made = x509.load_der_x509_crl(world.authority.issuing.revocation_list(revoked, 7, (at, at + DAY)))
    assert [(found.serial_number, found.revocation_date_utc) for found in made] == [(2**70, at), (2**71, at)]
    assert [len(found.extensions) for found in made] == [1, 0]
    assert made.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert (made.last_update_utc, made.next_update_utc) == (at, at + DAY)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1), timedelta(days=60)])
def test_a_period_that_is_empty_or_too_long_is_refused(world, length) -> None:
    with pytest.raises(ProfileViolationError):
        world.authority.issuing.revocation_list((), 1, (world.now, world.now + length))


def test_the_lists_of_our_own_authority_are_answered_by(world) -> None:
    path = (world.keys.open("sharing").certificate, world.authority.issuing.certificate, world.root.certificates[0])
    answer = check_revocation(path, world.authority.revocation_lists, world.now + SECOND)
    assert answer.status is RevocationStatus.GOOD
    assert answer.evidence.count("is not on the list") == 2


@pytest.mark.requirement("R14.1")
@pytest.mark.parametrize("reason", [LEAK, GIVEN_UP])
@pytest.mark.parametrize("since", [AT - DAY, AT])
def test_a_seal_revoked_by_then_is_revoked_whatever_the_reason(since, reason) -> None:
    assert status(crl(ISSUING, entry(SEAL, since, reason))) is RevocationStatus.REVOKED


def test_a_seal_given_up_afterwards_was_good() -> None:
    assert status(crl(ISSUING, entry(SEAL, AT + SECOND, GIVEN_UP))) is RevocationStatus.GOOD
    assert status(crl(ISSUING, entry(SEAL, AT + SECOND))) is RevocationStatus.GOOD


@pytest.mark.parametrize("reason", [x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise])
def test_a_key_that_leaked_afterwards_leaves_the_time_unproved(reason) -> None:
    fresh = crl(ISSUING, entry(SEAL, AT + SECOND, x509.CRLReason(reason)))
    assert status(fresh) is RevocationStatus.COMPROMISED_LATER


def test_a_reason_that_cannot_be_read_is_taken_for_a_leak() -> None:
    unreadable = x509.UnrecognizedExtension(x509.CRLReason.oid, b"\x0a\x01\x63")
    assert status(crl(ISSUING, entry(SEAL, AT + SECOND, unreadable))) is RevocationStatus.COMPROMISED_LATER


def test_an_authority_that_was_revoked_takes_its_seals_with_it() -> None:
    lists = (crl(ROOT, entry(ISSUING, AT - DAY)), crl(ISSUING))
    assert check_revocation(PATH, lists, AT).status is RevocationStatus.REVOKED


def test_the_worst_answer_of_a_path_counts() -> None:
    lists = (crl(ROOT, entry(ISSUING, AT - DAY)), crl(ISSUING, entry(SEAL, AT + DAY, LEAK)))
    assert check_revocation(PATH, lists, AT).status is RevocationStatus.REVOKED
    assert check_revocation(PATH, lists[1:], AT).status is RevocationStatus.COMPROMISED_LATER
    assert check_revocation(PATH, (crl(ISSUING),), AT).status is RevocationStatus.UNKNOWN


@pytest.mark.parametrize("made", [AT - 4 * DAY, AT, AT + 100 * DAY])
def test_a_list_current_then_or_made_later_speaks_of_that_time(made) -> None:
    assert status(crl(ISSUING, made=made)) is RevocationStatus.GOOD


@pytest.mark.parametrize("made", [AT - 5 * DAY, AT - 100 * DAY])
def test_a_list_that_had_run_out_by_then_proves_nothing_by_silence(made) -> None:
    assert status(crl(ISSUING, made=made)) is RevocationStatus.UNKNOWN


def test_a_revocation_is_not_forgotten_when_a_newer_list_drops_it() -> None:
    """An authority may drop certificates that have run out (RFC 5280, 3.3)."""
    named = crl(ISSUING, entry(SEAL, AT - 20 * DAY), made=AT - 10 * DAY)
    assert status(named, crl(ISSUING)) is RevocationStatus.REVOKED


STRANGER = issue("issuing", ROOT, AUTHORITY)
POINT = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)


@pytest.mark.parametrize(
    "unusable",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"rubbish", id="rubbish"),
        pytest.param(crl(STRANGER), id="of_the_same_name_and_another_key"),
        pytest.param(crl(STRANGER, entry(SEAL, AT - DAY)), id="revoking_by_another_key"),
        pytest.param(crl(ROOT, entry(SEAL, AT - DAY)), id="of_another_authority"),
        pytest.param(crl_over_sha1(ISSUING), id="over_sha1"),
        pytest.param(crl(ISSUING, extensions=((POINT, True),)), id="of_some_certificates"),
        pytest.param(crl(ISSUING, extensions=((x509.DeltaCRLIndicator(1), True),)), id="delta"),
        pytest.param(crl(ISSUING, extensions=((x509.DeltaCRLIndicator(1), False),)), id="delta_not_critical"),
        pytest.param(crl(ISSUING)[:-1] + bytes([crl(ISSUING)[-1] ^ 1]), id="spoilt"),
    ],
)
def test_a_list_that_cannot_be_relied_on_says_nothing(unusable) -> None:
    assert status(unusable) is RevocationStatus.UNKNOWN
    assert status(unusable, crl(ISSUING)) is RevocationStatus.GOOD


def test_an_authority_that_may_not_sign_lists_is_not_believed() -> None:
    issuing = issue("issuing", ROOT, Wish(authority=True, key_usage=("key_cert_sign",)))
    seal = issue("seal", issuing, Wish())
    path = (seal.certificate, issuing.certificate, ROOT.certificate)
    assert check_revocation(path, (crl(ROOT), crl(issuing)), AT).status is RevocationStatus.UNKNOWN


def test_of_a_certificate_with_nothing_above_it_nothing_is_known() -> None:
    assert check_revocation((ROOT.certificate,), (crl(ROOT),), AT).status is RevocationStatus.UNKNOWN
    assert check_revocation((), (), AT).status is RevocationStatus.UNKNOWN


def test_the_evidence_names_the_certificate_and_the_time() -> None:
    answer = check_revocation(PATH, (crl(ROOT), crl(ISSUING, entry(SEAL, AT - DAY))), AT)
    assert answer.evidence == f"{SEAL.certificate.serial_number:x} revoked {(AT - DAY).isoformat()}"
