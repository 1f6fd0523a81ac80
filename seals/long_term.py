"""Raises a sealed proof to a higher PAdES level, and renews it before its last time stamp runs out.

    raised = await raise_level(pdf, SealLevel.B_LTA, means, at)
    due = stands_until(pdf, means.policy, at)
    renewed = await renew(raised, means, at)

Each adds one incremental update or two behind the sealed bytes; nothing of the proof is changed (EN 319 142-1, 5.4).
A proof is raised only while it is good, and what comes out has been verified with nothing but what it holds itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

from asn1crypto import cms, crl, ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from pki.revocation import RevocationStatus
from pki.timestamps import TimeStamper
from pki.trust import find_path
from seals.check_results import CheckResult, CheckStatus
from seals.checks import check_file
from seals.checks_context import CheckContext, context_of
from seals.errors import LongTermError, UnreadableDocumentError
from seals.findings import read_findings
from seals.levels import SealLevel, level_of
from seals.signature_field import PageWriter
from seals.verdict import VerdictOutcome, outcome_of, summarise
from seals.verification_policy import VerificationPolicy

LONGEST_TOKEN = 8192
"""Room for a document time stamp, in bytes of DER."""
# A widget without a place on the page needs no place in the structure (ISO 14289-1, 7.18.1), and may not be hidden
# (ISO 19005-3, 6.3.2): so it lies outside of the page.
_NOWHERE = InvisSigSettings(set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True)
_FIELD_PREFIX = "ProofTimeStamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermMeans:
    """What raising a level takes."""

    stamper: TimeStamper
    policy: VerificationPolicy
    """Whom to trust. Its intermediates, revocation lists and OCSP answers go into the proof: those of the authorities
    of the seal and of the time stamps, current at the moment."""


async def raise_level(pdf: bytes, level: SealLevel, means: LongTermMeans, at: datetime) -> bytes:
    """Raise a sealed proof to a level, as far as it is not there yet.

    Args:
        pdf: a proof that verifies good.
        level: what it shall reach.
        means: the time-stamp authority, and what goes into the proof.
        at: the time; aware.

    Returns:
        The proof with what was missing behind it; the same bytes when nothing was.

    Raises:
        LongTermError: the proof is not good, its certificate is no longer good, or the result would not verify.
        pki.errors.TimeStampUnavailableError: no time stamp can be had; the proof stays as it is, to be tried again.
    """
    context = _good(pdf, means.policy, at)
    present = level_of(context.findings)
    if present.reaches(level):
        return pdf
    _require_good_today(context, level)
    if level is SealLevel.B_T:
        return _verified(await _stamped(_Update(pdf, context), means), level, means, at)
    if level is SealLevel.B_LT:
        stamped = pdf if present.reaches(SealLevel.B_T) else await _stamped(_Update(pdf, context), means)
        return _verified(_stored(_Update(stamped, context), means), level, means, at)
    return await renew(pdf, means, at)


async def renew(pdf: bytes, means: LongTermMeans, at: datetime) -> bytes:
    """Add the validation data of today and a document time stamp over them, whatever the level was before.

    To be done before the last stamp's certificates run out (`stands_until`) or an algorithm grows weak; its result is
    of the level B-LTA. Arguments, result and errors are those of `raise_level`.
    """
    context = _good(pdf, means.policy, at)
    _require_good_today(context, SealLevel.B_LTA)
    update = _Update(pdf, context)
    _store(update, means)
    return _verified(await _stamped(update, means), SealLevel.B_LTA, means, at)


def stands_until(pdf: bytes, policy: VerificationPolicy, at: datetime) -> datetime | None:
    """Return until when a proof stands without being renewed: when the first certificate of the last stamp runs out.

    Of a proof without a time stamp, when the first certificate of its seal does; None when the file is not good.
    """
    try:
        context = _good(pdf, policy, at)
    except LongTermError:
        return None
    path = context.stamps[0].path if context.stamps else context.path.certificates
    return min((certificate.not_valid_after_utc for certificate in path), default=None)


class _Update:
    """One incremental update that is being written."""

    def __init__(self, pdf: bytes, context: CheckContext) -> None:
        self.writer = PageWriter(BytesIO(pdf))
        self.field_name = f"{_FIELD_PREFIX}{len(context.findings.document_stamps) + 1}"


def _good(pdf: bytes, policy: VerificationPolicy, at: datetime) -> CheckContext:
    """Read and judge a proof; raises LongTermError if it is not good."""
    try:
        context = context_of(read_findings(pdf, policy.limits), policy, at)
    except UnreadableDocumentError as problem:
        raise LongTermError(f"the file cannot be judged: {problem}") from problem
    _require_good(check_file(context))
    return context


def _require_good(results: tuple[CheckResult, ...]) -> None:
    outcome = outcome_of(results)
    if outcome is not VerdictOutcome.GOOD:
        raise LongTermError(summarise(outcome, results)[1])


def _require_good_today(context: CheckContext, level: SealLevel) -> None:
    """See that the first stamp comes in time: over a certificate that is no longer good it would prove the wrong thing.

    A proof that has no stamp is judged by the time that the seal says; one stamped after its certificate ran out or
    was revoked would be judged by the stamp, and be lost.
    """
    if level.reaches(SealLevel.B_LT) and not context.material.speaks_of_revocation:
        raise LongTermError("there are neither revocation lists nor OCSP answers to put into the proof")
    seal = context.seal
    if context.proven_at is not None or seal is None:
        return
    helpers = (*seal.signer.others, *context.material.certificates)
    path = find_path(seal.signer.certificate, helpers, context.material.roots, context.at)
    if path.problem is not None:
        raise LongTermError(f"the certificate of the seal is no longer good: {path.problem}")
    if not context.material.speaks_of_revocation:
        return
    found = context.material.revocation(path.certificates, context.at)
    if found.status is not RevocationStatus.GOOD:
        raise LongTermError(f"the certificate of the seal is not known to be good today: {found.evidence}")


def _store(update: _Update, means: LongTermMeans) -> None:
    """Put certificates and revocation data into the document security store."""
    policy = means.policy
    DocumentSecurityStore.supply_dss_in_writer(
        update.writer,
        None,
        certs=[asn1_x509.Certificate.load(der) for der in policy.intermediates],
        crls=[crl.CertificateList.load(der) for der in policy.crls],
        ocsps=[ocsp.OCSPResponse.load(der) for der in policy.ocsp_responses],
    )


def _stored(update: _Update, means: LongTermMeans) -> bytes:
    try:
        _store(update, means)
        output = BytesIO()
        update.writer.write(output)  # type: ignore[no-untyped-call]  # the library types it partly
    except (PdfError, ValueError, TypeError) as problem:
        raise LongTermError("the validation data cannot be put into the proof") from problem
    return output.getvalue()


async def _stamped(update: _Update, means: LongTermMeans) -> bytes:
    """Write the update with a time stamp over all of the document (EN 319 142-1, 5.4.3)."""
    spec = SigFieldSpec(update.field_name, invis_sig_settings=_NOWHERE, readable_field_name="时间戳 Time stamp")
    try:
        steps = PdfCMSEmbedder(spec).write_cms(update.field_name, update.writer)
        next(steps)
        placeholder = DocumentTimestamp(bytes_reserved=2 * LONGEST_TOKEN)  # type: ignore[no-untyped-call]  # likewise
        steps.send(SigObjSetup(sig_placeholder=placeholder))
        prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
        token = await means.stamper.stamp(prepared.document_digest)
        steps.send(cms.ContentInfo.load(token))
    except (PdfError, SigningError, ValueError, TypeError) as problem:
        raise LongTermError("the proof cannot take a time stamp") from problem
    stamped: bytes = output.getvalue()
    return stamped


def _verified(raised: bytes, level: SealLevel, means: LongTermMeans, at: datetime) -> bytes:
    """Return what was made after verifying it: from B-LT on with nothing but what it holds itself."""
    alone = level.reaches(SealLevel.B_LT)
    nothing = replace(means.policy, intermediates=(), crls=(), ocsp_responses=())
    context = _good(raised, nothing if alone else means.policy, at)
    results = {result.name: result for result in check_file(context)}
    asked = ("time_stamp", "not_revoked") if alone else ("time_stamp",)
    missing = next((name for name in asked if results[name].status is not CheckStatus.PASSED), None)
    if missing is not None or not level_of(context.findings).reaches(level):
        raise LongTermError(f"the proof would not be of the level {level}: {missing or 'something is missing'}")
    return raised
