"""A CMS structure, encoded anew from what its fields hold (RFC 5652; X.690, DER).

A reader takes what it knows from a structure and passes over the rest: longer lengths, elements behind the last one,
zeros that an outer length swallowed. None of it is signed. What is encoded anew has none of it, so a structure that
anybody wrote otherwise differs from it.
"""

from __future__ import annotations

from typing import Any

from asn1crypto import algos, cms, core, x509

from pki.der import OCTET_STRING, SEQUENCE, SET, TAGGED_0, TAGGED_1, element
from pki.timestamp_tokens import is_named

_KEY_IDENTIFIER = b"\x80"


def encoded_anew(data: cms.SignedData) -> bytes:
    """Encode a structure of one signer: with certificates, without lists.

    The signed attributes stay as they are, and so does each certificate and each value of an attribute that is not
    signed: they have a check of their own. Raises what its reader raises.
    """
    (signer,) = data["signer_infos"]
    return element(
        SEQUENCE,
        cms.ContentType("signed_data").dump(),
        element(
            TAGGED_0,
            element(
                SEQUENCE,
                cms.CMSVersion(data["version"].native).dump(),
                element(SET, *(_algorithm(algorithm) for algorithm in data["digest_algorithms"])),
                _content(data["encap_content_info"]),
                element(TAGGED_0, *(bytes(choice.dump()) for choice in data["certificates"])),
                element(SET, _signer(signer, data["certificates"])),
            ),
        ),
    )


def signing_certificates(named: core.Asn1Value, certificates: cms.CertificateSet) -> list[x509.Certificate]:
    """Return those certificates that a signer's identifier names."""
    found = [choice.chosen for choice in certificates if choice.name == "certificate"]
    return [one for one in found if is_named(one, named)]


def _signer(signer: cms.SignerInfo, certificates: cms.CertificateSet) -> bytes:
    return element(
        SEQUENCE,
        cms.CMSVersion(signer["version"].native).dump(),
        _identity(signer["sid"].chosen, certificates),
        _algorithm(signer["digest_algorithm"]),
        element(TAGGED_0, signer["signed_attrs"].contents or b""),
        _algorithm(signer["signature_algorithm"]),
        element(OCTET_STRING, signer["signature"].native),
        _unsigned(signer["unsigned_attrs"]),
    )


def _identity(named: core.Asn1Value, certificates: cms.CertificateSet) -> bytes:
    (certificate,) = signing_certificates(named, certificates)
    if isinstance(named, cms.IssuerAndSerialNumber):
        return _issuer_and_number(certificate)
    return element(_KEY_IDENTIFIER, certificate.key_identifier)


def _issuer_and_number(certificate: x509.Certificate) -> bytes:
    number = core.Integer(certificate.serial_number).dump()
    return element(SEQUENCE, bytes(certificate.issuer.dump()), number)


def _algorithm(algorithm: algos.DigestAlgorithm | algos.SignedDigestAlgorithm) -> bytes:
    """Without parameters or with NULL, as it is there; ECDSA without (RFC 5758, 3.2), RSASSA-PSS with its own."""
    parameters = algorithm["parameters"]
    name = core.ObjectIdentifier(algorithm["algorithm"].dotted).dump()
    if isinstance(parameters, algos.RSASSAPSSParams):
        return element(SEQUENCE, name, _pss(parameters.native))
    bare = isinstance(parameters, core.Void) or algorithm["algorithm"].native.endswith("_ecdsa")
    return element(SEQUENCE, name, b"" if bare else core.Null().dump())


def _pss(said: dict[str, Any]) -> bytes:
    """Encode parameters of RSASSA-PSS with one digest throughout (RFC 4055, 3.1), from their values alone."""
    digest = {"algorithm": said["hash_algorithm"]["algorithm"]}
    mask = {"algorithm": "mgf1", "parameters": digest}
    fields = {"hash_algorithm": digest, "mask_gen_algorithm": mask, "salt_length": int(said["salt_length"])}
    return bytes(algos.RSASSAPSSParams(fields).dump())


def _content(content: cms.EncapsulatedContentInfo) -> bytes:
    kind = cms.ContentType(content["content_type"].native).dump()
    if isinstance(content["content"], core.Void):
        return element(SEQUENCE, kind)
    return element(SEQUENCE, kind, element(TAGGED_0, element(OCTET_STRING, bytes(content["content"]))))


def _unsigned(attributes: cms.CMSAttributes) -> bytes:
    if isinstance(attributes, core.Void):
        return b""
    return element(TAGGED_1, *(_attribute(attribute) for attribute in attributes))


def _attribute(attribute: cms.CMSAttribute) -> bytes:
    kind = core.ObjectIdentifier(attribute["type"].dotted).dump()
    return element(SEQUENCE, kind, element(SET, *(bytes(value.dump()) for value in attribute["values"])))
