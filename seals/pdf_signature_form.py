"""Whether a seal's CMS structure has the one form that a seal of ours has (RFC 5652; EN 319 122-1; EN 319 142-1).

Only the signed attributes are signed. Everything around them anybody can write otherwise in a file that still
computes: so it is read strictly, and what need not be there may not be there. A seal cannot carry what nobody sealed.
"""

from __future__ import annotations

import re

from asn1crypto import cms, core, parser

from seals.endorsement import ENDORSEMENT_OID
from seals.signature_stamp import SIGNATURE_TIME_STAMP_OID

_DEEPEST = 32
_CONSTRUCTED = 1
_MOST_CERTIFICATES = 8
_SIGNED = {
    "1.2.840.113549.1.9.3",  # content type (RFC 5652, 11.1)
    "1.2.840.113549.1.9.4",  # message digest (RFC 5652, 11.2)
    "1.2.840.113549.1.9.5",  # signing time (RFC 5652, 11.3)
    "1.2.840.113549.1.9.52",  # algorithm protection (RFC 6211)
    "1.2.840.113549.1.9.16.2.12",  # signing certificate (RFC 2634)
    "1.2.840.113549.1.9.16.2.47",  # signing certificate, version 2 (RFC 5035)
    ENDORSEMENT_OID,
}
_LETTERS = re.compile(r"[a-f]"), re.compile(r"[A-F]")


def signature_form_problem(written: bytes, data: cms.SignedData) -> str | None:
    """Say what in a seal's CMS structure is not as it should be, or None.

    Args:
        written: the signature's own string, DER and the zeros that fill it up.
        data: the same, read.
    """
    reasons = (
        (not is_der(written), "the signature is not written in DER"),
        (_has_more(data), "the signature carries more than a seal does"),
        (not _names_one_digest(data), "the signature names more than one digest"),
        (not _signed_as_named(data), "the attributes are not signed by the digest that the file is"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def token_form_problem(written: bytes) -> str | None:
    """Say what around the signed part of a time stamp (DER, zeros behind it) is not as it should be, or None.

    Raises what its reader raises.
    """
    data = cms.ContentInfo.load(written)["content"]
    signer = data["signer_infos"][0]
    named = {algorithm["algorithm"].native for algorithm in data["digest_algorithms"]}
    parameters = {type(algorithm["parameters"]) for algorithm in data["digest_algorithms"]}
    by_key = signer["sid"].name == "subject_key_identifier"
    reasons = (
        (not is_der(written), "the time stamp is not written in DER"),
        (data["version"].native != "v3", "the time stamp is of another version"),
        (signer["version"].native != ("v3" if by_key else "v1"), "the time stamp is of another version"),
        (named != {signer["digest_algorithm"]["algorithm"].native}, "the time stamp names more than one digest"),
        (not parameters <= {core.Null, core.Void}, "the time stamp names a digest with parameters"),
        (not isinstance(data["crls"], core.Void), "the time stamp carries lists that nobody signed"),
        (len(signer["unsigned_attrs"] or ()) > 0, "the time stamp carries attributes that nobody signed"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def in_one_case(hexadecimal: bytes) -> bool:
    """Whether all letters of a hexadecimal string are small, or all are capital, as every program writes them."""
    text = hexadecimal.decode("ascii")
    return not all(letters.search(text) for letters in _LETTERS)


def is_der(written: bytes) -> bool:
    """Whether all lengths are definite and as short as can be (X.690, 10.1), zeros behind the structure aside."""
    try:
        return _is_der(written, 0, alone=False)
    except ValueError:
        return False


def _is_der(written: bytes, depth: int, *, alone: bool = True) -> bool:
    """Read one value after the other; `alone` says that nothing may follow the last."""
    place = 0
    while place < len(written):
        _, method, _, header, content, trailer = parser.parse(written[place:], strict=False)
        if trailer or depth > _DEEPEST or len(header) + len(content) != len(parser.emit(0, 0, 0, content)):
            return False
        if method == _CONSTRUCTED and not _is_der(content, depth + 1):
            return False
        place += len(header) + len(content)
        if not alone:
            return True
    return True


def _has_more(data: cms.SignedData) -> bool:
    """Whether there is anything that a seal does without, or another version than belongs to it."""
    signer = data["signer_infos"][0]
    unsigned = {attribute["type"].dotted for attribute in signer["unsigned_attrs"] or ()}
    signed = {attribute["type"].dotted for attribute in signer["signed_attrs"]}
    return (
        (data["version"].native, signer["version"].native) != ("v1", "v1")
        or not isinstance(data["crls"], core.Void)
        or not unsigned <= {SIGNATURE_TIME_STAMP_OID}
        or not signed <= _SIGNED
        or not _is_one_chain(data)
    )


def _is_one_chain(data: cms.SignedData) -> bool:
    """Whether each certificate but the seal's own is that of an issuer of another one, and none is there twice."""
    if len(data["certificates"]) > _MOST_CERTIFICATES:
        return False
    if any(choice.name != "certificate" for choice in data["certificates"]):
        return False
    subjects = [choice.chosen.subject.dump() for choice in data["certificates"]]
    issuers = {choice.chosen.issuer.dump() for choice in data["certificates"]}
    return len(set(subjects)) == len(subjects) and sum(subject not in issuers for subject in subjects) <= 1


def _names_one_digest(data: cms.SignedData) -> bool:
    signer = data["signer_infos"][0]
    named = [algorithm.dump() for algorithm in data["digest_algorithms"]]
    return named == [signer["digest_algorithm"].dump()]


def _signed_as_named(data: cms.SignedData) -> bool:
    """Whether the signature is over the same digest; RSA may leave it to the other field to name it (RFC 3370, 3.2)."""
    signer = data["signer_infos"][0]
    algorithm = signer["signature_algorithm"]
    if algorithm["algorithm"].native == "rsassa_pkcs1v15":
        return True
    try:
        return bool(algorithm.hash_algo == signer["digest_algorithm"]["algorithm"].native)
    except ValueError:
        return False
