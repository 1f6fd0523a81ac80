"""Whether a seal's CMS structure has the one form that a seal of ours has (RFC 5652; EN 319 122-1; EN 319 142-1).

Only the signed attributes are signed. Everything around them anybody can write otherwise in a file that still
computes: so it is read strictly, and what need not be there may not be there. A seal cannot carry what nobody sealed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from asn1crypto import cms, core
from cryptography import x509

from pki.trust import issued
from seals.cms_form import encoded_anew, signing_certificates
from seals.endorsement import ENDORSEMENT_OID
from seals.signature_stamp import SIGNATURE_TIME_STAMP_OID

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
    return _first_problem(_RULES_OF_A_SEAL, written, data)


def token_form_problem(written: bytes) -> str | None:
    """Say what around the signed part of a time stamp (DER, zeros behind it) is not as it should be, or None.

    Raises what its reader raises.
    """
    return _first_problem(_RULES_OF_A_TOKEN, written, cms.ContentInfo.load(written)["content"])


def in_one_case(hexadecimal: bytes) -> bool:
    """Whether all letters of a hexadecimal string are small, or all are capital, as every program writes them."""
    text = hexadecimal.decode("ascii")
    return not all(letters.search(text) for letters in _LETTERS)


def _has_no_more(data: cms.SignedData) -> bool:
    """Whether there is nothing that a seal does without, and the version is the one that belongs to it."""
    signer = data["signer_infos"][0]
    unsigned = {attribute["type"].dotted for attribute in signer["unsigned_attrs"] or ()}
    signed = {attribute["type"].dotted for attribute in signer["signed_attrs"]}
    return (
        (data["version"].native, signer["version"].native) == ("v1", "v1")
        and isinstance(data["crls"], core.Void)
        and unsigned <= {SIGNATURE_TIME_STAMP_OID}
        and signed <= _SIGNED
        and _is_one_chain(data)
    )


def _has_few_certificates(data: cms.SignedData) -> bool:
    """Whether there are certificates only, not many, and none twice; whether they belong together shows their path."""
    choices = [choice.dump() for choice in data["certificates"] if choice.name == "certificate"]
    return len(choices) == len(data["certificates"]) <= _MOST_CERTIFICATES and len(set(choices)) == len(choices)


def _is_one_chain(data: cms.SignedData) -> bool:
    """Whether each certificate but the seal's own made another one of them, and no two are of one name."""
    if not _has_few_certificates(data):
        return False
    (own,) = signing_certificates(data["signer_infos"][0]["sid"].chosen, data["certificates"])
    others = [choice.chosen.dump() for choice in data["certificates"] if choice.chosen is not own]
    certificates = [x509.load_der_x509_certificate(der) for der in (own.dump(), *others)]
    return len({certificate.subject for certificate in certificates}) == len(certificates) and all(
        any(issued(certificate, issuer) for certificate in certificates if certificate is not issuer)
        for issuer in certificates[1:]
    )


def _names_its_certificate(data: cms.SignedData) -> bool:
    return len(signing_certificates(data["signer_infos"][0]["sid"].chosen, data["certificates"])) == 1


def _names_one_digest(data: cms.SignedData) -> bool:
    signer = data["signer_infos"][0]
    named = [algorithm.dump() for algorithm in data["digest_algorithms"]]
    return named == [signer["digest_algorithm"].dump()]


def _names_one_digest_without_parameters(data: cms.SignedData) -> bool:
    """Whether a time stamp does; its authority may write NULL in one place and nothing in the other."""
    wanted = data["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    return [algorithm["algorithm"].native for algorithm in data["digest_algorithms"]] == [wanted] and all(
        isinstance(algorithm["parameters"], (core.Null, core.Void)) for algorithm in data["digest_algorithms"]
    )


def _is_of_the_version_of_tokens(data: cms.SignedData) -> bool:
    """RFC 5652, 5.1 and 5.3, for content that is no plain data."""
    signer = data["signer_infos"][0]
    by_key = signer["sid"].name == "subject_key_identifier"
    return (data["version"].native, signer["version"].native) == ("v3", "v3" if by_key else "v1")


def _token_has_no_more(data: cms.SignedData) -> bool:
    unsigned = data["signer_infos"][0]["unsigned_attrs"]
    return isinstance(data["crls"], core.Void) and len(unsigned or ()) == 0 and _has_few_certificates(data)


def _names_what_it_protects(data: cms.SignedData) -> bool:
    """Whether both algorithms stand there as in the signed attribute that is there for it (RFC 6211, 3)."""
    signer = data["signer_infos"][0]
    named = cms.CMSAlgorithmProtection(
        {name: signer[name] for name in ("digest_algorithm", "signature_algorithm")}
    ).dump()
    return all(
        value.dump() == named
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "cms_algorithm_protection"
        for value in attribute["values"]
    )


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


_Rule = tuple[Callable[[cms.SignedData], bool], str]

_RULES_OF_A_SEAL: tuple[_Rule, ...] = (
    (_names_its_certificate, "the signature does not name its certificate as the certificate does"),
    (_has_no_more, "the signature carries more than a seal does"),
    (_names_one_digest, "the signature names more than one digest"),
    (_names_what_it_protects, "the signature names other algorithms than its attributes do"),
    (_signed_as_named, "the attributes are not signed by the digest that the file is"),
)
_RULES_OF_A_TOKEN: tuple[_Rule, ...] = (
    (_names_its_certificate, "the time stamp does not name its certificate as the certificate does"),
    (_is_of_the_version_of_tokens, "the time stamp is of another version"),
    (_names_one_digest_without_parameters, "the time stamp names more than one digest, or one with parameters"),
    (_token_has_no_more, "the time stamp carries lists, attributes or certificates that nobody signed"),
)


def _first_problem(rules: tuple[_Rule, ...], written: bytes, data: cms.SignedData) -> str | None:
    problem = next((words for holds, words in rules if not holds(data)), None)
    if problem is None and not written.startswith(encoded_anew(data)):
        return "it is not written in DER, field by field"
    return problem
