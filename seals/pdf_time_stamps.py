"""The time stamps of a file as typed facts: inside signatures, and over the document (ISO 32000-2, 12.8.5)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from asn1crypto import cms
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from pki.errors import MalformedTimeStampError
from pki.timestamp_tokens import IMPRINT_BYTES, TimeStampToken, read_token
from seals.pdf_coverage import Coverage
from seals.pdf_signature_form import token_form_problem
from seals.signature_stamp import SIGNATURE_TIME_STAMP_OID

_MOST_IN_ONE_SIGNATURE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampFinding:
    """One time stamp; nothing here is trusted yet."""

    of_document: bool
    """Whether it is over the whole file as it was then, and not over the value of a signature."""
    token: TimeStampToken | None
    digest: bytes
    """What the token should be of, by its own algorithm."""
    covered_to: int
    """Offset of the first byte after what it covers; for one in a signature, after what that covers."""
    problem: str | None
    """Why it is no good whoever made it, or None."""


def read_document_stamp(embedded: EmbeddedPdfSignature, coverage: Coverage, padding_clean: bool) -> TimeStampFinding:
    """Read a document time stamp; raises as the reader of the file does."""
    token, problem = _token(embedded.pkcs7_content)
    digest = b""
    if token is not None and token.algorithm in IMPRINT_BYTES:
        digest = bytes(embedded.compute_digest(token.algorithm))
    hidden = None if padding_clean else "bytes after the time stamp in its own string"
    return TimeStampFinding(
        of_document=True,
        token=token,
        digest=digest,
        covered_to=coverage.covered_to,
        problem=problem or coverage.problem or hidden,
    )


def read_signature_stamps(signer_info: cms.SignerInfo, coverage: Coverage) -> tuple[TimeStampFinding, ...]:
    """Read the time stamps in a signature's unsigned attributes; raises as the reader of the signature does."""
    value = bytes(signer_info["signature"].native)
    tokens = [
        bytes(token.dump())
        for attribute in signer_info["unsigned_attrs"] or ()
        if attribute["type"].dotted == SIGNATURE_TIME_STAMP_OID
        for token in attribute["values"]
    ]
    if len(tokens) > _MOST_IN_ONE_SIGNATURE:
        raise ValueError("the signature carries more time stamps than are read")
    return tuple(_signature_stamp(token, value, coverage) for token in tokens)


def _signature_stamp(der: bytes, value: bytes, coverage: Coverage) -> TimeStampFinding:
    token, problem = _token(der)
    known = token is not None and token.algorithm in IMPRINT_BYTES
    digest = hashlib.new(token.algorithm, value).digest() if token is not None and known else b""
    return TimeStampFinding(
        of_document=False, token=token, digest=digest, covered_to=coverage.covered_to, problem=problem
    )


def _token(der: bytes) -> tuple[TimeStampToken | None, str | None]:
    try:
        token = read_token(der)
    except MalformedTimeStampError as problem:
        return None, str(problem)
    return token, token.problem or token_form_problem(der)
