"""Signatures that were taken apart and put together again: what is signed stays, what a lenient reader skips does not.

Made with the city's own key where it takes one: a check must not lean on the signer's good will.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.vectors.authority import Holder
from tests.vectors.proofs import Materials
from tests.vectors.vector import Vector

Rework = Callable[[cms.SignedData, Holder], None]
_GARBAGE_OID = "1.3.6.1.4.1.99999.1"


def _reworked(change: Callable[[cms.SignedData, Materials], None]) -> Callable[[Materials], bytes]:
    """The small sealed file, its signature changed by one who has the key."""

    def make(materials: Materials) -> bytes:
        def rework(der: bytes) -> bytes:
            info = cms.ContentInfo.load(der)
            change(info["content"], materials)
            return bytes(info.dump(force=True))

        return materials.sealed_by(materials.city.sharing, rework=rework)

    return make


def _encoded(change: Callable[[bytes], bytes]) -> Callable[[Materials], bytes]:
    """The small sealed file, its signature written otherwise by anybody."""
    return lambda materials: materials.sealed_by(materials.city.sharing, rework=change)


def _signer(data: cms.SignedData) -> cms.SignerInfo:
    return data["signer_infos"][0]


def _sign(data: cms.SignedData, holder: Holder, digest: hashes.HashAlgorithm | None = None) -> None:
    """Sign the signed attributes as they are now."""
    signer = _signer(data)
    attributes = cms.CMSAttributes(list(signer["signed_attrs"]))
    signer["signed_attrs"] = attributes
    assert isinstance(holder.key, ec.EllipticCurvePrivateKey)
    signer["signature"] = holder.key.sign(attributes.untag().dump(force=True), ec.ECDSA(digest or hashes.SHA256()))


def _attributes(change: Callable[[list[cms.CMSAttribute]], list[cms.CMSAttribute]]) -> Callable[[Materials], bytes]:
    """Other signed attributes, signed."""

    def rework(data: cms.SignedData, materials: Materials) -> None:
        signer = _signer(data)
        signer["signed_attrs"] = cms.CMSAttributes(change(list(signer["signed_attrs"])))
        _sign(data, materials.city.sharing)

    return _reworked(rework)


def _without(name: str) -> Callable[[Materials], bytes]:
    return _attributes(lambda found: [attribute for attribute in found if attribute["type"].native != name])


def _twice(name: str) -> Callable[[Materials], bytes]:
    return _attributes(lambda found: [*found, *(one for one in found if one["type"].native == name)])


def _with(name: str, value: object) -> Callable[[Materials], bytes]:
    def change(found: list[cms.CMSAttribute]) -> list[cms.CMSAttribute]:
        kept = [attribute for attribute in found if attribute["type"].native != name]
        return [*kept, cms.CMSAttribute({"type": name, "values": [value]})]

    return _attributes(change)


def _certificate_of_another(data: cms.SignedData, materials: Materials) -> None:
    """The signed attributes name the certificate of the other seal."""
    der = materials.city.verification.der
    hashed = hashes.Hash(hashes.SHA256())
    hashed.update(der)
    named = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashed.finalize()}]})
    signer = _signer(data)
    kept = [one for one in signer["signed_attrs"] if one["type"].native != "signing_certificate_v2"]
    added = cms.CMSAttribute({"type": "signing_certificate_v2", "values": [named]})
    signer["signed_attrs"] = cms.CMSAttributes([*kept, added])
    _sign(data, materials.city.sharing)


def _second_signer(data: cms.SignedData, materials: Materials) -> None:
    """A stranger signs beside the seal."""
    data["signer_infos"] = cms.SignerInfos([_signer(data), _signer(data).copy()])


def _no_signer(data: cms.SignedData, materials: Materials) -> None:
    data["signer_infos"] = cms.SignerInfos([])


def _no_attributes(data: cms.SignedData, materials: Materials) -> None:
    """The signature is said to be of the file itself."""
    signer = _signer(data)
    kept = {name: signer[name] for name in ("version", "sid", "digest_algorithm", "signature_algorithm", "signature")}
    data["signer_infos"] = cms.SignerInfos([cms.SignerInfo(kept)])


def _digest_named(name: str) -> Callable[[cms.SignedData, Materials], None]:
    def rework(data: cms.SignedData, materials: Materials) -> None:
        _signer(data)["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": name})
        data["digest_algorithms"] = cms.DigestAlgorithms([algos.DigestAlgorithm({"algorithm": name})])

    return rework


def _signature_named(name: str) -> Callable[[cms.SignedData, Materials], None]:
    def rework(data: cms.SignedData, materials: Materials) -> None:
        _signer(data)["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": name})

    return rework


def _weakly_signed(data: cms.SignedData, materials: Materials) -> None:
    """SHA-256 of the file, SHA-1 of the attributes, properly signed."""
    _signer(data)["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha1_ecdsa"})
    _sign(data, materials.city.sharing, hashes.SHA1())


def _content_inside(data: cms.SignedData, materials: Materials) -> None:
    data["encap_content_info"] = {"content_type": "data", "content": b"another document"}


def _garbage_unsigned(data: cms.SignedData, materials: Materials) -> None:
    value = core.OctetString(b"and of ownership")
    attribute = cms.CMSAttribute({"type": _GARBAGE_OID, "values": [value]})
    _signer(data)["unsigned_attrs"] = cms.CMSAttributes([attribute])


def _endorsed_unsigned(data: cms.SignedData, materials: Materials) -> None:
    """The endorsement is moved to where nobody signs it."""
    signer = _signer(data)
    moved = [one for one in signer["signed_attrs"] if one["type"].dotted.startswith("2.25.")]
    signer["signed_attrs"] = cms.CMSAttributes([one for one in signer["signed_attrs"] if one not in moved])
    _sign(data, materials.city.sharing)
    signer["unsigned_attrs"] = cms.CMSAttributes(moved)


def _stranger_certificate(data: cms.SignedData, materials: Materials) -> None:
    added = cms.CertificateChoices.load(materials.strangers.sharing.der)
    data["certificates"] = cms.CertificateSet([*data["certificates"], added])


def _root_of_the_same_name(data: cms.SignedData, materials: Materials) -> None:
    """A certificate that anybody made, named like the root: by its name it is an issuer of the chain."""
    added = cms.CertificateChoices.load(materials.strangers.root.der)
    data["certificates"] = cms.CertificateSet([*data["certificates"], added])


def _clone_of_the_issuer(data: cms.SignedData, materials: Materials) -> None:
    """The issuer's certificate with other words in it, in its own place; its signature does not compute."""
    _put_clone(data, materials.city.issuing.der, beside=False)


def _clone_of_the_root(data: cms.SignedData, materials: Materials) -> None:
    """The root's certificate with words for its signature, beside the others."""
    _put_clone(data, materials.city.root.der, beside=True)


def _put_clone(data: cms.SignedData, der: bytes, *, beside: bool) -> None:
    clone = x509.Certificate.load(der).copy()
    clone["signature_value"] = core.OctetBitString(b"and of ownership of the house")
    kept = [choice for choice in data["certificates"] if beside or choice.chosen.subject != clone.subject]
    data["certificates"] = cms.CertificateSet([*kept, cms.CertificateChoices.load(clone.dump(force=True))])


def _lists_inside(data: cms.SignedData, materials: Materials) -> None:
    other = cms.OtherRevocationInfoFormat(
        {"other_rev_info_format": _GARBAGE_OID, "other_rev_info": core.OctetString(b"and of ownership")}
    )
    data["crls"] = cms.RevocationInfoChoices([cms.RevocationInfoChoice("other", other)])


def _signed_by_the_stranger(data: cms.SignedData, materials: Materials) -> None:
    """The seal's certificate, another's signature."""
    _sign(data, materials.strangers.sharing)


def _indefinite(der: bytes) -> bytes:
    """BER with an indefinite length outside."""
    content = cms.ContentInfo.load(der).contents
    return b"\x30\x80" + bytes(content) + b"\x00\x00"


def _long_length(der: bytes) -> bytes:
    """BER with a length of more bytes than it takes."""
    content = bytes(cms.ContentInfo.load(der).contents)
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content


def _issuer_in_another_case(der: bytes) -> bytes:
    """The name by which the signer is found: no case tells names apart (RFC 5280, 7.1), and nobody signs this one."""
    named = bytes(_signer(cms.ContentInfo.load(der)["content"])["sid"].dump())
    return der.replace(named, named.replace(b"NTRCN-", b"NtRCN-"))


def _rewritten(old: bytes, new: bytes, same: bool = True) -> Callable[[Materials], bytes]:
    """The signature dictionary written otherwise by one who has the key, before it is signed."""

    def edit(pdf: bytes) -> bytes:
        assert re.search(old, pdf)
        head, tail = pdf[: pdf.rindex(b"/ByteRange")], pdf[pdf.rindex(b"/ByteRange") :]
        found = re.search(old, tail)
        assert found is not None
        changed = re.sub(old, new.ljust(len(found[0])) if same else new, tail, count=1)
        return head + changed

    return lambda materials: edit(materials.sealed_by(materials.city.sharing))


_RANGE = rb"/ByteRange \[[^\]]*\] {0,60}"


def _range(text: bytes) -> Callable[[Materials], bytes]:
    return _rewritten(_RANGE, b"/ByteRange " + text)


def _contents(new: bytes) -> Callable[[Materials], bytes]:
    """Another /Contents of the same length in the file."""

    def make(materials: Materials) -> bytes:
        pdf = materials.sealed_by(materials.city.sharing)
        found = re.search(rb"/Contents <[0-9a-f]{100,}>", pdf)
        assert found is not None
        return pdf[: found.start()] + new.ljust(len(found[0])) + pdf[found.end() :]

    return make


def _mixed_case(materials: Materials) -> bytes:
    """The same signature in other letters: it says the same and is another file."""
    pdf = materials.sealed_by(materials.city.sharing)
    place = re.search(rb"/Contents <[0-9]*[a-f]", pdf)
    assert place is not None
    end = place.end()
    return pdf[: end - 1] + pdf[end - 1 : end].upper() + pdf[end:]


_CMS: dict[str, tuple[Callable[[Materials], bytes], str]] = {
    "cms_with_a_second_signer": (_reworked(_second_signer), "one_seal"),
    "cms_without_a_signer": (_reworked(_no_signer), "one_seal"),
    "cms_without_attributes": (_reworked(_no_attributes), "intact"),
    "cms_signed_by_another": (_reworked(_signed_by_the_stranger), "signature_valid"),
    "cms_without_the_digest": (_without("message_digest"), "signature_valid"),
    "cms_with_two_digests": (_twice("message_digest"), "signature_valid"),
    "cms_with_another_digest": (_with("message_digest", core.OctetString(bytes(32))), "intact"),
    "cms_without_the_type_of_content": (_without("content_type"), "signature_valid"),
    "cms_with_another_type_of_content": (_with("content_type", cms.ContentType("signed_data")), "signature_valid"),
    "cms_without_the_certificate_named": (_without("signing_certificate_v2"), "signature_valid"),
    "cms_with_another_certificate_named": (_reworked(_certificate_of_another), "one_seal"),
    "cms_with_two_certificates_named": (_twice("signing_certificate_v2"), "one_seal"),
    "cms_that_names_md5": (_reworked(_digest_named("md5")), "signature_valid"),
    "cms_that_names_sha1": (_reworked(_digest_named("sha1")), "signature_valid"),
    "cms_that_names_sha512": (_reworked(_digest_named("sha512")), "intact"),
    "cms_that_names_rsa": (_reworked(_signature_named("sha256_rsa")), "one_seal"),
    "cms_that_names_pss": (_reworked(_signature_named("rsassa_pss")), "one_seal"),
    "cms_that_names_sha512_for_the_signature": (_reworked(_signature_named("sha512_ecdsa")), "signature_valid"),
    "cms_signed_over_sha1": (_reworked(_weakly_signed), "signature_valid"),
    "cms_with_content_of_its_own": (_reworked(_content_inside), "signature_valid"),
    "cms_with_garbage_unsigned": (_reworked(_garbage_unsigned), "signature_valid"),
    "cms_with_the_endorsement_unsigned": (_reworked(_endorsed_unsigned), "endorsement"),
    "cms_with_a_strangers_certificate": (_reworked(_stranger_certificate), "signature_valid"),
    "cms_with_a_strangers_root": (_reworked(_root_of_the_same_name), "signature_valid"),
    "cms_with_a_clone_of_its_issuer": (_reworked(_clone_of_the_issuer), "trusted"),
    "cms_with_a_clone_of_its_root": (_reworked(_clone_of_the_root), "trusted"),
    "cms_with_something_among_its_lists": (_reworked(_lists_inside), "signature_valid"),
    "cms_of_indefinite_length": (_encoded(_indefinite), "signature_valid"),
    "cms_of_a_long_length": (_encoded(_long_length), "signature_valid"),
    "cms_with_the_issuer_in_another_case": (_encoded(_issuer_in_another_case), "signature_valid"),
    "cms_in_mixed_letters": (_mixed_case, "whole_file"),
    "cms_of_nothing": (_encoded(lambda der: b"\x30\x00"), "one_seal"),
}
_UNIVERSAL: dict[str, tuple[Callable[[Materials], bytes], str]] = {
    "byte_range_missing": (_rewritten(b"/ByteRange", b"/BiteRange"), "one_seal"),
    "byte_range_null": (_range(b"null"), "one_seal"),
    "byte_range_empty": (_range(b"[]"), "whole_file"),
    "byte_range_negative": (_range(b"[0 -1 -1 0]"), "one_seal"),
    "byte_range_huge": (_range(b"[0 9999999999 99999999999 9999999]"), "whole_file"),
    "byte_range_of_six_numbers": (_range(b"[0 100 200 300 400 500]"), "whole_file"),
    "byte_range_of_words": (_range(b"[/a /b (c) null]"), "one_seal"),
    "byte_range_of_nothing": (_range(b"[0 0 0 0]"), "whole_file"),
    "byte_range_twice": (_range(b"[0 1 2 3] /ByteRange [0 9 9 9]"), "one_seal"),
    "contents_missing": (_contents(b"/Concepts <00>"), "one_seal"),
    "contents_null": (_contents(b"/Contents null"), "one_seal"),
    "contents_empty": (_contents(b"/Contents <>"), "one_seal"),
    "contents_zero": (_contents(b"/Contents <00>"), "one_seal"),
    "contents_elsewhere": (_contents(b"/Contents 1 0 R"), "one_seal"),
    "contents_in_round_brackets": (_contents(b"/Contents (0)"), "one_seal"),
}
FAULTS = tuple(Vector(name, make, because) for name, (make, because) in (_CMS | _UNIVERSAL).items())
