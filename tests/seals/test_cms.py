import hashlib

import pytest
from asn1crypto import cms, core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from seals.cms import SignatureTemplate
from seals.endorsement import ENDORSEMENT_OID
from seals.kinds import SealKind

DIGEST = hashlib.sha256("证明".encode()).digest()


@pytest.fixture(scope="module")
def key(seal_office):
    return seal_office.keys.open(seal_office.record(SealKind.INFORMATION_SHARING).key_label)


@pytest.fixture(scope="module")
def signed(key) -> cms.SignedData:
    return cms.ContentInfo.load(SignatureTemplate(key).sign(DIGEST, b"{}"), strict=True)["content"]


def _attributes(signed: cms.SignedData) -> dict[str, core.Asn1Value]:
    return {a["type"].dotted: a["values"][0] for a in signed["signer_infos"][0]["signed_attrs"]}


def test_what_was_put_together_is_what_a_der_encoder_makes_of_it(signed) -> None:
    before = signed.dump()
    assert signed.dump(force=True) == before


def test_the_signature_is_over_the_signed_attributes(key, signed) -> None:
    signer = signed["signer_infos"][0]
    content = signer["signed_attrs"].untag().dump()
    key.public_key.verify(signer["signature"].native, content, ec.ECDSA(hashes.SHA256()))


@pytest.mark.requirement("R14.2")
def test_endorsement_and_digest_are_signed_attributes(signed) -> None:
    found = _attributes(signed)
    assert core.OctetString.load(found[ENDORSEMENT_OID].dump()).native == b"{}"
    assert found["1.2.840.113549.1.9.4"].native == DIGEST


def test_the_time_of_signing_is_not_among_them(signed) -> None:
    assert "1.2.840.113549.1.9.5" not in _attributes(signed)


def test_the_signing_certificate_is_named_by_its_digest(key, signed) -> None:
    named = _attributes(signed)["1.2.840.113549.1.9.16.2.47"]["certs"][0]["cert_hash"].native
    assert named == key.certificate.fingerprint(hashes.SHA256())


def test_seal_and_issuing_authority_travel_with_it_but_not_the_root(key, signed, seal_office) -> None:
    travelling = {certificate.chosen.serial_number for certificate in signed["certificates"]}
    assert travelling == {key.certificate.serial_number, seal_office.authority.issuing.certificate.serial_number}


@pytest.mark.parametrize("size", [2, 100, 127, 128, 255, 256, 5000, 8192])
def test_the_space_reserved_is_enough_for_any_endorsement(key, size) -> None:
    template, endorsement = SignatureTemplate(key), b"x" * size
    lengths = {len(template.sign(DIGEST, endorsement)) for _ in range(20)}
    assert max(lengths) <= template.longest(endorsement) <= min(lengths) + 16
