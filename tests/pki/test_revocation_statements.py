"""OCSP answers asked about a time: which can be relied on, and what they say beside lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from pki.profiles import OCSP_SIGNING
from pki.revocation import RevocationStatus, check_revocation
from tests.pki.forged_answers import ocsp_answer
from tests.pki.forged_certificates import AT, AUTHORITY, DAY, Holder, Wish, crl, entry, issue

SECOND = timedelta(seconds=1)
ROOT = issue("root", None, AUTHORITY)
ISSUING = issue("issuing", ROOT, AUTHORITY)
SEAL = issue("seal", ISSUING, Wish())
OTHER = issue("seal", ISSUING, Wish())
PATH = (SEAL.certificate, ISSUING.certificate, ROOT.certificate)
LEAK = x509.ReasonFlags.key_compromise
USAGE = (x509.ExtendedKeyUsage([x509.ObjectIdentifier(OCSP_SIGNING)]), False)
NO_CHECK = (x509.OCSPNoCheck(), False)
DELEGATED = Wish(key_usage=("digital_signature",), extensions=(USAGE, NO_CHECK))
RESPONDER = issue("responder", ISSUING, DELEGATED)


def said(
    responder: Holder,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    since: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    made: datetime = AT + DAY,
    about: Holder = SEAL,
    until: datetime | None = None,
    signed_over: str = "sha256",
) -> bytes:
    """An answer of a responder about a certificate of ISSUING; DER."""
    return ocsp_answer(
        responder,
        about.certificate,
        ISSUING.certificate,
        status=_status(status, since, reason),
        period=(made, until or made + DAY),
        carried=[] if responder is ISSUING else [responder.der],
        signed_over=signed_over,
    )


def _status(status: ocsp.OCSPCertStatus, since: datetime | None, reason: x509.ReasonFlags | None) -> tuple[str, object]:
    if status is not ocsp.OCSPCertStatus.REVOKED:
        return status.name.lower(), None
    return "revoked", {"revocation_time": since, **({"revocation_reason": reason.name} if reason else {})}


def status(*answers: bytes, lists: tuple[bytes, ...] = (), at: datetime = AT) -> RevocationStatus:
    """Ask about the seal; of the authority above it there is a clean list."""
    return check_revocation(PATH, (crl(ROOT), *lists), at, answers).status


def revoked(since: datetime, reason: x509.ReasonFlags | None = None) -> bytes:
    return said(RESPONDER, ocsp.OCSPCertStatus.REVOKED, since=since, reason=reason)


@pytest.mark.parametrize("responder", [ISSUING, RESPONDER])
def test_the_authority_or_whom_it_delegated_is_believed(responder) -> None:
    assert status(said(responder)) is RevocationStatus.GOOD


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (revoked(AT - DAY), RevocationStatus.REVOKED),
        (revoked(AT), RevocationStatus.REVOKED),
        (revoked(AT + SECOND), RevocationStatus.GOOD),
        (revoked(AT + SECOND, LEAK), RevocationStatus.COMPROMISED_LATER),
        (revoked(AT - DAY, LEAK), RevocationStatus.REVOKED),
        (said(RESPONDER, ocsp.OCSPCertStatus.UNKNOWN), RevocationStatus.UNKNOWN),
        (said(RESPONDER, about=OTHER), RevocationStatus.UNKNOWN),
    ],
)
def test_an_answer_means_what_a_list_means(answer, expected) -> None:
    assert status(answer) is expected


@pytest.mark.parametrize("made", [AT - DAY + SECOND, AT, AT + DAY])
def test_an_answer_current_then_or_made_later_speaks_of_that_time(made) -> None:
    assert status(said(RESPONDER, made=made)) is RevocationStatus.GOOD


def test_an_answer_that_had_run_out_by_then_proves_nothing() -> None:
    assert status(said(RESPONDER, made=AT - 2 * DAY, until=AT)) is RevocationStatus.UNKNOWN


def test_what_one_source_revokes_the_other_does_not_heal() -> None:
    named = crl(ISSUING, entry(SEAL, AT - DAY))
    assert status(said(RESPONDER), lists=(named,)) is RevocationStatus.REVOKED
    assert status(revoked(AT - DAY), lists=(crl(ISSUING),)) is RevocationStatus.REVOKED


STRANGER = issue("issuing", ROOT, AUTHORITY)
GOOD = said(RESPONDER)


@pytest.mark.parametrize(
    "unusable",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"rubbish", id="rubbish"),
        pytest.param(GOOD[:-1] + bytes([GOOD[-1] ^ 1]), id="spoilt"),
        pytest.param(said(RESPONDER, signed_over="sha1"), id="over_sha1"),
        pytest.param(said(STRANGER), id="by_an_authority_of_the_same_name_and_another_key"),
        pytest.param(said(issue("responder", STRANGER, DELEGATED)), id="delegated_by_another_key"),
        pytest.param(said(SEAL), id="by_the_seal_itself"),
        pytest.param(said(issue("r", ISSUING, replace(DELEGATED, extensions=(NO_CHECK,)))), id="without_the_purpose"),
        pytest.param(said(issue("r", ISSUING, replace(DELEGATED, extensions=(USAGE,)))), id="that_may_be_revoked"),
        pytest.param(said(issue("r", ISSUING, replace(DELEGATED, key_usage=("key_agreement",)))), id="not_signing"),
        pytest.param(said(issue("r", ISSUING, replace(DELEGATED, last=AT))), id="that_had_run_out"),
        pytest.param(
            ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
            id="no_answer",
        ),
    ],
)
def test_an_answer_that_cannot_be_relied_on_says_nothing(unusable) -> None:
    assert status(unusable) is RevocationStatus.UNKNOWN
    assert status(unusable, GOOD) is RevocationStatus.GOOD
